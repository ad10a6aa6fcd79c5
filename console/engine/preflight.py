"""May a rollout start at all?

Every check runs, and all that is wrong is told at once: an operator wants one list, not a game of
one error after another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from console.domain import effects
from console.domain.census import orphans
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import Reading, RegionName, RegionSample, RegionState, UnitName
from console.domain.observations import RegionSurvey, Surveyed
from console.domain.policy import Unit
from console.domain.rollout import Rollout
from console.engine.ports import Fleet, Images, Infrastructure

State = Mapping[RegionName, RegionState]


class Preflight:
    """Looks at everything that must hold before a rollout starts."""

    def __init__(self, infrastructure: Infrastructure, fleet: Fleet, images: Images) -> None:
        """Look through these ports."""
        self._infrastructure = infrastructure
        self._fleet = fleet
        self._images = images

    async def survey(self, effect: effects.Survey, rollout: Rollout) -> Surveyed:
        """Return what was found in every region, and every problem."""
        identity = await self._fleet.identity()
        if identity.error is not None:
            # Without credentials every other answer is the same error over again.
            hint = "log in, or set the profile: aws.profile in the settings, or AWS_PROFILE"
            refused = Failure(FailureKind.REFUSED, f"AWS does not know us: {identity.error}", hint)
            return Surveyed((), (refused,))
        image_problem, units = await asyncio.gather(
            self._check_image(effect, rollout),
            asyncio.gather(*(self._look(unit, rollout, effect) for unit in rollout.policy.units)),
        )
        found = tuple(survey for surveys, _ in units for survey in surveys)
        problems = tuple(problem for _, unit_problems in units for problem in unit_problems)
        if image_problem is not None:
            problems = (image_problem, *problems)
        return Surveyed(found, problems, tuple(_notes(found, rollout)), identity.value or "")

    async def _check_image(self, effect: effects.Survey, rollout: Rollout) -> Failure | None:
        if effect.image is None:
            return await self._images.check(rollout.request.label)
        resolved = await self._images.resolve(effect.image, rollout.request.label)
        return resolved if isinstance(resolved, Failure) else None

    async def _look(
        self, unit: Unit, rollout: Rollout, effect: effects.Survey
    ) -> tuple[list[RegionSurvey], list[Failure]]:
        label = rollout.request.label
        state, samples, amis = await asyncio.gather(
            self._state(unit.name),
            asyncio.gather(*(self._fleet.sample(region, [label]) for region in unit.regions)),
            asyncio.gather(*(self._fleet.ami(region) for region in unit.regions)),
        )
        if isinstance(state, Failure):
            return [], [state]
        surveys = [
            RegionSurvey(region, state.get(region), sample, ami.value)
            for region, sample, ami in zip(unit.regions, samples, amis, strict=True)
        ]
        problems = [
            problem
            for survey, ami in zip(surveys, amis, strict=True)
            for problem in _problems(survey, ami)
        ]
        if not effect.accept_leftovers:
            problems += [p for survey in surveys for p in _leftovers(survey, rollout)]
        return surveys, _only_once(problems)

    async def _state(self, unit: UnitName) -> State | Failure:
        failure = await self._infrastructure.prepare(unit)
        return failure if failure is not None else await self._infrastructure.read(unit)


def _problems(survey: RegionSurvey, ami: Reading[str | None]) -> Iterator[Failure]:
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
            f"wait until that is finished, or, if nobody runs it any more: "
            f"terraform force-unlock {state.lock.id}",
        )
    for orphan in orphans(state, survey.sample):
        yield Failure(
            FailureKind.REFUSED,
            f"{region}: {orphan.id} carries the fleet's tag and is in no Terraform state: "
            "an orphan that takes jobs nobody watches",
            f"aws ec2 terminate-instances --region {region} --instance-ids {orphan.id}",
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
                "release-console doctor tells what is reachable and what is not",
            )


def _leftovers(survey: RegionSurvey, rollout: Rollout) -> Iterator[Failure]:
    retry = f"release-console recover retry --yes --release {rollout.request.label}"
    for found in survey.state.objects if survey.state else ():
        if found.deposed_key is None and not found.is_tainted:
            continue
        kind = "a deposed object" if found.deposed_key else "tainted"
        yield Failure(
            FailureKind.REFUSED,
            f"{survey.region} slot {found.slot}: {found.instance} is {kind}, left over from an "
            "apply that did not end well",
            f"to replace what is left over with this release: {retry} {rollout.request.where}",
        )


def _only_once(problems: list[Failure]) -> list[Failure]:
    """Regions of one state share its lock; one sentence is enough."""
    return list({problem.message: problem for problem in problems}.values())


def _notes(found: tuple[RegionSurvey, ...], rollout: Rollout) -> Iterator[str]:
    for survey in found:
        wanted = rollout.region(survey.region).count
        slots = {o.slot for o in survey.state.objects} if survey.state else set()
        if len(slots) > wanted:
            yield (
                f"{survey.region} has {len(slots)} slots and the settings want {wanted}: "
                "a release removes none, so all of them are kept"
            )
