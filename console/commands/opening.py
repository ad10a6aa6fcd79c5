"""How is the screen opened from the command line, so that its first frame comes soon?

Only what is small is imported here: the rest is imported beside the child that reads the settings.
"""

from __future__ import annotations

from console.commands.asked import Asked
from console.commands.beforehand import Beforehand, known_of, wired


def open_screen(asked: Asked) -> int:
    """Open it, and return the exit code once it is left."""
    try:
        label = asked.label()
        beforehand = Beforehand(lambda: known_of(wired(asked, asked.config)))
        from console.commands.screen import on_screen

        return on_screen(asked.config, asked, label, beforehand)
    except Exception as error:  # noqa: BLE001 - told, and a bug among them logged
        from console.commands.endings import end_with

        return end_with(error)
