"""Were there workers at every moment, and did the backlog grow?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from textual.content import Content
from textual.widget import Widget

from console.domain.chart import Column, Point, ceiling, columns, level, together
from console.domain.fleet import RegionName
from console.domain.sentence import Tone
from console.domain.signs import NEW, OLD
from console.domain.spans import brief
from console.tui.palette import Part, line, lines

_SPAN = timedelta(minutes=10)
_SHORTEST = timedelta(minutes=2)
_GUTTER = 7
# Higher than this it is no clearer, and shouts.
_MOST_WORKER_ROWS, _MOST_BACKLOG_ROWS = 12, 4
_TALL = 30
"""From this height on, there is room for twice as much."""


class Chart(Widget):
    """Healthy workers by release, stacked, and the backlog below them, over the last minutes."""

    can_focus = True

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(id="chart")
        self._series: dict[RegionName, tuple[Point, ...]] = {}
        self._now: datetime | None = None
        self._region: RegionName | None = None
        self._points: Mapping[RegionName, Sequence[Point]] = {}

    def show(
        self,
        points: Mapping[RegionName, Sequence[Point]],
        region: RegionName | None,
        now: datetime,
    ) -> None:
        """Draw `points` of one region, or of all together.

        Args:
            points: each region's, in the order of time.
            region: whose; None for all.
            now: the right edge.
        """
        self._points = points
        chosen = {k: tuple(v) for k, v in points.items() if region is None or k == region}
        if (chosen, region) == (self._series, self._region) and now == self._now:
            return
        self._series, self._region, self._now = chosen, region, now
        self.refresh()

    def chart(self, region: RegionName | None) -> None:
        """Draw another region, or all together, of what was shown before."""
        if self._now is not None:
            self.show(self._points, region, self._now)

    def render(self) -> Content:
        """Return the chart in the room that there is."""
        width, height = self.size.width - _GUTTER - 1, self.size.height
        if self._now is None or not any(self._series.values()):
            return line(
                ("Nobody has looked yet: the chart begins with the first look.", Tone.QUIET)
            )
        if width < 10 or height < 5:
            return line(("There is no room for a chart here.", Tone.QUIET))
        first = min(series[0].at for series in self._series.values() if series)
        span = min(_SPAN, max(_SHORTEST, self._now - first))
        each = [columns(series, width, span, self._now) for series in self._series.values()]
        return lines(*_drawn(together(each), width, height, span, self._region or "all regions"))


def _drawn(
    cols: Sequence[Column | None], width: int, height: int, span: timedelta, name: str
) -> Iterator[Content]:
    times = 2 if height >= _TALL else 1
    backlog_rows = min(times * _MOST_BACKLOG_ROWS, max(1, (height - 4) // 3))
    worker_rows = min(times * _MOST_WORKER_ROWS, max(2, height - 4 - backlog_rows))
    yield _legend(name, width + _GUTTER)
    yield from _workers(cols, worker_rows)
    yield line(("backlog", Tone.PLAIN))
    yield from _backlog(cols, backlog_rows)
    left, right = f"{brief(span)} ago", "now"
    yield line(
        (" " * _GUTTER + left + " " * max(1, width - len(left) - len(right)) + right, Tone.QUIET)
    )


def _legend(name: str, room: int) -> Content:
    signs = 15
    wordings = (": healthy workers", ": healthy", "")
    what = next((w for w in wordings if len(name + w) + signs <= room), "")
    return line(f"{name}{what}  ", (f"{NEW} new  ", Tone.GOOD), (f"{OLD} old", Tone.QUIET))


def _workers(cols: Sequence[Column | None], rows: int) -> Iterator[Content]:
    most = max((c.new + c.old for c in cols if c), default=0) or 1
    for row in reversed(range(rows)):
        label = str(most) if row == rows - 1 else "0" if row == 0 and rows > 1 else ""
        parts: list[Part] = [(f"{label:>{_GUTTER - 1}} ", Tone.QUIET)]
        cells = (_stacked(column, row, rows, most) for column in cols)
        # Equal cells side by side are one part: hundreds of them would cost more than all the rest.
        parts += [
            ("".join(glyph for glyph, _ in run), tone)
            for tone, run in groupby(cells, key=lambda cell: cell[1])
        ]
        yield line(*parts)


def _stacked(column: Column | None, row: int, rows: int, most: int) -> tuple[str, Tone]:
    """One cell: old workers stand on new ones, so that the changeover is a rising edge."""
    if column is None:
        return (" ", Tone.QUIET)
    middle = (row + 0.5) / rows * most
    if middle < column.new:
        return (NEW, Tone.GOOD)
    return (OLD if middle < column.new + column.old else " ", Tone.QUIET)


def _backlog(cols: Sequence[Column | None], rows: int) -> Iterator[Content]:
    values = [c.backlog if c is not None else None for c in cols]
    most = ceiling(max((v for v in values if v is not None), default=0))
    bars = [level(v, most, rows) if v is not None else (" ",) * rows for v in values]
    for row in range(rows):
        label = str(most) if row == 0 else ""
        bar = "".join(b[row] for b in bars)
        yield line((f"{label:>{_GUTTER - 1}} ", Tone.QUIET), (bar, Tone.ASK))
