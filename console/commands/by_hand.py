"""What does somebody do to a Terraform state behind the console's back? For practice only."""

from __future__ import annotations

import asyncio
from pathlib import Path

from console.domain.failure import Failure
from console.domain.fleet import RegionName, RegionState, SlotIndex, SlotTarget
from console.domain.policy import Unit
from console.engine.ports import PlanRequest, Progress, plan_file
from console.errors import RefusedError
from console.wiring import World, wire

_LOOK_S = 0.02
_TRIES = 5


class TerraformByHand:
    """Terraform on the states of a sandbox, with nobody to ask whether that is wise."""

    def __init__(self, config: Path) -> None:
        """Use the settings in `config`."""
        self._world = wire(config)

    def untaint(self, region: str, slots: range) -> None:
        """Run `terraform untaint` on slots of a region.

        Raises:
            RefusedError: Terraform refused.
        """
        asyncio.run(self._untaint(RegionName(region), slots))

    def leave_lock(self, region: str) -> str:
        """Kill a Terraform that holds the region's state lock, and return the lock's id.

        Raises:
            RefusedError: none could be caught with the lock in its hand.
        """
        return asyncio.run(self._leave_lock(RegionName(region)))

    async def _untaint(self, region: RegionName, slots: range) -> None:
        unit = _unit_of(self._world, region)
        for slot in slots:
            failure = await self._world.infrastructure.untaint(unit.name, region, SlotIndex(slot))
            if failure is not None:
                raise RefusedError(failure.message, failure.hint)

    async def _leave_lock(self, region: RegionName) -> str:
        unit = _unit_of(self._world, region)
        for _ in range(_TRIES):
            # A plan that changes nothing: whenever the kill comes, no instance is half made.
            plan = plan_file(self._world.settings.store / "plans" / "by-hand", unit.name, 0)
            await self._plan_nothing(unit, plan)
            if lock := await self._kill_at_lock(unit, region, plan):
                return lock
        raise RefusedError(
            f"no Terraform could be caught with the lock of {region} in its hand", "try it again"
        )

    async def _plan_nothing(self, unit: Unit, destination: Path) -> None:
        infrastructure = self._world.infrastructure
        states = await infrastructure.read(unit.name)
        if isinstance(states, Failure):
            raise RefusedError(states.message, states.hint)
        slots = {name: _as_they_are(name, state) for name, state in states.items()}
        request = PlanRequest(unit.name, slots, destination=destination)
        planned = await infrastructure.plan(request, _unheard)
        if isinstance(planned, Failure):
            raise RefusedError(planned.message, planned.hint)
        if planned.effective:
            raise RefusedError(
                f"{unit.name} is not as its state says: Terraform would change something",
                "release-console status shows what",
            )

    async def _kill_at_lock(self, unit: Unit, region: RegionName, plan: Path) -> str | None:
        infrastructure = self._world.infrastructure
        applying = asyncio.create_task(infrastructure.apply(unit.name, plan, _unheard))
        while not applying.done() and await self._lock(unit, region) is None:
            await asyncio.sleep(_LOOK_S)
        _kill_children()
        await applying
        return await self._lock(unit, region)

    async def _lock(self, unit: Unit, region: RegionName) -> str | None:
        states = await self._world.infrastructure.read(unit.name)
        lock = None if isinstance(states, Failure) else states[region].lock
        return None if lock is None else lock.id


def _unit_of(world: World, region: RegionName) -> Unit:
    return next(unit for unit in world.policy.units if region in unit.regions)


def _as_they_are(region: RegionName, state: RegionState) -> tuple[SlotTarget, ...]:
    current = sorted((o for o in state.objects if o.deposed_key is None), key=lambda o: o.slot)
    targets = tuple(o.target for o in current if o.target is not None)
    if len(targets) < len(current):
        raise RefusedError(f"{region}: an instance's tags do not say what it runs")
    return targets


def _kill_children() -> None:
    """SIGKILL Terraform and its providers: whatever this process has started."""
    import psutil

    for child in psutil.Process().children(recursive=True):
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue


def _unheard(progress: Progress) -> None:
    """Leave untold how far it is."""
