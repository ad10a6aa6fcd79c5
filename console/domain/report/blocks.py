"""What is a report made of, whatever it is written in?

Text here is as it came, foreign text too: whoever writes it down escapes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.domain.sentence import Tone


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    text: str
    tone: Tone = Tone.PLAIN
    is_number: bool = False
    """Whether it is set to the right."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a heading each."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Lines that keep their places: commands, and what tools printed."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """One line of a plot, in the order of time. None is a moment of which nothing is known."""

    name: str
    points: tuple[tuple[datetime, float | None], ...]
    is_new: bool = True
    """Whether it is the release's own; what ran before is drawn back."""


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time in which something was done."""

    text: str
    start: datetime
    end: datetime
    tone: Tone = Tone.QUIET


@dataclass(frozen=True, slots=True)
class Limit:
    """What a measure was held against."""

    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Measures over time."""

    title: str
    unit: str
    start: datetime
    end: datetime
    traces: tuple[Trace, ...]
    limit: Limit | None = None
    bands: tuple[Band, ...] = ()
    is_stacked: bool = False
    """Whether the traces stand on each other, the first one at the bottom."""


@dataclass(frozen=True, slots=True)
class Row:
    """Plots side by side, as far as there is room."""

    plots: tuple[Plot, ...]


Block = Table | Words | Verbatim | Row


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is told of one rollout."""

    id: str
    title: str
    outcome: str
    """Glyph and word."""
    tone: Tone
    reason: str
    sections: tuple[Section, ...]
