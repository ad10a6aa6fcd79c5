"""Who looks at the regions, and keeps looking?

Each region on its own: one that hangs delays no other's numbers. Nothing here changes anything.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.domain.events import Entry
    from console.domain.fleet import RegionName, RegionSample, RegionState
    from console.domain.policy import Unit
    from console.domain.release import ReleaseLabel
    from console.domain.rollout import Rollout
    from console.engine.ports import Progress
    from console.tui.bridge import Bridge
    from console.tui.calling import Calling
    from console.tui.surroundings import Surroundings

_log = logging.getLogger(__name__)

_LEASE_EVERY_S = 5.0
# Two calls for each instance that is not as it should be: as seldom as AWS has room for.
_STATES_A_CLOSER_LOOK = 4


class Lookout:
    """Looks at every region again and again, and tells the bridge."""

    def __init__(self, around: Surroundings, bridge: Bridge, calling: Calling) -> None:
        """Look through `around`, and tell `bridge` and `calling`."""
        self._around = around
        self._bridge = bridge
        self._calling = calling
        self._reading: asyncio.Task[None] | None = None
        self._states: dict[RegionName, RegionState] = {}
        self._samples: dict[RegionName, RegionSample] = {}

    async def look(self) -> None:
        """Look until cancelled. A bug in one look is logged, and the next one is taken."""
        units = self._around.policy.units
        await asyncio.gather(
            self._ask_who(),
            self._watch_lease(),
            *(self._watch_state(unit) for unit in units),
            *(self._watch_region(region) for unit in units for region in unit.regions),
            *(self._watch_closely(region) for unit in units for region in unit.regions),
        )

    def entry(self, entry: Entry, rollout: Rollout) -> None:
        """Read a unit's state at once when a step has changed it."""

        # No look needs them before the first fact.
        from console.domain.events import StepFinished
        from console.domain.steps import At, Step

        changes = {Step.TAINT, Step.UNTAINT, Step.APPLY}
        match entry.event:
            case StepFinished(At(step=step, unit=name)) if name is not None and step in changes:
                self._reading = asyncio.create_task(self.read_state(rollout.policy.unit(name)))
            case _:
                return

    def progress(self, progress: Progress) -> None:
        """Look no closer on progress."""

    def sample(self, sample: RegionSample) -> None:
        """Look no closer on the engine's own samples."""

    async def _ask_who(self) -> None:
        self._bridge.around(identity=await self._around.identity())

    async def _watch_lease(self) -> None:
        while True:
            try:
                lives = self._around.holder_lives()
                self._bridge.around(lease=self._around.lease(), holder_lives=lives)
            except Exception:  # noqa: BLE001 - logged, and looked again
                _log.exception("the lease could not be looked at")
            await asyncio.sleep(_LEASE_EVERY_S)

    async def _watch_region(self, region: RegionName) -> None:
        while True:
            try:
                sample = await self._around.sample(region, self._releases(region))
                self._samples[region] = sample
                self._bridge.sample(sample)
                self._calling.see(sample)
            except Exception:  # noqa: BLE001 - logged, and looked again
                _log.exception("a bug while looking at %s", region)
            await asyncio.sleep(self._around.sample_every.total_seconds())

    async def _watch_closely(self, region: RegionName) -> None:
        """Tell who crashes between two beats."""
        crashing = self._around.crashing
        every = self._around.state_every * _STATES_A_CLOSER_LOOK
        while crashing is not None:
            state, sample = self._states.get(region), self._samples.get(region)
            if state is None or sample is None:
                await asyncio.sleep(self._around.sample_every.total_seconds())
                continue
            try:
                self._bridge.crashing(region, await crashing(state, sample))
            except Exception:  # noqa: BLE001 - logged, and looked again
                _log.exception("a bug while looking closer at %s", region)
            await asyncio.sleep(every.total_seconds())

    async def _watch_state(self, unit: Unit) -> None:
        while True:
            await self.read_state(unit)
            await asyncio.sleep(self._around.state_every.total_seconds())

    async def read_state(self, unit: Unit) -> None:
        """Read one unit's state now."""
        try:
            found = await self._around.state(unit.name)
        except Exception:  # noqa: BLE001 - logged, and read again
            _log.exception("a bug while reading the state of %s", unit.name)
            return
        for region in unit.regions:
            if not isinstance(found, Mapping):
                self._bridge.state(region, found.message)
            elif region in found:
                self._states[region] = found[region]
                self._bridge.state(region, found[region])

    def _releases(self, region: RegionName) -> tuple[ReleaseLabel, ...]:
        """The releases that an instance of `region` may beat with, whatever its tag says."""
        rollout = self._bridge.rollout
        if rollout is None:
            return ()
        before = next((r.from_releases for r in rollout.regions if r.name == region), ())
        return tuple(dict.fromkeys((*before, rollout.request.label)))
