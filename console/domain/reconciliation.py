"""What has an apply done that nobody saw the end of?

A console may die while Terraform applies. Terraform goes on without it, or dies as well. Whoever
takes the rollout up looks at the state and at EC2, and this says what they show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from console.domain.census import orphans
from console.domain.fleet import RegionState, SlotIndex
from console.domain.observations import RegionSurvey
from console.domain.rollout import RegionRun, Rollout
from console.domain.steps import At


class Found(StrEnum):
    """How far an apply had come."""

    UNTOUCHED = "untouched"
    """It has changed nothing: its plan may be made and approved again."""
    APPLIED = "applied"
    """It has done all that its plan said."""
    HALFWAY = "halfway"
    """It has done a part, or nobody can tell."""


@dataclass(frozen=True, slots=True)
class ApplyEnd:
    """What became of one apply."""

    at: At
    found: Found
    message: str
    """What shows it, in a sentence."""


def reconcile(rollout: Rollout, at: At, surveys: Sequence[RegionSurvey]) -> ApplyEnd:
    """Return what became of the apply at `at`.

    Args:
        rollout: as its journal tells it, with that apply under way.
        at: the apply.
        surveys: the unit's regions, looked at when no Terraform of ours ran there any more.
    """
    assert at.unit is not None  # an apply belongs to a unit  # noqa: S101
    regions = rollout.regions_of(rollout.unit(at.unit))
    seen = {survey.region: survey for survey in surveys}
    open_ends = [
        text
        for region in regions
        for text in _open_ends(rollout, region, at.batch, seen.get(region.name))
    ]
    if not open_ends:
        return ApplyEnd(at, Found.APPLIED, "the state shows everything that its plan announced")
    if _is_untouched(rollout, at, surveys):
        return ApplyEnd(at, Found.UNTOUCHED, "the state has not moved since its plan was made")
    return ApplyEnd(at, Found.HALFWAY, "; ".join(open_ends))


def _open_ends(
    rollout: Rollout, region: RegionRun, batch: int, survey: RegionSurvey | None
) -> Iterator[str]:
    """Yield what the batch still lacks in `region`."""
    if survey is None or survey.state is None:
        yield f"the state of {region.name} cannot be read"
        return
    if survey.state.lock is not None:
        lock = survey.state.lock
        yield f"the state of {region.name} is still locked by {lock.holder} ({lock.operation})"
    for slot in region.batches[batch]:
        yield from _of_slot(rollout, region, slot, survey.state)
    for orphan in orphans(survey.state, survey.sample):
        if orphan.id not in region.orphans:  # else it stood there before, and is left alone
            yield f"{region.name}: {orphan.id} runs and is in no state"


def _of_slot(
    rollout: Rollout, region: RegionRun, slot: SlotIndex, state: RegionState
) -> Iterator[str]:
    current = state.current(slot)
    place = f"{region.name} slot {slot}"
    if slot in rollout.leaving(region.name):
        if current is not None:
            yield f"{place}: {current.instance} was to go and is still there"
    elif current is None:
        yield f"{place} has no current object"
    elif current.is_tainted:
        yield f"{place}: {current.instance} is tainted"
    elif current.target != rollout.target_in(region.name):
        yield f"{place} still runs {current.target.release if current.target else 'nothing'}"
    for deposed in state.deposed(slot):
        yield f"{place}: {deposed.instance} is deposed and not destroyed"


def _is_untouched(rollout: Rollout, at: At, surveys: Sequence[RegionSurvey]) -> bool:
    """Whether state and EC2 are as they were when the plan was made.

    An instance that Terraform had just created when it was killed is in no state yet, so that the
    serial alone proves nothing.
    """
    assert at.unit is not None  # noqa: S101
    plan = rollout.planned(rollout.unit(at.unit))
    return bool(surveys) and all(
        survey.state is not None
        and survey.state.serial == plan.serial
        and survey.state.lock is None
        and survey.sample.instances.error is None
        and all(
            orphan.id in rollout.region(survey.region).orphans
            for orphan in orphans(survey.state, survey.sample)
        )
        for survey in surveys
    )
