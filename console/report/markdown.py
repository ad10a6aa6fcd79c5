"""How is a report written as Markdown?

GitHub's kind, with tables. A plot is a line of blocks for each trace, and needs no picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import ceil
from typing import assert_never

from console.domain.chart import ceiling, level
from console.domain.foreign import shown, shown_lines
from console.domain.report.blocks import (
    Block,
    Cell,
    Plot,
    Report,
    Row,
    Section,
    Table,
    Trace,
    Verbatim,
    Words,
)

_WIDTH = 60
_FINE = 1000
"""Parts of a unit that are told apart when a trace is drawn."""

# https://spec.commonmark.org/0.31.2/#backslash-escapes; a `_` inside of a word marks nothing.
_MARKS = re.compile(r"[\\`*\[\]<>|~&]|(?<!\w)_|_(?!\w)")
_AT_START = re.compile(r"^(?:#|[-+=]|\d+[.)](?=\s))")


def to_markdown(report: Report) -> str:
    """Return the text."""
    lines = [
        f"# {_marked(shown(report.title))}",
        "",
        f"**{_marked(shown(report.outcome))}**",
        "",
        _inline(report.reason),
    ]
    for section in report.sections:
        lines += ["", *_section(section)]
    return "\n".join([*lines, "", "All times are UTC.", ""])


def _section(section: Section) -> Iterator[str]:
    yield f"## {_marked(shown(section.title))}"
    for block in section.blocks:
        yield ""
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Words(text):
            yield "  \n".join(_inline(line) for line in text.split("\n"))
        case Verbatim(lines):
            yield from _fenced([shown(line) for line in lines])
        case Table(headings, rows):
            yield from _table(headings, rows)
        case Row(plots):
            yield from _fenced([line for plot in plots for line in (*_plot(plot), "")][:-1])
        case _:
            assert_never(block)


def _table(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    is_number = [cell.is_number for cell in rows[0]] if rows else [False] * len(headings)
    yield "| " + " | ".join(map(_inline, headings)) + " |"
    yield "| " + " | ".join("--:" if right else "---" for right in is_number) + " |"
    for row in rows:
        yield "| " + " | ".join(_cell(cell.text) for cell in row) + " |"


def _cell(text: str) -> str:
    return "<br>".join(_marked(line) for line in shown_lines(text))


def _inline(text: str) -> str:
    """Return foreign text so that it says what it says, also at the start of a line."""
    marked = " ".join(_marked(line) for line in shown_lines(text))
    return _AT_START.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", marked)


def _marked(text: str) -> str:
    return _MARKS.sub(lambda found: f"\\{found[0]}", text)


def _fenced(lines: Sequence[str]) -> Iterator[str]:
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}text", *lines, fence)


def _plot(plot: Plot) -> Iterator[str]:
    """Yield a heading, a line of blocks for each trace, what was done meanwhile, and the times."""
    values = [value for t in plot.traces for _, value in t.points if value is not None]
    most = ceiling(ceil(max(values, default=0)))
    limit = f", wanted: {plot.limit.text}" if plot.limit is not None else ""
    yield shown(f"{plot.title} (0 to {most}{plot.unit}{limit})")
    names = [trace.name for trace in plot.traces]
    room = max(map(len, [*names, "doing"]))
    for trace in plot.traces:
        yield shown(f"{trace.name:<{room}} ") + _blocks(plot, trace, most)
    if plot.bands:
        yield f"{'doing':<{room}} " + _bands(plot).rstrip()
    first, last = (at.astimezone(UTC).strftime("%H:%M:%S") for at in (plot.start, plot.end))
    yield f"{'':<{room}} {first}{last:>{_WIDTH - len(first)}}"


def _blocks(plot: Plot, trace: Trace, most: int) -> str:
    places: list[float | None] = [None] * _WIDTH
    known: float | None = None
    points = list(trace.points)
    for place in range(_WIDTH):
        end = _time(plot, place + 1)
        while points and points[0][0] <= end:
            known = points.pop(0)[1]
        places[place] = known
    full = most * _FINE
    return "".join(_block_of(value, full) for value in places)


def _block_of(value: float | None, full: int) -> str:
    """Return one column; nought is a line at the bottom, and no data is nothing."""
    if value is None:
        return " "
    return level(round(value * _FINE), full, 1)[0] if value > 0 else "_"


def _bands(plot: Plot) -> str:
    """Return the first letters of what was done, where it was done: `t`, `p`, `a`, `v`, `b`."""
    drawn = [" "] * _WIDTH
    for band in plot.bands:
        text = f"{band.text} "
        begun = next((p for p in range(_WIDTH) if _time(plot, p + 1) > band.start), _WIDTH - 1)
        places = [p for p in range(begun, _WIDTH) if p == begun or _time(plot, p) < band.end]
        for number, place in enumerate(places):
            drawn[place] = text[number] if number < len(text) - 1 else "-"
    return "".join(drawn)


def _time(plot: Plot, place: int) -> datetime:
    return plot.start + (plot.end - plot.start) * place / _WIDTH
