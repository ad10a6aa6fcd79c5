"""What is one line of the story, and how is it meant?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """How a sentence is meant; each front end has its colour and glyph for it."""

    PLAIN = "plain"
    QUIET = "quiet"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One line of the story."""

    text: str
    tone: Tone = Tone.PLAIN
    details: str = ""
    """Foreign text that belongs to it."""
