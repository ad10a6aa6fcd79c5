"""What do user data and console tell of the instances that are not as they should be?

Two calls an instance, so only for those: tainted, deposed, in no state, or beating as another
release than their tag says.
"""

from __future__ import annotations

import asyncio

from console.domain.fleet import Instance, RegionName, RegionSample, RegionState
from console.domain.observations import Closer
from console.engine.ports import Fleet

# A region in which all is wrong is understood from these, too.
_MOST = 24
# What the worker's unit prints each time that it starts the container.
_START = "docker: starts "


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
    releases = {beat.release for beat in sample.beats_of(instance.id) if beat.last_at is not None}
    tag = instance.target.release if instance.target is not None else None
    is_orphan = state is not None and not found
    return is_orphan or releases != {tag} or any(o.is_tainted or o.deposed_key for o in found)


async def _look(fleet: Fleet, region: RegionName, instance: Instance) -> Closer:
    started, console = await asyncio.gather(
        fleet.user_data(region, instance.id), fleet.console_output(region, instance.id)
    )
    return Closer(
        instance.id,
        started.value.release if started.value is not None else None,
        (console.value or "").count(_START),
    )
