"""What went wrong, as a value?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailureKind(StrEnum):
    """What sort of answer a failure asks for."""

    FAILED = "failed"
    """The step ran and failed."""
    REFUSED = "refused"
    """A check held the step back; nothing was done."""
    LOCKED = "locked"
    """Somebody else holds the lease or a state lock."""
    STALE = "stale"
    """The plan is older than the state: a fresh one is needed."""
    INTERRUPTED = "interrupted"
    """A person stopped it in mid-step."""
    INCONCLUSIVE = "inconclusive"
    """Nobody can say whether it worked."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a step did not succeed, and what leads on."""

    kind: FailureKind
    message: str
    """One or two sentences; the first says what is wrong."""
    hint: str = ""
    """What to do about it: a sentence or a command."""
    evidence: str = ""
    """Foreign text that shows it: diagnostics, console output. Never interpreted."""


def ending(failure: Failure) -> str:
    """Return how something ended that a failure is the end of, as the rest of a sentence."""
    return "is inconclusive" if failure.kind is FailureKind.INCONCLUSIVE else "failed"
