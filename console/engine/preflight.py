"""May a rollout start at all?

Every check runs, and all that is wrong is told at once: an operator wants one list, not a game of
one error after another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from console.domain import effects
from console.domain.census import ghosts, orphans
from console.domain.counted import counted
from console.domain.draining import misfits
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import (
    Reading,
    RegionName,
    RegionSample,
    RegionState,
    StateObject,
    UnitName,
)
from console.domain.observations import RegionSurvey, Surveyed
from console.domain.policy import Unit
from console.domain.recovery.lineage import unproven
from console.domain.recovery.next_step import again, over_leftovers
from console.domain.release import Digest
from console.domain.rollout import Rollout
from console.engine.alarm_survey import look_at_alarms
from console.engine.ports import Alarms, Fleet, Images, Infrastructure, JournalError

State = Mapping[RegionName, RegionState]

_SEE_DOCTOR = "release-console doctor tells what is reachable and what is not"


class Preflight:
    """Looks at everything that must hold before a rollout starts."""

    def __init__(
        self,
        infrastructure: Infrastructure,
        fleet: Fleet,
        images: Images,
        alarms: Alarms | None = None,
        past: Callable[[], Iterable[Rollout]] = tuple,
    ) -> None:
        """Look through these ports.

        Args:
            infrastructure: Terraform.
            fleet: AWS.
            images: the registry.
            alarms: None where the settings name none.
            past: returns the fleet's rollouts that did anything, the newest first.
        """
        self._infrastructure = infrastructure
        self._fleet = fleet
        self._images = images
        self._alarms = alarms
        self._past = past

    async def survey(self, effect: effects.Survey, rollout: Rollout) -> Surveyed:
        """Return what was found in every region, and every problem."""
        identity = await self._fleet.identity()
        if identity.error is not None:
            # Every other answer would be the same error over again.
            message = f"AWS was asked who we are: {identity.error}"
            hint = "release-console doctor tells what is reachable, and as whom"
            return Surveyed((), (Failure(FailureKind.REFUSED, message, hint),))
        image_problem, units = await asyncio.gather(
            self._check_image(effect, rollout),
            asyncio.gather(*(self._look(unit, rollout, effect) for unit in rollout.policy.units)),
        )
        found = tuple(survey for surveys, _, _ in units for survey in surveys)
        problems = tuple(problem for _, of_unit, _ in units for problem in of_unit)
        problems = _with_way_round(problems, found, rollout)
        if image_problem is not None:
            problems = (image_problem, *problems)
        notes = tuple(note for _, _, of_unit in units for note in of_unit)
        found = self._with_unproven(found)
        return Surveyed(found, problems, (*_notes(found, rollout), *notes), identity.value or "")

    def _with_unproven(self, found: tuple[RegionSurvey, ...]) -> tuple[RegionSurvey, ...]:
        """Add in which regions the gates of what runs there never passed."""
        runs = {survey.region: _digests(survey.state) for survey in found}
        try:
            names = unproven(runs, self._past())
        except JournalError:
            return found  # then nobody knows of any
        return tuple(replace(survey, is_unproven=survey.region in names) for survey in found)

    async def _check_image(self, effect: effects.Survey, rollout: Rollout) -> Failure | None:
        if rollout.request.ships_nothing:
            return None
        if effect.image is None:
            return await self._images.check(rollout.request.label)
        resolved = await self._images.resolve(effect.image, rollout.request.label)
        return resolved if isinstance(resolved, Failure) else None

    async def _look(
        self, unit: Unit, rollout: Rollout, effect: effects.Survey
    ) -> tuple[list[RegionSurvey], list[Failure], list[str]]:
        label = rollout.request.label
        state, errored, samples, amis, alarms = await asyncio.gather(
            self._state(unit.name),
            self._infrastructure.errored(unit.name),
            asyncio.gather(*(self._fleet.sample(region, [label]) for region in unit.regions)),
            asyncio.gather(*(self._fleet.ami(region) for region in unit.regions)),
            asyncio.gather(*(look_at_alarms(self._alarms, region) for region in unit.regions)),
        )
        if isinstance(state, Failure):
            return [], [state], []
        surveys = [
            RegionSurvey(
                region,
                state.get(region),
                sample,
                ami.value,
                alarms=seen.to_mute,
                alarming=seen.alarming,
            )
            for region, sample, ami, seen in zip(unit.regions, samples, amis, alarms, strict=True)
        ]
        problems = [
            problem
            for survey, ami in zip(surveys, amis, strict=True)
            for problem in _problems(survey, ami, rollout.request.where)
        ]
        lost = [p for survey in surveys for p in _orphans(survey, rollout.request.where)]
        if errored is not None:
            problems.append(_unwritten(unit, rollout.request.where))
        problems += [problem for seen in alarms for problem in seen.problems]
        notes = [note for seen in alarms for note in seen.notes]
        if effect.accept_leftovers:
            # No plan touches what is in no state, and a slot may need its worker before the orphan
            # that stands in for it can go.
            notes += [f"{p.message}; it is left alone; afterwards {p.hint}" for p in lost]
        else:
            problems += [*lost, *(p for survey in surveys for p in _leftovers(survey, rollout))]
        return surveys, _only_once(problems), notes

    async def _state(self, unit: UnitName) -> State | Failure:
        failure = await self._infrastructure.prepare(unit)
        return failure if failure is not None else await self._infrastructure.read(unit)


def _digests(state: RegionState | None) -> frozenset[Digest]:
    targets = [found.target for found in state.objects] if state is not None else []
    digests = (target.digest for target in targets if target is not None)
    return frozenset(digest for digest in digests if digest is not None)


def _problems(survey: RegionSurvey, ami: Reading[str | None], where: str) -> Iterator[Failure]:
    region, state = survey.region, survey.state
    yield from _unreadable(survey.sample, ami)
    if state is None or not state.objects:
        yield Failure(
            FailureKind.REFUSED,
            f"{region} has no workers in its Terraform state: there is no fleet to release to",
            "make the region's first fleet with terraform apply, then release to it",
        )
        return
    if state.lock is not None:
        yield Failure(
            FailureKind.LOCKED,
            f"the Terraform state of {region} is locked by {state.lock.holder} "
            f"({state.lock.operation}, since {state.lock.since or 'an unknown time'})",
            "wait until that is finished; whether its holder lives, and what to do if not: "
            f"release-console recover --region {region} {where}".rstrip(),
        )


def _orphans(survey: RegionSurvey, where: str) -> Iterator[Failure]:
    if survey.state is None or not survey.state.objects:
        return
    region = survey.region
    for orphan in orphans(survey.state, survey.sample):
        yield Failure(
            FailureKind.REFUSED,
            f"{region}: {orphan.id} carries the fleet's tag and is in no Terraform state: "
            "an orphan that takes jobs nobody watches",
            f"adopt or terminate it: release-console recover --region {region} {where}".rstrip(),
        )


def _unwritten(unit: Unit, where: str) -> Failure:
    region = unit.regions[0]
    return Failure(
        FailureKind.REFUSED,
        f"an apply could not write the state of {', '.join(unit.regions)}: it lies in a file, and "
        "Terraform does not know what runs until it is pushed",
        f"release-console recover push-state --region {region} {where}".rstrip(),
    )


def _unreadable(sample: RegionSample, ami: Reading[str | None]) -> Iterator[Failure]:
    sources: Sequence[tuple[str, Reading[object]]] = (
        ("instances", sample.instances),
        ("heartbeats", sample.heartbeats),
        ("queues", sample.queue),
        ("machine image", ami),
    )
    for what, reading in sources:
        if reading.error is not None:
            yield Failure(
                FailureKind.REFUSED,
                f"the {what} of {sample.region} cannot be read: {reading.error}",
                _SEE_DOCTOR,
            )


def _with_way_round(
    problems: tuple[Failure, ...], found: tuple[RegionSurvey, ...], rollout: Rollout
) -> tuple[Failure, ...]:
    """Add how the rollout goes without the regions that cannot be read, where others can."""
    readable = tuple(s.region for s in found if s.sample.instances.error is None)
    lost = [r.name for r in rollout.policy.regions if r.name not in readable]
    if not lost or not readable:
        return problems
    way = f"{_SEE_DOCTOR}; without {', '.join(lost)}: {again(rollout, readable)}"
    return tuple(
        replace(found, hint=way) if found.hint == _SEE_DOCTOR else found for found in problems
    )


def _leftovers(survey: RegionSurvey, rollout: Rollout) -> Iterator[Failure]:
    gone = ghosts(survey.state, survey.sample)
    objects = survey.state.objects if survey.state else ()
    # A deposed object keeps the mark that its replacement began with.
    marked = {o.slot for o in objects if o.is_tainted and not o.deposed_key}
    for found in objects:
        what = _left_over(found, is_gone=found in gone, is_marked=found.slot in marked)
        if what:
            yield Failure(
                FailureKind.REFUSED,
                f"{survey.region} slot {found.slot}: {found.instance} is {what}",
                f"what may be done: release-console recover {rollout.request.where}".rstrip()
                + f"; to replace it with this release: {over_leftovers(rollout)}",
            )


def _left_over(found: StateObject, *, is_gone: bool, is_marked: bool) -> str:
    if found.deposed_key:
        what = "a deposed object, left over from an apply that did not end well"
        if is_marked or is_gone:
            return what
        return (
            f"{what}: it is the slot's old worker, and with no mark on the slot the next plan "
            "would destroy it and create nothing in its place"
        )
    if is_gone:
        return "in the state and gone from EC2: somebody has terminated it"
    return "tainted, and was not replaced" if found.is_tainted else ""


def _only_once(problems: list[Failure]) -> list[Failure]:
    """Regions of one state share its lock; one sentence is enough."""
    return list({problem.message: problem for problem in problems}.values())


def _notes(found: tuple[RegionSurvey, ...], rollout: Rollout) -> Iterator[str]:
    yield from dict.fromkeys(
        text
        for survey in found
        for text in misfits(rollout.policy.drain, _visibility(survey.sample))
    )
    if rollout.request.scale is not None:
        return
    for survey in found:
        slots = {o.slot for o in survey.state.objects} if survey.state else set()
        yield from _of_count(rollout, survey.region, len(slots))


def _visibility(sample: RegionSample) -> timedelta | None:
    return sample.queue.value.visibility if sample.queue.value is not None else None


def _of_count(rollout: Rollout, name: RegionName, slots: int) -> Iterator[str]:
    """Say where a region's slots and the settings differ, and what this release makes of it."""
    spec, where = rollout.policy.region(name), rollout.request.where
    scale = f"release-console scale {name}"
    if spec.in_settings is not None:
        yield (
            f"{name} was scaled to {spec.count} and the settings still want {spec.in_settings}: "
            f"{spec.count} it stays; write count: {spec.count} there, or: "
            f"{scale} {spec.in_settings} {where}".rstrip()
        )
    if slots > spec.count:
        yield (
            f"{name} has {slots} slots and the settings want {spec.count}: a release removes none, "
            f"so all of them are kept; to remove them: {scale} {spec.count} {where}".rstrip()
        )
    if slots < spec.count and not rollout.request.only:
        yield (
            f"{name} has {counted(slots, 'slot')} and the settings want {spec.count}: "
            f"this release adds {spec.count - slots}"
        )
