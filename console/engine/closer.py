"""What do user data and console tell of the instances that are not as they should be?

Two calls an instance, so only for those: tainted, deposed, in no state, beating as another release
than their tag says, or finishing nothing although there are jobs.
"""

from __future__ import annotations

import asyncio

from console.domain.fleet import Instance, RegionName, RegionSample, RegionState
from console.domain.observations import Closer
from console.domain.recovery.restarts import restarts_in
from console.engine.ports import Fleet

# A region in which all is wrong is understood from these, too.
_MOST = 24


async def look_closer(
    fleet: Fleet, state: RegionState | None, sample: RegionSample
) -> tuple[Closer, ...]:
    """Return what is found; nothing for a region in which all is as it should be."""
    suspects = [i for i in sample.instances.value or () if _is_suspect(i, state, sample)]
    return tuple(await asyncio.gather(*(_look(fleet, sample.region, i) for i in suspects[:_MOST])))


def _is_suspect(instance: Instance, state: RegionState | None, sample: RegionSample) -> bool:
    if not instance.is_alive:
        return False
    found = [o for o in state.objects if o.instance == instance.id] if state is not None else []
    beats = sample.beats_of(instance.id)
    releases = {beat.release for beat in beats if beat.last_at is not None}
    tag = instance.target.release if instance.target is not None else None
    is_orphan = state is not None and not found
    is_left = is_orphan or any(o.is_tainted or o.deposed_key for o in found)
    does_nothing = _has_jobs(sample) and not any(beat.completions for beat in beats)
    return is_left or releases != {tag} or does_nothing


def _has_jobs(sample: RegionSample) -> bool:
    queue = sample.queue.value
    # What crashes on every job leaves it in flight until it becomes visible again.
    return queue is not None and queue.backlog + queue.in_flight > 0


async def _look(fleet: Fleet, region: RegionName, instance: Instance) -> Closer:
    started, console = await asyncio.gather(
        fleet.user_data(region, instance.id), fleet.console_output(region, instance.id)
    )
    return Closer(
        instance.id,
        started.value.release if started.value is not None else None,
        restarts_in(console.value or ""),
    )
