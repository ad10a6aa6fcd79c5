"""Which regions show what would have been without the release?"""

from __future__ import annotations

from collections.abc import Iterable

from console.domain.baseline import Control, Group, measure
from console.domain.events import RegionMeasured
from console.domain.fleet import RegionName, RegionSample
from console.domain.outcome import RegionPhase
from console.domain.rollout import RegionRun, Rollout


def untouched(rollout: Rollout) -> tuple[RegionName, ...]:
    """Return the regions in which nothing was begun and something is to be done.

    A rollback has none: what it has not reached runs the release that is taken back.
    """
    if rollout.request.rolls_back:
        return ()
    begun = {unit.name for unit in rollout.units if unit.has_begun}
    return tuple(
        region.name
        for region in rollout.regions
        if any(region.batches) and region.phase is RegionPhase.WAITING and region.unit not in begun
    )


def first_look(rollout: Rollout, sample: RegionSample) -> tuple[RegionMeasured, ...]:
    """Return the first look of this wave at a region that is not touched; nothing for later ones.

    What cannot be measured yet is measured at the next look.
    """
    region = rollout.region(sample.region)
    numbers = measure(sample, rollout.policy.silent_after)
    is_first = region.untouched is None and region.name in untouched(rollout)
    is_blind = numbers.runs is None or numbers.backlog is None
    return (RegionMeasured(region.name, numbers),) if is_first and not is_blind else ()


def group_of(rollout: Rollout, samples: Iterable[RegionSample]) -> Group:
    """Return the regions that are not touched, as `samples` show them now."""
    names = set(untouched(rollout))
    return Group(
        tuple(
            _control(rollout.region(sample.region), sample, rollout)
            for sample in samples
            if sample.region in names
        ),
        rollout.policy.window,
    )


def _control(region: RegionRun, sample: RegionSample, rollout: Rollout) -> Control:
    pasts = (region.before, region.untouched)
    now = measure(sample, rollout.policy.silent_after)
    return Control(region.name, now, tuple(past for past in pasts if past is not None))
