"""What does a run of numbers look like as columns of blocks?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Point:
    """Healthy workers and backlog at one moment."""

    at: datetime
    new: int
    old: int
    backlog: int | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a chart: the last point that fell into its time."""

    new: int
    old: int
    backlog: int | None


def columns(
    points: Sequence[Point], width: int, span: timedelta, now: datetime
) -> tuple[Column | None, ...]:
    """Sort `points` into `width` columns that end `now`.

    A column into which nothing fell repeats the one before it, up to the last point: between two
    looks a worker does not vanish. None stands for a time of which nothing is known.

    Args:
        points: in the order of time.
        width: how many columns there are.
        span: the time that they cover.
        now: the right edge.
    """
    slots: list[Column | None] = [None] * width
    # From the newest on: an hour of points lies before the left edge, and need not be looked at.
    for point in reversed(points):
        place = width - 1 - int((now - point.at) / span * width)
        if place < 0:
            # What was true before the left edge is true at it, until something else is known.
            slots[0] = slots[0] or Column(point.new, point.old, point.backlog)
            break
        if place < width and slots[place] is None:
            slots[place] = Column(point.new, point.old, point.backlog)
    last = max((i for i, slot in enumerate(slots) if slot is not None), default=-1)
    for index in range(1, last + 1):
        slots[index] = slots[index] or slots[index - 1]
    return tuple(slots)


def together(series: Iterable[Sequence[Column | None]]) -> tuple[Column | None, ...]:
    """Add the columns of several regions; a time at which one of them is not known is not known."""
    return tuple(_sum(parts) for parts in zip(*series, strict=True))


def _sum(parts: tuple[Column | None, ...]) -> Column | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    backlogs = [part.backlog for part in known if part.backlog is not None]
    return Column(
        sum(part.new for part in known),
        sum(part.old for part in known),
        sum(backlogs) if len(backlogs) == len(known) else None,
    )


def ceiling(value: int) -> int:
    """Return where an axis ends: a round number above `value`, and near it."""
    step = 1
    while True:
        for tenths in _ROUND:
            if tenths * step % 10 == 0 and tenths * step // 10 > value:
                return tenths * step // 10
        step *= 10


_ROUND = (10, 15, 20, 25, 30, 40, 50, 60, 80)
"""Tenths of a power of ten at which an axis may end."""


_EIGHTHS = " ▁▂▃▄▅▆▇█"


def level(value: int, most: int, rows: int) -> tuple[str, ...]:
    """Return one column of a bar from top to bottom, to an eighth of a row.

    Args:
        value: what is drawn.
        most: the value that fills all rows.
        rows: how high the chart is.
    """
    eighths = 0 if most <= 0 else min(rows * 8, round(value * rows * 8 / most))
    if value > 0:
        eighths = max(1, eighths)
    return tuple(_EIGHTHS[max(0, min(8, eighths - row * 8))] for row in reversed(range(rows)))
