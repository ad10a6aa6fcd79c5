"""How is each effect done?

The performer turns an effect into calls of the ports and their answers into one observation. It
decides nothing about the rollout.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import assert_never

from console.domain import effects
from console.domain.counted import counted
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName, RegionSample, RegionState, SlotIndex
from console.domain.observations import (
    Built,
    Counted,
    Done,
    Failed,
    Observation,
    Planned,
    Pushed,
    Recovered,
    Sampled,
    Skipped,
)
from console.domain.recovery.lineage import lineages
from console.domain.rollout import Rollout
from console.domain.verification import watched
from console.engine.clock import SystemClock
from console.engine.draining import drain_leaving
from console.engine.evidence import with_evidence
from console.engine.past import with_newest
from console.engine.ports import (
    Alarms,
    Drain,
    Fleet,
    Images,
    Infrastructure,
    Interruptible,
    JournalError,
    PlanRequest,
    plan_file,
)
from console.engine.preflight import Preflight
from console.engine.probing import Probing
from console.engine.remedies import Remedies
from console.engine.stream import Stream
from console.engine.surveying import releases_of, survey_unit


class WorldPerformer:
    """Does effects on the real world, through the ports."""

    def __init__(
        self,
        infrastructure: Infrastructure,
        fleet: Fleet,
        images: Images,
        stream: Stream,
        plans: Path,
        remedies: Remedies,
        past: Callable[[], Iterable[Rollout]] = tuple,
        drain: Drain | None = None,
        alarms: Alarms | None = None,
        probing: Probing | None = None,
    ) -> None:
        """Put the parts together.

        Args:
            infrastructure: Terraform.
            fleet: AWS, read only.
            images: builds, tests and pushes.
            stream: hears the progress of what runs.
            plans: a directory of mode 0700 for saved plans.
            remedies: makes the moves that lead a region on.
            past: returns the fleet's rollouts that did anything, the newest first.
            drain: has workers finish that go without a replacement; None where only the stop signal
                does.
            alarms: the alarms that the settings name; None where they name none.
            probing: asks the probes that the settings name; None where they name none.
        """
        self._infrastructure = infrastructure
        self._fleet = fleet
        self._images = images
        self._stream = stream
        self._plans = plans
        self._remedies = remedies
        self._past = past
        self._drain = drain
        self._alarms = alarms
        self._probing = probing or Probing((), SystemClock())

    async def perform(self, effect: effects.Effect, rollout: Rollout) -> Observation:  # noqa: C901
        """Do `effect` and return what came of it."""
        match effect:
            case effects.Survey():
                preflight = Preflight(
                    self._infrastructure, self._fleet, self._images, self._alarms, self._past
                )
                return await preflight.survey(effect, rollout)
            case effects.Build():
                return await self._build(effect)
            case effects.Test():
                return await self._test(effect)
            case effects.Push():
                return await self._push(effect)
            case effects.MarkSlots():
                return await self._mark(effect)
            case effects.SwitchAlarms():
                return await self._switch_alarms(effect)
            case effects.MakePlan():
                return await self._plan(effect, rollout)
            case effects.ApplyPlan():
                return await self._apply(effect, rollout)
            case effects.TakeCensus():
                return await self._count(rollout)
            case effects.Recover(at, move):
                made = await self._remedies.make(move, rollout)
                if isinstance(made, Failure):
                    return Recovered(at, failure=made)
                return Recovered(at, made.note)
            case effects.InterruptTerraform():
                raise AssertionError("an interrupt has no result to wait for")
            case _:
                assert_never(effect)

    async def look(self, region: RegionName, rollout: Rollout) -> Sampled:
        """Look at `region` with the releases that this rollout can meet there."""
        return Sampled(await self._fleet.sample(region, releases_of(rollout, region)))

    async def sample(self, region: RegionName, rollout: Rollout) -> Sampled:
        """Look at `region`, and ask the probes there while its gates decide something."""
        if region not in watched(rollout):
            return await self.look(region, rollout)
        self._probing.ask(region, rollout)
        seen = await self.look(region, rollout)
        return Sampled(replace(seen.sample, probes=self._probing.answers(region, rollout)))

    def interrupt(self) -> None:
        """Send each running Terraform its one SIGINT; give up a build, a test or a push."""
        self._infrastructure.interrupt()
        if isinstance(self._images, Interruptible):
            self._images.interrupt()

    async def _build(self, effect: effects.Build) -> Observation:
        if effect.image is not None:
            built = await self._images.resolve(effect.image, effect.label)
        else:
            built = await self._images.build(effect.label, self._stream.progress)
        return Failed(effect.at, built) if isinstance(built, Failure) else Built(built)

    async def _test(self, effect: effects.Test) -> Observation:
        tested = await self._images.test(effect.image, self._stream.progress)
        if tested is None:
            return Skipped(effect.at, "no image.test is configured")
        return Failed(effect.at, tested) if isinstance(tested, Failure) else Done(effect.at, tested)

    async def _push(self, effect: effects.Push) -> Observation:
        pushed = await self._images.push(effect.image, effect.label, self._stream.progress)
        if isinstance(pushed, Failure):
            return Failed(effect.at, pushed)
        return Pushed(effect.at, pushed)

    async def _mark(self, effect: effects.MarkSlots) -> Observation:
        mark = self._infrastructure.untaint if effect.untaint else self._infrastructure.taint
        for region, slot in effect.addresses:
            # One after another: each takes the state lock.
            failure = await mark(effect.unit, region, SlotIndex(slot))
            if failure is not None:
                return Failed(effect.at, failure)
        return Done(effect.at, counted(len(effect.addresses), "slot"))

    async def _switch_alarms(self, effect: effects.SwitchAlarms) -> Observation:
        assert self._alarms is not None  # else preflight had found none to mute  # noqa: S101
        switch = self._alarms.unmute if effect.unmute else self._alarms.mute
        # Every region is tried, whatever becomes of another.
        answers = await asyncio.gather(*(switch(region, names) for region, names in effect.alarms))
        failures = [failure for failure in answers if failure is not None]
        if failures:
            told = "; ".join(failure.message for failure in failures)
            return Failed(effect.at, replace(failures[0], message=told))
        return Done(effect.at, ", ".join(name for _, names in effect.alarms for name in names))

    async def _plan(self, effect: effects.MakePlan, rollout: Rollout) -> Observation:
        request = PlanRequest(
            unit=effect.unit,
            slots=dict(effect.slots),
            replace=tuple((region, SlotIndex(slot)) for region, slot in effect.replace),
            only=effect.only,
            amis=dict(effect.amis),
            destination=plan_file(self._plans, effect.unit, effect.at.batch),
        )
        plan, samples = await asyncio.gather(
            self._infrastructure.plan(request, self._stream.progress),
            self._look([region for region, _ in effect.slots], rollout),
        )
        if isinstance(plan, Failure):
            return Failed(effect.at, plan)
        return Planned(effect.unit, effect.at.batch, plan, samples)

    async def _look(
        self, regions: Sequence[RegionName], rollout: Rollout
    ) -> tuple[RegionSample, ...]:
        """Look at several regions at once, and show what is seen."""
        seen = await asyncio.gather(*(self.look(region, rollout) for region in regions))
        for sampled in seen:
            self._stream.sample(sampled.sample)
        return tuple(sampled.sample for sampled in seen)

    async def _apply(self, effect: effects.ApplyPlan, rollout: Rollout) -> Observation:
        state = await self._infrastructure.read(effect.unit)
        if isinstance(state, Failure):
            return Failed(effect.at, _held_back(state))
        if (moved := _moved(state, effect)) is not None:
            return Failed(effect.at, moved)
        if self._drain is not None and rollout.request.scale is not None:
            planned = rollout.planned(rollout.unit(effect.unit))
            tell = self._stream.progress
            await drain_leaving(self._drain, self._fleet, planned, rollout, tell)
        plan = plan_file(self._plans, effect.unit, effect.at.batch)
        failure = await self._infrastructure.apply(effect.unit, plan, self._stream.progress)
        if failure is None:
            return Done(effect.at)
        after = await self._infrastructure.read(effect.unit)
        return Failed(effect.at, await with_evidence(failure, after, self._fleet, rollout))

    async def _count(self, rollout: Rollout) -> Observation:
        surveys = await asyncio.gather(
            *(
                survey_unit(self._infrastructure, self._fleet, unit, rollout)
                for unit in rollout.policy.units
            )
        )
        found = tuple(survey for of_unit in surveys for survey in of_unit)
        for survey in found:
            self._stream.sample(survey.sample)
        try:
            told = lineages((s.region for s in found), with_newest(rollout, self._past()))
        except JournalError:
            return Counted(found)  # then only this rollout tells
        return Counted(tuple(replace(s, before=told[s.region].before) for s in found))


def _held_back(failure: Failure) -> Failure:
    """A state that cannot be read holds the apply back: nothing was changed yet."""
    return Failure(FailureKind.REFUSED, failure.message, failure.hint, failure.evidence)


def _moved(state: Mapping[RegionName, RegionState], effect: effects.ApplyPlan) -> Failure | None:
    """Return why the plan may not be applied to the state as it is now."""
    for region, found in state.items():
        if found.lock is not None:
            return Failure(
                FailureKind.LOCKED,
                f"the state of {region} is locked by {found.lock.holder} "
                f"({found.lock.operation}, since {found.lock.since or 'an unknown time'})",
                "wait until that is finished; release-console status shows the lock",
            )
        if found.serial != effect.serial:
            return Failure(
                FailureKind.STALE,
                f"the state of {region} has moved from serial {effect.serial} to {found.serial} "
                "since the plan was made",
            )
    return None
