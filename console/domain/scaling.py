"""What does it mean that a region gets another number of workers?

A scale is a rollout like any other, of slots instead of a release: up, new slots get what most of
the region's slots run; down, the highest slots go, and nothing takes their place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from console.domain.counted import counted
from console.domain.policy import Policy, RegionSpec
from console.domain.vocabulary import RegionName, SlotIndex

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scale:
    """Another number of slots for one region."""

    region: RegionName
    to: int
    """Slots that it shall have, at least 1."""
    before: int
    """Slots that it had when this was asked for."""
    settings: int
    """What the settings wanted then; while they say the same, the scale stands."""

    @property
    def is_down(self) -> bool:
        """Whether slots go."""
        return self.to < self.before

    @property
    def adds(self) -> bool:
        """Whether new workers come, who need an image and have to prove themselves."""
        return self.to > self.before

    @property
    def is_dangerous(self) -> bool:
        """Whether less than half of the region would be left."""
        return self.to * 2 < self.before

    @property
    def told(self) -> str:
        """What it does, in words: `us-west-1 from 3 slots to 1`."""
        return f"{self.region} from {counted(self.before, 'slot')} to {self.to}"


def leaving(scale: Scale | None, region: RegionName, filled: Iterable[int]) -> frozenset[SlotIndex]:
    """Return the slots of `region` that go and get no replacement.

    Args:
        scale: what is asked for; None where a release is rolled out.
        region: whose slots.
        filled: the slots that had an object when the rollout began.
    """
    if scale is None or scale.region != region:
        return frozenset()
    return frozenset(SlotIndex(slot) for slot in filled if slot >= scale.to)


def most_run(targets: Iterable[T | None]) -> T | None:
    """Return what most slots run; of several the one of the lowest slot. None for no slots."""
    found = Counter(target for target in targets if target is not None)
    return found.most_common(1)[0][0] if found else None


def standing(policy: Policy, scales: Mapping[RegionName, Scale]) -> Policy:
    """Return the rules with the number of slots that each region was given last.

    A scale stands until the settings say another number than when it was asked for: whoever
    changes them wants what they say.

    Args:
        policy: as the settings have it.
        scales: the newest scale of each region that came to its end.
    """
    return replace(policy, regions=tuple(_standing(r, scales.get(r.name)) for r in policy.regions))


def _standing(region: RegionSpec, scale: Scale | None) -> RegionSpec:
    if scale is None or scale.settings != region.count or scale.to == region.count:
        return region
    return replace(region, count=scale.to, in_settings=region.count)


def rules_of(policy: Policy, scale: Scale) -> Policy:
    """Return the rules of a scale.

    What its verify has to show is that each slot has its healthy worker. How the jobs fare is not
    its doing: a region is scaled up because its backlog is long, and no release has to prove
    itself while it bakes.

    Args:
        policy: the rules of the scaled region.
        scale: what is asked for.
    """
    gates = replace(
        policy.gates,
        completions_min=policy.gates.completions_min if scale.adds else None,
        backlog_per_worker=None,
        oldest=None,
        dead_letters_max_new=None,
        failures_max_ratio=None,
        probes=(),
    )
    regions = tuple(
        replace(region, count=scale.to, in_settings=None) if region.name == scale.region else region
        for region in policy.regions
    )
    return replace(
        policy, regions=regions, gates=gates, bake=timedelta(0), watch_after=timedelta(0)
    )
