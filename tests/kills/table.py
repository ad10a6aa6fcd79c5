"""How are kills told, one line each?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_HEAD = ("position", "recorded last; under way", "what was typed, and its end", "outcome", "s")


@dataclass(frozen=True, slots=True)
class Row:
    """One kill, and where it led."""

    position: int
    told: str
    typed: tuple[str, ...]
    """Each command with its end."""
    outcome: str
    seconds: float
    wrongs: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[str, ...]:
        """What stands in the row."""
        return (
            str(self.position),
            self.told,
            "; ".join(self.typed),
            "WRONG: " + "; ".join(self.wrongs) if self.wrongs else self.outcome,
            f"{self.seconds:.0f}",
        )


def head() -> str:
    """Return the first two lines of a table in Markdown."""
    return f"{_line(_HEAD)}\n{_line(['---'] * len(_HEAD))}"


def line(row: Row) -> str:
    """Return a row as a line of Markdown."""
    return _line(row.cells)


def total(rows: Sequence[Row]) -> str:
    """Return the last line: how many ended as they should."""
    good = sum(not row.wrongs for row in rows)
    return f"{len(rows)} kills: {good} ended well, {len(rows) - good} did not"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
