"""Which region needs somebody, or cannot be read, and why?"""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from console.domain.region_rows import RegionRow
from console.domain.sentence import Tone
from console.tui.palette import line


class Trouble(Static):
    """One line below the regions; it is there only while a region fails."""

    def __init__(self) -> None:
        """Begin with nothing to tell."""
        super().__init__(id="trouble")
        self.display = False
        self._told = line("")

    def show(self, rows: Sequence[RegionRow], chosen: str | None) -> None:
        """Tell what is wrong with the region under the cursor; where nothing is, the first one's.

        Args:
            rows: the regions in the order of the table.
            chosen: the region under the cursor.
        """
        failing = sorted((row for row in rows if _why(row)), key=_rank)
        mine = [row for row in failing if row.name == chosen] or failing
        told = _line(mine[0], len(failing) - 1) if mine else line("")
        if told != self._told:
            self._told = told
            self.display = bool(mine)
            self.update(told)


def _why(row: RegionRow) -> str:
    return row.alert or row.error or row.left_over


def _rank(row: RegionRow) -> int:
    """Return what comes first: that nothing happens, that nobody can see, what is left over."""
    return 0 if row.alert else 1 if row.error else 2


def _line(row: RegionRow, others: int) -> Content:
    more = f"  and {others} more" if others else ""
    if row.alert:
        return line(("✗ ", Tone.BAD), (row.alert, Tone.BAD), (more, Tone.QUIET))
    return line(("! ", Tone.WARN), f"{row.name}: {_why(row)}", (more, Tone.QUIET))
