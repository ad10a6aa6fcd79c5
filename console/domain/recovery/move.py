"""What exactly did somebody say yes to?"""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.fleet import InstanceId, RegionName
from console.domain.recovery.remedies import Remedy


@dataclass(frozen=True, slots=True)
class Move:
    """One remedy in one region, as it was shown. Anything else that would be done is another."""

    region: RegionName
    remedy: Remedy
    slots: tuple[int, ...] = ()
    instance: InstanceId | None = None
    """The orphan that it is about."""
    removes: tuple[InstanceId, ...] = ()
    """The instances that it terminates."""
    lock: str = ""
    """The id of the state lock that `unlock` removes."""
    serial: int = 0
    """The serial of the state that it is on: with another one somebody still writes it."""

    def __str__(self) -> str:
        """Return it in words: `restore of us-west-1 slots 0, 1`."""
        noun = "slot" if len(self.slots) == 1 else "slots"
        slots = f" {noun} {', '.join(map(str, self.slots))}" if self.slots else ""
        about = f" ({self.instance})" if self.instance else ""
        return f"{self.remedy} of {self.region}{slots}{about}"


@dataclass(frozen=True, slots=True)
class Promised:
    """What a move that is a rollout of its own shall have led to in one region."""

    region: RegionName
    healthy: int
    """Workers that are healthy then."""
    left_over: int
    """Objects that are tainted, deposed, gone, or in no state."""
