"""How is the screen opened from the command line, so that its first frame comes soon?

Only what is small is imported here: the rest is imported beside the child that reads the settings.
"""

from __future__ import annotations

import gc

from console.commands.asked import Asked
from console.commands.beforehand import Beforehand, read_beforehand


def open_screen(asked: Asked) -> int:
    """Open it, and return the exit code once it is left."""
    # Nothing that the first frame is made of is rubbish. Once it stands, `settle` collects again.
    gc.disable()
    try:
        label = asked.label()
        beforehand = Beforehand(lambda: read_beforehand(asked))
        from console.commands.screen import on_screen

        return on_screen(asked.config, asked, label, beforehand)
    except Exception as error:  # noqa: BLE001 - told, and a bug among them logged
        from console.commands.endings import end_with

        return end_with(error)
