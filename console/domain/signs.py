"""Which glyph, word and tone does each state have?

The one table of them: every front end takes its signs from here, and has a colour for each tone.
A glyph and a word stand beside every colour, so that nothing is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from console.domain.sentence import Tone
from console.domain.vocabulary import Health, ObjectKind, Outcome, RegionPhase, Status


@dataclass(frozen=True, slots=True)
class Sign:
    """How a state is shown."""

    glyph: str
    word: str
    tone: Tone

    def __str__(self) -> str:
        """Return glyph and word."""
        return f"{self.glyph} {self.word}"


class StepState(StrEnum):
    """Where one step of the path stands."""

    WAITING = "waiting"
    ASKED = "asked"
    RUNNING = "running"
    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "failed"
    HELD = "held"
    """It would run, and is held back: paused, stopped or halted."""


class Mode(StrEnum):
    """Who says yes in this console."""

    OPERATE = "operate"
    WATCH = "watch"
    AUTO = "auto"
    REPLAY = "replay"


STEPS: Mapping[StepState, Sign] = {
    StepState.WAITING: Sign("·", "waiting", Tone.QUIET),
    StepState.ASKED: Sign("?", "asks", Tone.ASK),
    StepState.RUNNING: Sign("▶", "running", Tone.ASK),
    StepState.OK: Sign("✓", "ok", Tone.GOOD),
    StepState.SKIPPED: Sign("◦", "skipped", Tone.QUIET),
    StepState.FAILED: Sign("✗", "failed", Tone.BAD),
    StepState.HELD: Sign("‖", "held", Tone.WARN),
}

REGIONS: Mapping[RegionPhase, Sign] = {
    RegionPhase.WAITING: Sign("·", "waiting", Tone.QUIET),
    RegionPhase.CURRENT: Sign("✓", "current", Tone.QUIET),
    RegionPhase.MARKING: Sign("▶", "marking", Tone.ASK),
    RegionPhase.PLANNING: Sign("▶", "planning", Tone.ASK),
    RegionPhase.PLANNED: Sign("?", "planned", Tone.ASK),
    RegionPhase.APPLYING: Sign("▶", "applying", Tone.ASK),
    RegionPhase.VERIFYING: Sign("▶", "verifying", Tone.ASK),
    RegionPhase.VERIFIED: Sign("✓", "verified", Tone.GOOD),
    RegionPhase.DONE: Sign("✓", "done", Tone.GOOD),
    RegionPhase.FAILED: Sign("✗", "failed", Tone.BAD),
}

VERDICTS: Mapping[Status, Sign] = {
    Status.PASS: Sign("✓", "pass", Tone.GOOD),
    Status.WAIT: Sign("…", "wait", Tone.QUIET),
    Status.FAIL: Sign("✗", "fail", Tone.BAD),
    Status.INCONCLUSIVE: Sign("?", "inconclusive", Tone.WARN),
}

HEALTH: Mapping[Health, Sign] = {
    Health.HEALTHY: Sign("●", "healthy", Tone.GOOD),
    Health.BOOTING: Sign("◌", "booting", Tone.ASK),
    Health.SILENT: Sign("✗", "silent", Tone.BAD),
    Health.CRASHING: Sign("✗", "crashing", Tone.BAD),
    Health.GONE: Sign("○", "gone", Tone.QUIET),
}

UNKNOWN_HEALTH = Sign("?", "unknown", Tone.WARN)
"""Of an instance of a region where nobody can tell what works."""

KINDS: Mapping[ObjectKind, Sign] = {
    ObjectKind.CURRENT: Sign("─", "current", Tone.PLAIN),
    ObjectKind.DEPOSED: Sign("╰", "deposed", Tone.WARN),
    ObjectKind.ORPHAN: Sign("!", "orphan", Tone.BAD),
    ObjectKind.GHOST: Sign("○", "ghost", Tone.QUIET),
}

OUTCOMES: Mapping[Outcome, Sign] = {
    Outcome.COMPLETED: Sign("✓", "completed", Tone.GOOD),
    Outcome.PARTIAL: Sign("✗", "partial", Tone.BAD),
    Outcome.ROLLED_BACK: Sign("↶", "rolled back", Tone.WARN),
    Outcome.ABORTED: Sign("✗", "aborted", Tone.WARN),
    Outcome.REFUSED: Sign("✗", "refused", Tone.BAD),
    Outcome.INCONCLUSIVE: Sign("?", "inconclusive", Tone.WARN),
}
OPEN = Sign("▶", "open", Tone.ASK)
"""A rollout that has no outcome yet."""

MODES: Mapping[Mode, Sign] = {
    Mode.OPERATE: Sign("▶", "OPERATE", Tone.ASK),
    Mode.WATCH: Sign("◉", "WATCH", Tone.GOOD),
    Mode.AUTO: Sign("»", "AUTO", Tone.WARN),
    Mode.REPLAY: Sign("↺", "REPLAY", Tone.WARN),
}

TONES: Mapping[Tone, str] = {
    Tone.PLAIN: " ",
    Tone.QUIET: "·",
    Tone.GOOD: "✓",
    Tone.WARN: "!",
    Tone.BAD: "✗",
    Tone.ASK: "?",
}
"""The glyph of a sentence."""

NEW, OLD, UNWELL, MISSING, UNSEEN = "█", "▒", "✗", "·", "?"
"""The cells of an instances bar: healthy and new, healthy and old, not healthy, not there, and
nobody can tell."""
