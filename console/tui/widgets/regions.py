"""How does every region fare?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from rich.text import Text

from console.domain.region_rows import RegionRow
from console.domain.sentence import Tone
from console.domain.signs import MISSING, NEW, OLD, REGIONS, UNSEEN, UNWELL
from console.domain.spans import brief
from console.tui.palette import Ink, Part, line
from console.tui.widgets.keyed_table import Column, KeyedTable, Row

Cell = Callable[[Ink, RegionRow, int], Text]


class Regions(KeyedTable):
    """The regions table: as many columns as fit, the most telling ones first."""

    def __init__(self, opens: Callable[[str], None] | None = None) -> None:
        """Begin empty.

        Args:
            opens: shows the region that was chosen with a key.
        """
        super().__init__("regions")
        self._opens = opens
        self.border_title = "Regions"
        self._rows: tuple[RegionRow, ...] = ()
        self._cells: dict[str, tuple[RegionRow, Row]] = {}
        self._made_for: tuple[Column, ...] = ()
        self._filter = ""

    def show(self, rows: tuple[RegionRow, ...]) -> None:
        """Draw `rows`."""
        self._rows = rows
        columns = _fitting(self.scrollable_content_region.width, rows)
        self.shape(columns)
        chosen = [row for row in rows if self._filter in f"{row.name} {_word(row)}".lower()]
        self.put(self._made(chosen, columns))
        only = f" · only {self._filter!r}" if self._filter else ""
        # As content: in a plain text, brackets that somebody typed would be obeyed.
        self.border_title = line(f"Regions · {_freshness(rows)}{only}")

    def action_select_cursor(self) -> None:
        """Open the region at once: a key that follows at its heels is meant for what it opened.

        A message would take its time to reach the screen, and the next key would overtake it.
        """
        if self._opens is not None and self.chosen is not None:
            self._opens(self.chosen)
        else:
            super().action_select_cursor()

    @property
    def regions(self) -> tuple[RegionRow, ...]:
        """What is drawn, the filter apart."""
        return self._rows

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

    def _made(self, rows: Sequence[RegionRow], columns: tuple[Column, ...]) -> list[Row]:
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
    (2, Column("instances", "instances", 9)),
    (3, Column("release", "release", 12)),
    (4, Column("backlog", "waiting", 7, _NUMBER)),
    (6, Column("oldest", "oldest", 6, _NUMBER)),
    (8, Column("flight", "flight", 6, _NUMBER)),
    (5, Column("dead", "dead", 4, _NUMBER)),
    (7, Column("beat", "beat", 4, _NUMBER)),
    (10, Column("fresh", "seen", 4, _NUMBER)),
)
_WIDER = {"instances": 26, "release": 18, "beat": 5, "fresh": 5}
_ROOMY = 130
_MOST_RELEASE = 30
"""What is longer is cut: so wide that few other columns are lost for it."""
_PADDING = 2
_MARK = 2
"""Room for the mark of a region that could not be read."""
_LEAST_BAR = 5


def _fitting(room: int, rows: Sequence[RegionRow]) -> tuple[Column, ...]:
    """Return the columns that fit into `room`, the most telling ones first."""
    wider = _WIDER if room >= _ROOMY else {}
    needed = {
        "region": max((len(row.name) + _MARK for row in rows), default=0),
        "instances": max((_LEAST_BAR + len(_count(row)) for row in rows), default=0),
        "release": min(_MOST_RELEASE, max((len(_releases(row)) for row in rows), default=0)),
    }
    chosen: dict[str, Column] = {}
    left = room + 1  # nobody misses the padding at the right end
    for _, column in sorted(_COLUMNS, key=lambda entry: entry[0]):
        width = max(wider.get(column.key, column.width), needed.get(column.key, 0))
        if width + _PADDING > left and chosen:
            break
        chosen[column.key] = replace(column, width=width)
        left -= width + _PADDING
    return tuple(chosen[c.key] for _, c in _COLUMNS if c.key in chosen)


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
    count, cells = _count(row), _cells(row)
    room = max(1, width - len(count))
    if len(cells) > room:
        cells = "".join(cells[i * len(cells) // room] for i in range(room))
    tones = {
        NEW: Tone.GOOD,
        OLD: Tone.PLAIN,
        UNWELL: Tone.BAD,
        MISSING: Tone.QUIET,
        UNSEEN: Tone.WARN,
    }
    return ink.cell(*((c, tones[c]) for c in cells), count, quiet=row.is_stale)


def _cells(row: RegionRow) -> str:
    if not row.is_seen:
        return UNSEEN * row.desired
    return NEW * row.new + OLD * row.old + UNWELL * row.unwell + MISSING * row.missing


def _count(row: RegionRow) -> str:
    return f" {row.new + row.old if row.is_seen else UNSEEN}/{row.desired}"


def _tag(row: RegionRow) -> str:
    return f" tag {row.tagged}" if row.tagged else ""


def _releases(row: RegionRow) -> str:
    return row.release + _tag(row)


def _release(ink: Ink, row: RegionRow, _: int) -> Text:
    parts: list[Part] = [row.release or ("-", Tone.QUIET)]
    if row.tagged:
        parts.append((_tag(row), Tone.WARN))
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
