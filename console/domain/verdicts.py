"""What does one gate say of one region?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from console.domain.vocabulary import Status as Status


@dataclass(frozen=True, slots=True)
class Counts:
    """What a gate has answered since the apply of its region's batch, as far as it decides."""

    passes: int = 0
    """In a row, up to those that are wanted."""
    failures: int = 0
    """In all."""
    errors: int = 0
    """Looks without data, in a row; not counted where none of them decides."""
    counted_at: datetime | None = None
    """When the newest look that counts was; None where every look does."""
    failing_since: datetime | None = None
    """Since when it fails and is compared with regions that are not touched yet."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate says of one region, with the number behind it."""

    gate: str
    status: Status
    measured: str
    threshold: str
    reason: str = ""
    margin: float | None = None
    """How much of the limit is left: 1 all of it, 0 none, less than 0 beyond it; None where there
    is no such number."""
    is_decided: bool = False
    """Whether an inconclusive one counts at once, and not only when time is up."""
    is_dry: bool = False
    """Whether it is shown and decides nothing."""
    counts: Counts = field(default_factory=Counts)
    is_news: bool = True
    """Whether it is more than an earlier look has told already. A probe is asked less often than
    its region is looked at, and one answer of it counts once."""

    @property
    def is_silent(self) -> bool:
        """Whether a probe has not answered yet: when time is up that is no data, and no failure."""
        return self.status is Status.WAIT and not self.is_news

    @property
    def is_good(self) -> bool:
        """Whether it holds nothing back."""
        return self.is_dry or self.status is Status.PASS

    @property
    def spare(self) -> str:
        """How much of the limit is left, in words: `75% left`; empty where no number says so."""
        if self.margin is None:
            return ""
        return f"{self.margin:.0%} left" if self.margin >= 0 else "over it"


def unmeasured(gate: str, threshold: str, error: str | None) -> Verdict:
    """Return the verdict of a gate whose source gave no data, which is never a pass."""
    return Verdict(gate, Status.INCONCLUSIVE, "no data", threshold, error or "no data")


def room(value: float, limit: float) -> float:
    """Return how much of `limit` is left at `value`: 1 all of it, 0 none, less beyond it."""
    if limit == 0:
        return 1.0 if value <= 0 else -1.0
    return max(-1.0, min(1.0, 1 - value / limit))


def unless(excuse: str, failed: Verdict) -> Verdict:
    """Return `failed`, or that nobody can hold it against the release, and why."""
    if not excuse:
        return failed
    return replace(failed, status=Status.INCONCLUSIVE, reason=excuse, is_decided=True)
