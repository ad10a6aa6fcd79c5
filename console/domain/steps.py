"""Which steps does the path of a rollout have, and where is each on it?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from console.domain.fleet import UnitName
from console.domain.plan import PlanId


class Step(StrEnum):
    """One step of the path; the first four belong to the rollout, the others to a unit."""

    PREFLIGHT = "preflight"
    BUILD = "build"
    TEST = "test"
    PUSH = "push"
    TAINT = "taint"
    PLAN = "plan"
    APPLY = "apply"
    VERIFY = "verify"
    UNTAINT = "untaint"
    """Takes back the marks of slots that were never applied."""
    MUTE = "mute"
    """Keeps the alarms that the settings name from waking anybody while a batch is applied."""
    UNMUTE = "unmute"
    """Lets them act again."""
    RECOVER = "recover"
    """Makes one move that leads a region on, after the rollout halted or ended."""
    CENSUS = "census"
    """Looks at every region once more, so that the outcome tells what is true."""


class Result(StrEnum):
    """How a step ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    LOST = "lost"
    """Nobody saw its end: the console died. It is done again."""


@dataclass(frozen=True, slots=True)
class At:
    """Where on the path something happens."""

    step: Step
    unit: UnitName | None = None
    batch: int = 0
    """Counted from 0 within the unit."""

    def __str__(self) -> str:
        """Return it in words: `apply of eu-west-1`."""
        return self.step.value if self.unit is None else f"{self.step.value} of {self.unit}"


class Asks(StrEnum):
    """What an approval is asked for."""

    START = "start"
    BUILD = "build"
    PUSH = "push"
    WAVE = "wave"
    TAINT = "taint"
    APPLY = "apply"


@dataclass(frozen=True, slots=True)
class Subject:
    """The one thing that an approval says yes to. Another plan is another subject."""

    asks: Asks
    wave: int | None = None
    unit: UnitName | None = None
    batch: int = 0
    plan: PlanId | None = None
