"""How does every region fare?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from rich.text import Text

from console.domain.durations import brief
from console.domain.narrate import Tone
from console.domain.region_rows import RegionRow
from console.domain.signs import MISSING, NEW, OLD, REGIONS, UNWELL
from console.tui.palette import Ink, Part, line
from console.tui.widgets.keyed_table import Column, KeyedTable, Row

Cell = Callable[[Ink, RegionRow, int], Text]


class Regions(KeyedTable):
    """The regions table: as many columns as fit, the most telling ones first."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__("regions")
        self.border_title = "Regions"
        self._rows: tuple[RegionRow, ...] = ()
        self._cells: dict[str, tuple[RegionRow, Row]] = {}
        self._made_for: Sequence[Column] = ()
        self._filter = ""

    def show(self, rows: tuple[RegionRow, ...]) -> None:
        """Draw `rows`."""
        self._rows = rows
        names = max((len(row.name) for row in rows), default=9)
        columns = _fitting(self.size.width - 2, names)
        self.shape(columns)
        chosen = [row for row in rows if self._filter in f"{row.name} {_word(row)}".lower()]
        self.put(self._made(chosen, columns))
        only = f" · only {self._filter!r}" if self._filter else ""
        # As content: in a plain text, brackets that somebody typed would be obeyed.
        self.border_title = line(f"Regions · {_freshness(rows)}{only}")

    def narrow(self, text: str) -> None:
        """Show only regions whose name or phase holds `text`; all of them for an empty one."""
        self._filter = text.lower()
        self.show(self._rows)

    def on_resize(self) -> None:
        """Use the width that there is now."""
        self.show(self._rows)

    def repaint(self) -> None:
        """Forget what was drawn: the theme has other colours."""
        self._cells = {}
        super().repaint()

    def _made(self, rows: Sequence[RegionRow], columns: Sequence[Column]) -> list[Row]:
        """Return the rows as they are drawn; of one that has not changed the cells that it had."""
        if columns != self._made_for:
            self._made_for, self._cells = columns, {}
        ink, before = self.ink, self._cells
        self._cells = {}
        for row in rows:
            known = before.get(row.name)
            if known is None or known[0] is not row:
                cells = tuple(_CELLS[c.key](ink, row, c.width) for c in columns)
                known = (row, Row(row.name, cells))
            self._cells[row.name] = known
        return [made for _, made in self._cells.values()]


def _word(row: RegionRow) -> str:
    return REGIONS[row.phase].word if row.phase is not None else ""


def _freshness(rows: Sequence[RegionRow]) -> str:
    ages = [row.fresh for row in rows if row.fresh is not None]
    if not ages:
        return "nobody has looked yet"
    unseen = len(rows) - len(ages)
    oldest = max(ages)
    age = "now" if oldest < _NOW else f"{brief(oldest)} ago"
    return f"seen {age}" + (f", {unseen} never" if unseen else "")


_NUMBER = True
_NOW = timedelta(seconds=3)
# In the order of the table; the number is the order in which they are given up for room.
_COLUMNS: tuple[tuple[int, Column], ...] = (
    (9, Column("wave", "wave", 4, _NUMBER)),
    (0, Column("region", "region", 9)),
    (1, Column("phase", "phase", 11)),
    (2, Column("instances", "instances", 11)),
    (3, Column("release", "release", 9)),
    (4, Column("backlog", "waiting", 7, _NUMBER)),
    (6, Column("oldest", "oldest", 6, _NUMBER)),
    (8, Column("flight", "flight", 6, _NUMBER)),
    (5, Column("dead", "dead", 4, _NUMBER)),
    (7, Column("beat", "beat", 5, _NUMBER)),
    (10, Column("fresh", "seen", 5, _NUMBER)),
)
_WIDER = {"instances": 26, "release": 18}
_ROOMY = 130
_MARK = 2
"""Room for the mark of a region that could not be read."""


def _fitting(room: int, names: int) -> tuple[Column, ...]:
    chosen: set[str] = set()
    left = room
    for _, column in sorted(_COLUMNS, key=lambda entry: entry[0]):
        needed = max(column.width, names + _MARK if column.key == "region" else 0) + 2
        if needed > left and chosen:
            break
        chosen.add(column.key)
        left -= needed
    return tuple(
        Column(c.key, c.label, _width(c, room, names), c.is_number)
        for _, c in _COLUMNS
        if c.key in chosen
    )


def _width(column: Column, room: int, names: int) -> int:
    if column.key == "region":
        return max(column.width, names + _MARK)
    return _WIDER.get(column.key, column.width) if room >= _ROOMY else column.width


def _region(ink: Ink, row: RegionRow, _: int) -> Text:
    mark: list[Part] = [("! ", Tone.WARN)] if row.error else []
    return ink.cell(*mark, row.name, quiet=row.is_stale and row.fresh is not None)


def _phase(ink: Ink, row: RegionRow, _: int) -> Text:
    if row.phase is None:
        return ink.cell(("-", Tone.QUIET))
    sign = REGIONS[row.phase]
    return ink.cell((str(sign), sign.tone))


def _instances(ink: Ink, row: RegionRow, width: int) -> Text:
    """New, old and unwell against what is wanted: by shape as well as by colour."""
    if row.fresh is None:
        return ink.cell(("…", Tone.QUIET))
    count = f" {row.new + row.old}/{row.desired}"
    cells = [NEW] * row.new + [OLD] * row.old + [UNWELL] * row.unwell + [MISSING] * row.missing
    room = max(1, width - len(count))
    if len(cells) > room:
        cells = [cells[i * len(cells) // room] for i in range(room)]
    tones = {NEW: Tone.GOOD, OLD: Tone.PLAIN, UNWELL: Tone.BAD, MISSING: Tone.QUIET}
    return ink.cell(*((c, tones[c]) for c in cells), count, quiet=row.is_stale)


def _release(ink: Ink, row: RegionRow, _: int) -> Text:
    parts: list[Part] = [row.release or ("-", Tone.QUIET)]
    if row.tagged:
        parts.append((f" tag {row.tagged}", Tone.WARN))
    return ink.cell(*parts, quiet=row.is_stale)


def _number(value: int | None, ink: Ink, row: RegionRow, tone: Tone = Tone.PLAIN) -> Text:
    if value is None:
        return ink.cell(("-", Tone.QUIET), right=True)
    return ink.cell((f"{value:,}".replace(",", " "), tone), right=True, quiet=row.is_stale)


def _span(value: timedelta | None, ink: Ink, row: RegionRow) -> Text:
    return ink.cell(brief(value), right=True, quiet=row.is_stale or value is None)


def _dead(ink: Ink, row: RegionRow, _: int) -> Text:
    tone = Tone.BAD if row.dead_letters else Tone.PLAIN
    return _number(row.dead_letters, ink, row, tone)


_CELLS: dict[str, Cell] = {
    "wave": lambda ink, row, _: _number(row.wave, ink, RegionRow(row.name, None, None, 0)),
    "region": _region,
    "phase": _phase,
    "instances": _instances,
    "release": _release,
    "backlog": lambda ink, row, _: _number(row.queue.backlog if row.queue else None, ink, row),
    "oldest": lambda ink, row, _: _span(row.queue.oldest if row.queue else None, ink, row),
    "flight": lambda ink, row, _: _number(row.queue.in_flight if row.queue else None, ink, row),
    "dead": _dead,
    "beat": lambda ink, row, _: _span(row.last_beat, ink, row),
    "fresh": lambda ink, row, _: _span(row.fresh, ink, row),
}
