"""Which variables does one plan get?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from console.adapters.aws.queues import QueueUrls
from console.adapters.terraform import variables
from console.adapters.terraform.spec import TerraformSpec
from console.adapters.terraform.variables import Json, Layout
from console.domain.failure import Failure
from console.domain.fleet import RegionName, RegionState, SlotTarget
from console.domain.release import ImageRef, ReleaseLabel
from console.engine.ports import PlanRequest

FindQueues = Callable[[RegionName], Awaitable[QueueUrls | Failure]]

# Stands for a slot outside the plan's targets whose tags are missing; Terraform never looks at it.
_UNKNOWN = SlotTarget(ReleaseLabel("unknown"), ImageRef(f"unknown@sha256:{'0' * 64}"))


async def variables_of(
    spec: TerraformSpec,
    request: PlanRequest,
    states: Mapping[RegionName, RegionState],
    find_queues: FindQueues,
) -> dict[str, Json] | Failure:
    """Return the variables for `request`.

    Args:
        spec: what the settings say.
        request: what is to be planned.
        states: what the unit's state holds, for all of its regions.
        find_queues: asks SQS for the URLs.
    """
    amis = request.amis or {}
    if spec.layout is Layout.PER_REGION:
        (region,) = spec.units[request.unit]
        queues = await find_queues(region)
        if isinstance(queues, Failure):
            return queues
        slots = request.slots[region]
        return variables.of_region(spec.given, region, slots, queues, amis.get(region))
    urls = await _all_queues(spec, find_queues)
    if isinstance(urls, Failure):
        return urls
    every = {name: request.slots.get(name, _slots_in(states[name])) for name in spec.regions}
    return variables.of_single_root(spec.given, every, urls, amis)


async def _all_queues(
    spec: TerraformSpec, find_queues: FindQueues
) -> dict[RegionName, QueueUrls] | Failure:
    found = await asyncio.gather(*(find_queues(name) for name in spec.regions))
    urls: dict[RegionName, QueueUrls] = {}
    for name, queues in zip(spec.regions, found, strict=True):
        if isinstance(queues, Failure):
            return queues
        urls[name] = queues
    return urls


def _slots_in(state: RegionState) -> tuple[SlotTarget, ...]:
    """Return what a region's slots run by its state, for a plan that does not cover it."""
    count = max((found.slot for found in state.objects), default=-1) + 1
    currents = (state.current(slot) for slot in range(count))
    return tuple((found.target if found else None) or _UNKNOWN for found in currents)
