"""How does a table change without losing its cursor, its scroll position or its time?

Rows are known by key. What is shown again is compared cell by cell, and only a cell that differs is
written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.coordinate import Coordinate
from textual.widgets import DataTable

from console.domain.sentence import Tone
from console.tui.palette import Ink


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    key: str
    label: str
    width: int
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row, known by its key."""

    key: str
    cells: tuple[Text, ...]


class KeyedTable(DataTable[Text]):
    """A table whose rows are compared, not refilled."""

    # Textual's own go to the first and the last column, which a cursor of whole rows never leaves.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("home", "scroll_top", "First", show=False),
        Binding("end", "scroll_bottom", "Last", show=False),
    ]

    def __init__(self, name: str) -> None:
        """Make an empty one with the id `name`."""
        super().__init__(
            id=name,
            cursor_type="row",
            cell_padding=1,
            # A cell's colour says something; the cursor says only where it is.
            cursor_foreground_priority="renderable",
        )
        self._columns: tuple[Column, ...] = ()
        self._shown: dict[str, tuple[Text, ...]] = {}
        self._before: str | None = None
        """What was chosen before it was given other columns."""

    @property
    def ink(self) -> Ink:
        """The theme's colours, for cells."""
        return Ink(self.app.theme_variables)

    @property
    def chosen(self) -> str | None:
        """The key of the row under the cursor; None where there is no row."""
        keys = list(self._shown)
        return keys[self.cursor_row] if 0 <= self.cursor_row < len(keys) else None

    def shape(self, columns: Sequence[Column]) -> None:
        """Have these columns. Rows are kept for the next `put`, which fills them anew."""
        if tuple(columns) == self._columns:
            return
        self._columns = tuple(columns)
        self._before = self.chosen or self._before
        self.clear(columns=True)
        self._shown = {}
        for column in columns:
            label = self.ink.cell((column.label, Tone.QUIET), right=column.is_number)
            self.add_column(label, key=column.key, width=column.width)

    def put(self, rows: Sequence[Row]) -> None:
        """Show these rows in this order."""
        if [row.key for row in rows] != list(self._shown):
            self._refill(rows)
            return
        for row in rows:
            before = self._shown[row.key]
            if before is row.cells:
                continue
            for column, old, new in zip(self._columns, before, row.cells, strict=True):
                if old != new:
                    self.update_cell(row.key, column.key, new)
            self._shown[row.key] = row.cells

    def _refill(self, rows: Sequence[Row]) -> None:
        """Other rows than before: rare, so that only the cursor is worth keeping."""
        chosen, self._before = self.chosen or self._before, None
        self.clear()
        self._shown = {row.key: row.cells for row in rows}
        for row in rows:
            self.add_row(*row.cells, key=row.key)
        keys = list(self._shown)
        if chosen in self._shown:
            self.cursor_coordinate = Coordinate(keys.index(chosen), 0)

    def repaint(self) -> None:
        """Forget what was drawn: the theme has other colours."""
        columns, self._columns = self._columns, ()
        self.shape(columns)
