"""How did a rollout end, in the words that every front end and exit code shares?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from console.domain.fleet import InstanceId, RegionName


class Outcome(StrEnum):
    """The named ends of a rollout."""

    COMPLETED = "completed"
    PARTIAL = "partial"
    ROLLED_BACK = "rolled_back"
    ABORTED = "aborted"
    REFUSED = "refused"
    INCONCLUSIVE = "inconclusive"


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


@dataclass(frozen=True, slots=True)
class RegionOutcome:
    """What is true of a region at the end, counted from Terraform's state and EC2."""

    region: RegionName
    phase: RegionPhase
    from_releases: tuple[str, ...]
    to_release: str
    new: int | None = None
    """Instances of the release; None, like every count, where the region could not be read."""
    old: int | None = None
    tainted: int | None = None
    deposed: int | None = None
    orphaned: int | None = None
    healthy: tuple[InstanceId, ...] | None = None
    """The instances whose heartbeat was fresh at the census."""
    happened: tuple[str, ...] = ()
    """What is true, in sentences, where the region is not whole."""
    next: tuple[str, ...] = ()
    """The moves that lead on from there, a command a line; the recommended one first."""
