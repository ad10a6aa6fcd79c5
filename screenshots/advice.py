"""What is advised for a region at a moment of a recording?

The situation is put together as the console's surveyor does it, from what was seen by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from console.domain.fleet import RegionSample, RegionState
from console.domain.observations import Closer, RegionSurvey
from console.domain.policy import Policy
from console.domain.recovery.advice import Advice, advise
from console.domain.recovery.assembly import situation_of
from console.domain.recovery.lineage import lineages
from console.domain.recovery.situation import Situation
from console.domain.rollout import Rollout
from screenshots.world import PATIENCE


def advised(
    seen: Sequence[tuple[RegionState, RegionSample]],
    past: Iterable[Rollout],
    policy: Policy,
    moment: datetime,
) -> tuple[tuple[Situation, Advice], ...]:
    """Return the situation of each region, and the moves that there are.

    Args:
        seen: the newest state of each region, and the newest look at it.
        past: the fleet's rollouts, the newest first.
        policy: the fleet's rules.
        moment: when the clock stands still.
    """
    surveys = (
        RegionSurvey(sample.region, state, sample, closer=tuple(_closer(state, sample)))
        for state, sample in seen
    )
    told = lineages([sample.region for _, sample in seen], past)
    situations = [
        situation_of(survey, told[survey.region], policy, moment, PATIENCE) for survey in surveys
    ]
    return tuple((situation, advise(situation)) for situation in situations)


def _closer(state: RegionState, sample: RegionSample) -> Iterator[Closer]:
    """Yield what user data tells of each instance that is marked or an old one."""
    unfinished = {o.instance for o in state.objects if o.is_tainted or o.deposed_key}
    for instance in sample.instances.value or ():
        if instance.id in unfinished and instance.target is not None:
            # In a rehearsal an instance starts what its tag says.
            yield Closer(instance.id, instance.target.release)
