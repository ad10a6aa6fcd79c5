"""What is true of each region, as far as getting it whole again is concerned?

Reads the state, its lock, what an apply could not write, EC2 and heartbeats. Changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from console.domain.failure import Failure
from console.domain.fleet import (
    ErroredState,
    InstanceId,
    RegionName,
    RegionSample,
    RegionState,
    StateObject,
    UnitName,
)
from console.domain.observations import RegionSurvey
from console.domain.policy import Policy, Unit
from console.domain.recovery.assembly import situation_of
from console.domain.recovery.lineage import Lineage, lineages
from console.domain.recovery.situation import Liveness, Serial, Situation
from console.domain.release import ReleaseLabel
from console.domain.rollout import Rollout
from console.domain.view import Health
from console.engine.closer import look_closer
from console.engine.past import with_newest
from console.engine.ports import Clock, Fleet, Infrastructure


@dataclass(frozen=True, slots=True)
class Seen:
    """One region, looked at for its recovery."""

    survey: RegionSurvey
    situation: Situation
    lineage: Lineage


class Surveyor:
    """Looks at regions."""

    def __init__(
        self,
        infrastructure: Infrastructure,
        fleet: Fleet,
        policy: Policy,
        clock: Clock,
        *,
        boot_allowance: timedelta,
        past: Callable[[], Iterable[Rollout]] = tuple,
    ) -> None:
        """Look through these ports.

        Args:
            infrastructure: Terraform.
            fleet: AWS, read only.
            policy: the fleet's regions and units.
            clock: for the ages of beats and instances.
            boot_allowance: how long a new instance may take to beat for the first time.
            past: returns the fleet's rollouts that did anything, the newest first.
        """
        self._infrastructure = infrastructure
        self._fleet = fleet
        self._policy = policy
        self._clock = clock
        self._boot_allowance = boot_allowance
        self._past = past
        self._serials: dict[tuple[RegionName, str], Serial] = {}
        """Of the locked states, by the lock's id."""

    async def look(
        self, rollout: Rollout | None, regions: Sequence[RegionName] | None = None
    ) -> tuple[Seen, ...]:
        """Return what is true of `regions`, or of all.

        Args:
            rollout: the newest; None where there never was one.
            regions: only these; they need not be in the rollout.
        """
        wanted = set(regions if regions is not None else (r.name for r in self._policy.regions))
        units = [unit for unit in self._policy.units if wanted & set(unit.regions)]
        found = await asyncio.gather(
            *(survey_unit(self._infrastructure, self._fleet, unit, rollout) for unit in units)
        )
        of_region = lineages(wanted, with_newest(rollout, self._past()))
        return tuple(
            self._seen(self._watched(survey), of_region[survey.region])
            for of_unit in found
            for survey in of_unit
            if survey.region in wanted
        )

    def _watched(self, survey: RegionSurvey) -> RegionSurvey:
        """Return the survey with what all looks through this have shown of a locked state."""
        state = survey.state
        if state is None or state.lock is None:
            return survey
        now, key = self._clock.now(), (survey.region, state.lock.id)
        known = self._serials.get(key)
        serial = known.then(state.serial, now) if known else Serial(state.serial, now, now)
        self._serials[key] = serial
        return replace(survey, serial=serial)

    async def crashing(self, state: RegionState, sample: RegionSample) -> frozenset[InstanceId]:
        """Return those of a region's instances that crash, whether they beat or not.

        Args:
            state: the region's part of the state, as it was last read.
            sample: the newest look at the region.
        """
        closer = await look_closer(self._fleet, state, sample)
        if not any(found.restarts for found in closer):
            return frozenset()
        region = sample.region
        lineage = lineages([region], self._past())[region]
        seen = self._seen(RegionSurvey(region, state, sample, closer=closer), lineage)
        objects = seen.situation.objects
        return frozenset(found.id for found in objects if found.health is Health.CRASHING)

    def _seen(self, survey: RegionSurvey, lineage: Lineage) -> Seen:
        now, allowance = self._clock.now(), self._boot_allowance
        return Seen(survey, situation_of(survey, lineage, self._policy, now, allowance), lineage)

    def unit_of(self, region: RegionName) -> UnitName:
        """Return the unit that `region` belongs to."""
        return next(unit.name for unit in self._policy.units if region in unit.regions)


async def survey_unit(
    infrastructure: Infrastructure, fleet: Fleet, unit: Unit, rollout: Rollout | None
) -> tuple[RegionSurvey, ...]:
    """Return what is seen of every region of `unit` now."""
    states, errored, samples = await asyncio.gather(
        infrastructure.read(unit.name),
        infrastructure.errored(unit.name),
        asyncio.gather(*(fleet.sample(name, releases_of(rollout, name)) for name in unit.regions)),
    )
    if isinstance(states, Failure):
        return tuple(
            RegionSurvey(
                sample.region,
                None,
                sample,
                state_error=states.message,
                has_errored_state=errored is not None,
                unwritten=_unwritten(errored, sample.region),
            )
            for sample in samples
        )
    lock = next((state.lock for state in states.values() if state.lock is not None), None)
    holder = Liveness.UNKNOWN if lock is None else await infrastructure.holder(unit.name, lock)
    closer = await asyncio.gather(
        *(look_closer(fleet, states.get(sample.region), sample) for sample in samples)
    )
    return tuple(
        RegionSurvey(
            sample.region,
            states.get(sample.region),
            sample,
            holder=holder,
            has_errored_state=errored is not None,
            unwritten=_unwritten(errored, sample.region),
            closer=details,
        )
        for sample, details in zip(samples, closer, strict=True)
    )


def _unwritten(errored: ErroredState | None, region: RegionName) -> tuple[StateObject, ...]:
    return errored.regions.get(region, ()) if errored is not None else ()


def releases_of(rollout: Rollout | None, region: RegionName) -> tuple[ReleaseLabel, ...]:
    """Return the releases that an instance of `region` may beat with, whatever its tag says."""
    if rollout is None:
        return ()
    run = next((r for r in rollout.regions if r.name == region), None)
    before = run.from_releases if run is not None else ()
    return tuple(dict.fromkeys((*before, rollout.request.label)))
