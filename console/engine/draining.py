"""How do workers finish their jobs before their instances go?

A drain helps and never holds back: whatever it cannot finish in time, the queue shows again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from console.domain.fleet import Instance, InstanceId, RegionName
from console.domain.plan import Plan
from console.domain.rollout import Rollout
from console.engine.ports import Drain, Fleet, OnProgress, Progress, ProgressKind


async def drain_leaving(
    drain: Drain, fleet: Fleet, plan: Plan, rollout: Rollout, on_progress: OnProgress
) -> None:
    """Drain every instance that `plan` destroys and replaces by nothing, all at once."""
    going: dict[RegionName, set[InstanceId]] = {}
    for change in plan.effective:
        if change.region is None or change.instance is None:
            continue
        if change.destroys and change.slot in rollout.leaving(change.region):
            going.setdefault(change.region, set()).add(change.instance)
    for region, ids in going.items():
        sample = await fleet.sample(region, [])
        found = [i for i in sample.instances.value or () if i.id in ids and i.is_running]
        await drain_all(drain, region, found, on_progress)


async def drain_all(
    drain: Drain, region: RegionName, instances: Iterable[Instance], on_progress: OnProgress
) -> None:
    """Drain `instances` of `region` at once, and tell how each ended."""

    async def one(instance: Instance) -> None:
        say(f"{region}: {instance.id} is drained: it finishes what it has taken")
        failure = await drain.drain(region, instance, on_progress)
        if failure is None:
            say(f"{region}: {instance.id} has nothing in flight any more")
        else:
            say(f"{region}: {failure.message}; it goes with its stop signal and the grace of that")

    def say(text: str) -> None:
        on_progress(Progress(ProgressKind.OUTPUT, text))

    await asyncio.gather(*(one(instance) for instance in instances))


async def drain_predecessors(
    drain: Drain, fleet: Fleet, region: RegionName, successor: InstanceId, on_progress: OnProgress
) -> None:
    """Drain what stood in the slot of `successor`, which has just proven itself.

    Terraform destroys these objects as soon as the successor's provisioner has ended: the old one,
    and whatever an earlier attempt has left in the slot.
    """
    sample = await fleet.sample(region, [])
    instances = sample.instances.value or ()
    slot = next((i.slot for i in instances if i.id == successor), None)
    if slot is None:
        why = sample.instances.error or "EC2 does not tell its slot"
        text = f"{region}: nobody can tell what {successor} replaces ({why}): nothing is drained"
        on_progress(Progress(ProgressKind.OUTPUT, text))
        return
    before = [i for i in instances if i.slot == slot and i.id != successor and i.is_running]
    await drain_all(drain, region, before, on_progress)
