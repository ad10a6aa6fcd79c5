"""Which region cannot be read, and what did AWS say?"""

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
        failing = sorted((row for row in rows if row.error or row.alert), key=_is_mere_error)
        mine = [row for row in failing if row.name == chosen] or failing
        told = _line(mine[0], len(failing) - 1) if mine else line("")
        if told != self._told:
            self._told = told
            self.display = bool(mine)
            self.update(told)


def _is_mere_error(row: RegionRow) -> bool:
    """Whether it cannot be read, and nobody says that nothing happens there: that comes first."""
    return not row.alert


def _line(row: RegionRow, others: int) -> Content:
    more = f"  and {others} more fail" + ("s" if others == 1 else "") if others else ""
    if row.alert:
        return line(("✗ ", Tone.BAD), (row.alert, Tone.BAD), (more, Tone.QUIET))
    return line(("! ", Tone.WARN), f"{row.name}: {row.error}", (more, Tone.QUIET))
