"""How does a terminal in the background call its operator?

By its bell, and by its title: the question, for as long as it waits, or where nothing happens. The
title that was there before is put aside at the start and put back at the end, see
`terminal.EnduringDriver`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from console.domain.foreign import shown

if TYPE_CHECKING:
    from console.domain.steps import Subject

# Taskbars and tabs show less than this.
_MOST_CELLS = 120

PUT_ASIDE = "\x1b[22;2t"
PUT_BACK = "\x1b[23;2t"
"""xterm's stack of titles; a terminal that has none ignores both.
https://invisible-island.net/xterm/ctlseqs/ctlseqs.html"""


def title(text: str) -> str:
    """Return the escape sequence that gives the window the title `text`, which is not obeyed."""
    return f"\x1b]2;{shown(text)[:_MOST_CELLS]}\x07"


class Attention:
    """Calls once for each new question, and takes the call back when it is answered."""

    def __init__(
        self, fleet: str, write: Callable[[str], None], ring: Callable[[], None], *, is_on: bool
    ) -> None:
        """Call nobody yet.

        Args:
            fleet: stands in the title.
            write: writes to the terminal.
            ring: rings its bell.
            is_on: whether to call at all.
        """
        self._fleet = fleet
        self._write = write
        self._ring = ring
        self._is_on = is_on
        self._asked: Subject | None = None
        self._still: frozenset[str] = frozenset()
        self._title = ""

    def note(self, asked: Subject | None, label: str, still: Collection[str] = ()) -> None:
        """Take what is asked of the operator now, and where nothing happens.

        Args:
            asked: the oldest question; None where nothing is asked.
            label: the release that it is about.
            still: the regions in which nothing happens; each rings once.
        """
        if not self._is_on:
            return
        if (asked is not None and asked != self._asked) or not self._still.issuperset(still):
            self._ring()
        self._asked, self._still = asked, frozenset(still)
        if asked is not None:
            self._entitle(f"? {self._fleet} {label}: {_what(asked)}")
        elif still:
            self._entitle(f"! {self._fleet}: nothing happens in {', '.join(still)}")
        else:
            self._entitle(f"release-console: {self._fleet}")

    def _entitle(self, text: str) -> None:
        if text != self._title:
            self._title = text
            self._write(title(text))


def _what(asked: Subject) -> str:
    where = asked.unit or (f"wave {asked.wave}" if asked.wave else "")
    return f"{asked.asks} {where}".strip()
