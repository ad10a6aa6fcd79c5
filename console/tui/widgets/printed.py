"""What did an instance print on its console?"""

from __future__ import annotations

from collections.abc import Sequence

from textual.events import Resize
from textual.widgets import Log

from console.domain.foreign import shown_lines
from console.tui.palette import line
from console.tui.widgets.wrapped import wrapped


class Printed(Log):
    """The console of one instance, every line of it whole."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(id="console")
        self.border_title = "Console output"
        self._lines_shown: Sequence[str] = ()
        self._room = 0

    def show(self, instance: str, text: str) -> None:
        """Show what `instance` printed."""
        self.border_title = line(f"Console output of {instance}")
        self._lines_shown = shown_lines(text)
        self._write()

    def on_resize(self, event: Resize) -> None:
        """Wrap for the width that there is now."""
        room = self.scrollable_content_region.width
        if room not in (0, self._room):
            self._room = room
            self._write()

    def _write(self) -> None:
        self.clear()
        self.write_lines(part for text in self._lines_shown for part in wrapped(text, self._room))
