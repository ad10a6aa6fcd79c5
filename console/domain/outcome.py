"""How did a rollout end, in the words that every front end and exit code shares?"""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.vocabulary import InstanceId, RegionName
from console.domain.vocabulary import Outcome as Outcome
from console.domain.vocabulary import RegionPhase as RegionPhase


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
