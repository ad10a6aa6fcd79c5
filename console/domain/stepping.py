"""What does the start or the end of a step change about a rollout?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from console.domain.changes import with_phase, with_region, with_unit
from console.domain.events import StepFinished
from console.domain.failure import FailureKind
from console.domain.fleet import UnitName
from console.domain.outcome import RegionPhase
from console.domain.rollout import Rollout, StepRecord, UnitPhase
from console.domain.steps import At, Result, Step

_BEGINS = {
    Step.TAINT: RegionPhase.MARKING,
    Step.PLAN: RegionPhase.PLANNING,
    Step.APPLY: RegionPhase.APPLYING,
    Step.VERIFY: RegionPhase.VERIFYING,
}


def step_started(rollout: Rollout, where: At, at: datetime) -> Rollout:
    """Return the rollout with the step at `where` begun at `at`."""
    begun = replace(rollout, steps=(*rollout.steps, StepRecord(where, at)))
    if where.unit is None:
        return begun
    if where.step is Step.TAINT:
        # Marked from the first command on: some of the slots may be tainted when it fails.
        begun = with_unit(begun, where.unit, is_marked=True)
    if where.step is Step.MUTE:
        # From the first call on: some of the alarms may be muted when it fails.
        begun = with_unit(begun, where.unit, is_muted=True, unmute_tries=0)
    if where.step in _BEGINS:
        begun = with_phase(begun, where.unit, _BEGINS[where.step])
    return begun


def step_finished(rollout: Rollout, event: StepFinished, at: datetime) -> Rollout:
    """Return the rollout with a step ended at `at`, and with what it has reached."""
    if not any(s.at == event.at and s.finished_at is None for s in rollout.steps):
        # A step that is skipped was never begun.
        return _left_out(rollout, event, at)
    steps = tuple(
        replace(s, finished_at=at, result=event.result, note=event.note)
        if s.at == event.at and s.finished_at is None
        else s
        for s in rollout.steps
    )
    ended = _with_marks_used(replace(rollout, steps=steps), event)
    if event.at.unit is None:
        return ended
    if event.result is Result.FAILED:
        return _still_muted(ended, event.at)
    match event.at.step:
        case Step.TAINT:
            return with_unit(ended, event.at.unit, phase=UnitPhase.MARKED)
        case Step.APPLY:
            return _applied(ended, event.at.unit, at)
        case Step.VERIFY:
            return _verified(ended, event.at.unit)
        case Step.UNTAINT:
            return with_unit(ended, event.at.unit, is_marked=False)
        case Step.UNMUTE:
            return with_unit(ended, event.at.unit, is_muted=False)
        case _:
            return ended


def _left_out(rollout: Rollout, event: StepFinished, at: datetime) -> Rollout:
    record = StepRecord(event.at, at, at, event.result, event.note)
    skipped = replace(rollout, steps=(*rollout.steps, record))
    if event.at.step is not Step.APPLY or event.at.unit is None:
        return skipped
    # What an earlier rollout has applied there is verified as if this one had.
    return _applied(replace(skipped, has_changed=True), event.at.unit, at)


def _still_muted(rollout: Rollout, at: At) -> Rollout:
    if at.step is not Step.UNMUTE or at.unit is None:
        return rollout
    return with_unit(rollout, at.unit, unmute_tries=rollout.unit(at.unit).unmute_tries + 1)


# What an apply can answer before it has changed anything.
_HELD_BACK = {FailureKind.STALE, FailureKind.LOCKED, FailureKind.REFUSED}


def _with_marks_used(rollout: Rollout, event: StepFinished) -> Rollout:
    """Record that an apply has changed something, and that its slots' marks are used up."""
    was_held_back = event.failure is not None and event.failure.kind in _HELD_BACK
    if event.at.step is not Step.APPLY or event.at.unit is None or was_held_back:
        return rollout
    return with_unit(replace(rollout, has_changed=True), event.at.unit, is_marked=False)


def _applied(rollout: Rollout, name: UnitName, at: datetime) -> Rollout:
    unit = rollout.unit(name)
    applied = rollout
    for region in rollout.regions_of(unit):
        applied = with_region(
            applied,
            region.name,
            slots=rollout.targets(region.name),
            applied_at=region.applied_at or at,
            verify_since=at,
            verdicts=(),
        )
    return with_unit(applied, name, phase=UnitPhase.APPLIED, replans=0)


def _verified(rollout: Rollout, name: UnitName) -> Rollout:
    unit = rollout.unit(name)
    if unit.batch + 1 < unit.batches:
        waiting = with_phase(rollout, name, RegionPhase.WAITING)
        return with_unit(waiting, name, phase=UnitPhase.WAITING, batch=unit.batch + 1, plan=None)
    verified = rollout
    for region in rollout.regions:
        if region.unit == name and region.batches:
            verified = with_region(verified, region.name, phase=RegionPhase.VERIFIED)
    return with_unit(verified, name, phase=UnitPhase.VERIFIED)
