"""What does a large fleet look like that is in the middle of a rollout, and always the same?

The engine, the screens and the journal are the real ones. What AWS would tell is recorded: every
look finds the same instances, with beats as old as they were and a queue that moves.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from console.domain import effects
from console.domain.fleet import RegionName, RegionSample
from console.domain.observations import Observation
from console.domain.policy import Approve, Policy
from console.domain.release import ReleaseLabel
from console.domain.rollout import Rollout
from console.tui.surroundings import Surroundings
from tests.rollout.world import OLD, PaperWorld, policy
from tests.tui.paper import Paper, PaperPerformer

Seen = Callable[[RegionName], None]
"""Is told of each look, when it is answered."""

_WAVES = 4
_ROLLED_WAVES = 2


@dataclass
class _HeldPerformer(PaperPerformer):
    """Lets the first waves through, and holds the applies of the next one."""

    async def perform(self, effect: effects.Effect, rollout: Rollout) -> Observation:
        """Answer, or wait for ever."""
        if isinstance(effect, effects.ApplyPlan) and rollout.wave > _ROLLED_WAVES:
            self.holds.add(effects.ApplyPlan)
        return await super().perform(effect, rollout)


def region_names(count: int) -> list[str]:
    """Return names as AWS's, for so many regions."""
    places = ("us", "eu", "ap", "sa", "ca", "me", "af")
    sides = ("east", "west", "north", "south", "central", "northeast", "southeast")
    made = (f"{p}_{s}_{n}" for n in itertools.count(1) for s in sides for p in places)
    return list(itertools.islice(made, count))


def paper(regions: int, instances: int) -> Paper:
    """Return a fleet of so many regions of so many instances, all of one release."""
    names = region_names(regions)
    world = PaperWorld({name.replace("_", "-"): [OLD] * instances for name in names})
    made = Paper(world, _in_waves(policy(**dict.fromkeys(names, instances))))
    made.performer = _HeldPerformer(world)
    return made


def surroundings(fleet: Paper, seen: Seen) -> Surroundings:
    """Return a fleet's surroundings, in which each region is looked at once a second.

    Args:
        fleet: what is looked at.
        seen: is told of every look.
    """
    ticks = itertools.count()

    async def sample(region: RegionName, _: Sequence[ReleaseLabel]) -> RegionSample:
        found = _moved(fleet.performer.look(region), next(ticks))
        seen(region)
        return found

    return replace(
        fleet.around(),
        sample=sample,
        sample_every=timedelta(seconds=1),
        state_every=timedelta(seconds=15),
    )


def _moved(sample: RegionSample, tick: int) -> RegionSample:
    """Return a look in which something is new: every number of the queue, and a silent worker."""
    queue, beats = sample.queue.value, sample.heartbeats.value
    if queue is None or beats is None:
        return sample
    moved = replace(queue, backlog=tick % 997, in_flight=tick % 89, oldest=timedelta(seconds=tick))
    silent = tick % len(beats)
    return replace(
        sample,
        queue=replace(sample.queue, value=moved),
        heartbeats=replace(sample.heartbeats, value=beats[:silent] + beats[silent + 1 :]),
    )


def _in_waves(rules: Policy) -> Policy:
    size = -(-len(rules.regions) // _WAVES)
    regions = tuple(
        replace(spec, wave=1 + place // size) for place, spec in enumerate(rules.regions)
    )
    waves = {spec.name: spec.wave for spec in regions}
    units = tuple(replace(unit, wave=waves[unit.regions[0]]) for unit in rules.units)
    return replace(
        rules, regions=regions, units=units, approve=Approve.ONCE, max_parallel=len(regions)
    )
