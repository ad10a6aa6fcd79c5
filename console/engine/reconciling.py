"""What has happened to a rollout since its console died?

Terraform outlives its console. So whoever takes the rollout up waits for what still runs, and then
looks: at the state and at EC2, never at what was intended.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName, RegionState, UnitName
from console.domain.observations import RegionSurvey
from console.domain.reconciliation import ApplyEnd, reconcile
from console.domain.recovery.typed import unlocking
from console.domain.rollout import Rollout
from console.domain.steps import Step
from console.engine.ports import Fleet, Infrastructure, OnProgress


class Reconciler:
    """Finds out what became of each apply that was under way."""

    def __init__(self, infrastructure: Infrastructure, fleet: Fleet, tell: OnProgress) -> None:
        """Look through these ports; `tell` hears what a Terraform prints that still runs."""
        self._infrastructure = infrastructure
        self._fleet = fleet
        self._tell = tell

    async def look(self, rollout: Rollout) -> tuple[ApplyEnd, ...] | Failure:
        """Return the end of every apply that the journal of `rollout` has no end of.

        Returns:
            A failure where somebody else's Terraform holds a state, or where a region cannot be
            read now: then nobody can tell, and nothing may go on.
        """
        units = dict.fromkeys(s.at.unit for s in rollout.running if s.at.unit is not None)
        moved = {left.move.region for left in rollout.open_moves}
        units |= dict.fromkeys(run.unit for run in rollout.regions if run.name in moved)
        await asyncio.gather(
            *(self._infrastructure.await_others(unit, self._tell) for unit in units)
        )
        ends = []
        for record in rollout.running:
            if record.at.step is not Step.APPLY or record.at.unit is None:
                continue
            surveys = await self._survey(rollout, record.at.unit)
            if isinstance(surveys, Failure):
                return surveys
            ends.append(reconcile(rollout, record.at, surveys))
        return tuple(ends)

    async def _survey(self, rollout: Rollout, unit: UnitName) -> tuple[RegionSurvey, ...] | Failure:
        regions = rollout.unit(unit).regions
        states, samples = await asyncio.gather(
            self._infrastructure.read(unit),
            asyncio.gather(
                *(self._fleet.sample(region, [rollout.request.label]) for region in regions)
            ),
        )
        if isinstance(states, Failure):
            return replace(states, hint=f"{states.hint}; {_read_again(rollout)}".lstrip("; "))
        for region, sample in zip(regions, samples, strict=True):
            if sample.instances.error is not None:
                message = f"the instances of {region} cannot be read: {sample.instances.error}"
                return Failure(FailureKind.INCONCLUSIVE, message, _read_again(rollout))
            if (held := _held_elsewhere(region, states[region], rollout)) is not None:
                return held
        return tuple(
            RegionSurvey(region, states[region], sample)
            for region, sample in zip(regions, samples, strict=True)
        )


def _read_again(rollout: Rollout) -> str:
    where = rollout.request.where
    doctor, again, end = (
        f"release-console {words} {where}".rstrip() for words in ("doctor", "resume", "abort --yes")
    )
    return (
        f"see that the region answers ({doctor}), then take it up again: {again}; "
        f"or end it, with that region recorded as unknown: {end}"
    )


def _held_elsewhere(region: str, state: RegionState, rollout: Rollout) -> Failure | None:
    """Return why nobody can go on: a lock that was taken on another machine may be alive.

    One that was taken here is dead: no Terraform of ours works on the unit any more.
    """
    lock = state.lock
    if lock is None or lock.holder.partition("@")[2] == socket.gethostname():
        return None
    return Failure(
        FailureKind.LOCKED,
        f"the state of {region} is locked by {lock.holder} ({lock.operation}, since "
        f"{lock.since or 'an unknown time'}), and whether that Terraform lives cannot be seen here",
        "take the rollout up on that machine; or, once it is known to be dead, take its lock away "
        f"and resume again: {unlocking(RegionName(region), lock, rollout.request.where)}",
    )
