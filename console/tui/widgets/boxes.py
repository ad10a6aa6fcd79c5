"""Boxes to tick, whose state is a character: it is read without colours, and read aloud."""

from __future__ import annotations

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.widgets import Checkbox, SelectionList

_TICK, _EMPTY = Checkbox.BUTTON_INNER, " "


class Box(Checkbox):
    """One box; empty where it is off. Textual draws its tick there too, in a colour that hides."""

    def render(self) -> Content:
        """Draw the box and its label."""
        drawn = super().render()
        if self.value:
            return drawn
        return Content(drawn.plain.replace(_TICK, _EMPTY, 1), list(drawn.spans))


class Boxes(SelectionList[str]):
    """A box for each of several things; empty where that one is not chosen."""

    def render_line(self, y: int) -> Strip:
        """Draw one line.

        Args:
            y: counted from the first one that is seen.
        """
        drawn, place = super().render_line(y), self.scroll_offset.y + y
        if place >= self.option_count or self.get_option_at_index(place).value in self.selected:
            return drawn
        left, tick, *rest = drawn
        return Strip([left, Segment(_EMPTY, tick.style), *rest])
