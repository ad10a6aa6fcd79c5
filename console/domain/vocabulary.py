"""Which names and states are there, that every screen has a sign for?

Names and closed lists alone: a screen that draws them needs nothing of what stands behind them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

RegionName = NewType("RegionName", str)
UnitName = NewType("UnitName", str)
InstanceId = NewType("InstanceId", str)
SlotIndex = NewType("SlotIndex", int)


class ObjectKind(StrEnum):
    """Where an instance stands between Terraform's state and EC2."""

    CURRENT = "current"
    DEPOSED = "deposed"
    ORPHAN = "orphan"
    """Runs with the fleet's tag and is in no state."""
    GHOST = "ghost"
    """In the state, and gone from EC2."""


class Health(StrEnum):
    """What an instance is doing, as far as its heartbeat and EC2 tell."""

    HEALTHY = "healthy"
    BOOTING = "booting"
    """Young, and has not beaten yet."""
    SILENT = "silent"
    """Old enough to beat, and does not."""
    CRASHING = "crashing"
    """Its console tells of restarts, and it finishes nothing; it may beat in between."""
    GONE = "gone"
    """In the state, and not in EC2 any more."""


class Status(StrEnum):
    """A gate's answer."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    WAIT = "wait"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class Outcome(StrEnum):
    """The named ends of a rollout."""

    COMPLETED = "completed"
    PARTIAL = "partial"
    ROLLED_BACK = "rolled_back"
    ABORTED = "aborted"
    REFUSED = "refused"
    INCONCLUSIVE = "inconclusive"


class Occasion(StrEnum):
    """What somebody who does not sit before the console may want to be told of."""

    STARTED = "started"
    WAITING = "waiting"
    """A question waits for a person's yes."""
    HALTED = "halted"
    ROLLED_BACK = "rolled_back"
    COMPLETED = "completed"
    ENDED = "ended"
    """Refused, or aborted by a person."""
    NOTHING_HAPPENS = "nothing_happens"
    """In a region, in a rollout or between rollouts; and that something happens again."""


class RegionPhase(StrEnum):
    """Where a region stands."""

    WAITING = "waiting"
    CURRENT = "current"
    """Ran the release already; nothing to do."""
    MARKING = "marking"
    PLANNING = "planning"
    PLANNED = "planned"
    """Its plan waits for a yes."""
    APPLYING = "applying"
    VERIFYING = "verifying"
    VERIFIED = "verified"
    """Good, and its wave is not through."""
    DONE = "done"
    FAILED = "failed"
    """Its rollout stopped half-way."""
