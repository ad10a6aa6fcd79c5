"""What may a person, or the autopilot for one, tell a rollout to do?"""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.reconciliation import ApplyEnd
from console.domain.recovery.move import Move
from console.domain.steps import Subject


@dataclass(frozen=True, slots=True)
class Approve:
    """Say yes to `subject`, and to nothing else."""

    subject: Subject
    by: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Say no to `subject`: the rollout is aborted."""

    subject: Subject
    by: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Let what runs finish and start nothing until continued."""

    by: str


@dataclass(frozen=True, slots=True)
class Continue:
    """Go on after a pause."""

    by: str


@dataclass(frozen=True, slots=True)
class Abort:
    """End the rollout: what runs is finished, nothing is reverted, unused marks are taken back."""

    by: str


@dataclass(frozen=True, slots=True)
class Interrupt:
    """A signal: finish the current regions, start nothing new."""

    signal: int
    """The signal's number; the exit code is 128 more."""


@dataclass(frozen=True, slots=True)
class InterruptNow:
    """A second signal: one SIGINT to every Terraform that runs."""

    signal: int


@dataclass(frozen=True, slots=True)
class Close:
    """End a rollout that halted with the outcome that it has."""

    by: str


@dataclass(frozen=True, slots=True)
class TakeUp:
    """Go on with a rollout whose console is gone, from where its journal ends."""

    by: str
    applies: tuple[ApplyEnd, ...] = ()
    """What became of each apply that was under way."""


@dataclass(frozen=True, slots=True)
class Recover:
    """Make a move in a region of a rollout that has halted or ended."""

    move: Move
    consequence: str
    """What was shown of it, in numbers and names."""
    by: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave the region that halted the rollout as it is, and go on with the others."""

    by: str


Command = (
    Approve
    | Refuse
    | Pause
    | Continue
    | Abort
    | Interrupt
    | InterruptNow
    | Close
    | TakeUp
    | Recover
    | Skip
)
