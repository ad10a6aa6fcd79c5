"""How is a long line shown whole in a narrow panel?"""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len, chop_cells

_LEAST = 10
"""Narrower than this, what is cut is no worse than what is wrapped."""


def wrapped(text: str, room: int, indent: int = 2) -> Iterator[str]:
    """Yield `text` in lines of at most `room` cells; from the second on they are indented.

    Args:
        text: one line.
        room: the panel's width; 0 while nobody knows it.
        indent: so many cells go before what is continued.
    """
    # Ten thousand lines come at once, and nearly all of them fit.
    if room < _LEAST + indent or (len(text) <= room and (text.isascii() or cell_len(text) <= room)):
        yield text
        return
    while cell_len(text) > room:
        fitting = text[:room] if text.isascii() else chop_cells(text, room)[0]
        space = fitting.rfind(" ")
        # A line is broken between words, unless that would waste half of it.
        place = space if space > room // 2 else len(fitting)
        yield text[:place]
        text = " " * indent + text[place:].lstrip(" ")
    yield text
