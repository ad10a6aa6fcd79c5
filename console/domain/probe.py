"""What did something outside answer, when it was asked whether a region is good?

A probe is asked over and over while its region is watched: alarms, a command, an HTTP check, an
error tracker. What it answers is kept apart from why it did not answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Answer(StrEnum):
    """What a probe says."""

    GOOD = "good"
    BAD = "bad"
    NO_DATA = "no_data"
    """It was asked, and knows nothing: neither good nor bad."""
    ERROR = "error"
    """It could not be asked, or did not answer as a probe does."""


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What one probe said of one region, once."""

    gate: str
    """The name of the gate that it is for."""
    asked_at: datetime
    answer: Answer
    measured: str
    """Foreign text, in a few words."""
    reason: str = ""
    """Foreign text: what it said for itself."""
    is_news: bool = True
    """Whether this look is the first to tell of it."""
    ask_again_at: datetime | None = None
    """When it may be asked again, where it said so itself."""
