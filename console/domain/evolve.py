"""What does a fact change about a rollout?

`evolve` only records. Whether something should happen is decided in `machine`, never here, so
that replaying a journal gives the same rollout under any version of the rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from console.domain.events import (
    ApprovalGiven,
    ApprovalRequested,
    ApprovalVoid,
    BakeStarted,
    Entry,
    Event,
    GateJudged,
    GuardRefused,
    Noticed,
    PathChosen,
    Paused,
    PlanReady,
    RegionCounted,
    RegionLeft,
    RegionSurveyed,
    ReleaseFixed,
    Resumed,
    RolloutFinished,
    RolloutHalted,
    RolloutStarted,
    StepFinished,
    StepStarted,
    StopRequested,
    TerraformInterrupted,
    WaveFinished,
)
from console.domain.failure import FailureKind
from console.domain.fleet import RegionName, UnitName
from console.domain.outcome import RegionPhase
from console.domain.policy import Policy
from console.domain.rollout import (
    Halt,
    RegionRun,
    Request,
    Rollout,
    StepRecord,
    Stop,
    UnitPhase,
    UnitRun,
)
from console.domain.steps import At, Result, Step, Subject


def replay(entries: Iterable[Entry]) -> Rollout | None:
    """Fold a journal's entries; None where there are none."""
    rollout: Rollout | None = None
    for entry in entries:
        rollout = evolve(rollout, entry)
    return rollout


def evolve(rollout: Rollout | None, entry: Entry) -> Rollout:
    """Return the rollout with one more fact.

    Raises:
        ValueError: when a journal does not begin with `RolloutStarted`.
    """
    if isinstance(entry.event, RolloutStarted):
        return _begun(entry.event, entry.at, entry.seq)
    if rollout is None:
        raise ValueError(f"rollout {entry.rollout} does not begin with its start")
    return replace(_fold(rollout, entry.event, entry.at), seq=entry.seq)


def _begun(event: RolloutStarted, at: datetime, seq: int) -> Rollout:
    policy = event.policy
    return Rollout(
        id=event.rollout,
        fleet=event.fleet,
        environment=event.environment,
        request=Request(
            event.label, event.image, event.refresh, event.accept_leftovers, event.where
        ),
        policy=policy,
        by=event.by,
        started_at=at,
        seq=seq,
        units=tuple(UnitRun(u.name, u.wave, u.regions) for u in policy.units),
        regions=tuple(
            RegionRun(r.name, r.wave, _unit_of(policy, r.name), r.count) for r in policy.regions
        ),
    )


def _unit_of(policy: Policy, region: RegionName) -> UnitName:
    return next(u.name for u in policy.units if region in u.regions)


def _fold(rollout: Rollout, event: Event, at: datetime) -> Rollout:  # noqa: C901
    # One arm an event: a table, written as the language writes one.
    match event:
        case RolloutStarted():
            raise ValueError("a rollout begins only once")
        case RegionSurveyed():
            return _surveyed(rollout, event)
        case StepStarted(where):
            return _step_started(rollout, where, at)
        case StepFinished():
            return _step_finished(rollout, event, at)
        case ReleaseFixed(release):
            return replace(rollout, release=release)
        case PathChosen():
            return _path_chosen(rollout, event)
        case PlanReady():
            return _unit(
                _phase(rollout, event.unit, RegionPhase.PLANNED),
                event.unit,
                phase=UnitPhase.PLANNED,
                plan=event.plan,
                consequences=event.consequences,
            )
        case GuardRefused(unit):
            return _unit(rollout, unit, plan=None)
        case ApprovalRequested(subject, question):
            return replace(
                rollout,
                waiting_for=(*rollout.waiting_for, subject),
                questions=(*rollout.questions, (subject, question)),
            )
        case ApprovalGiven(subject):
            return replace(_answered(rollout, subject), approved=rollout.approved | {subject})
        case ApprovalVoid(subject):
            return _void(rollout, subject)
        case GateJudged(name, verdict):
            others = tuple(v for v in rollout.region(name).verdicts if v.gate != verdict.gate)
            return _region(rollout, name, verdicts=(*others, verdict))
        case BakeStarted(_, until):
            return replace(rollout, bake_until=until)
        case WaveFinished(wave):
            return _wave_finished(rollout, wave)
        case Paused(by):
            return replace(rollout, paused_by=by)
        case Resumed():
            return replace(rollout, paused_by=None)
        case StopRequested(by, exit_code, finishes):
            stopped = replace(rollout, stop=Stop(by, exit_code, finishes), paused_by=None)
            return replace(stopped, waiting_for=(), questions=())
        case TerraformInterrupted():
            return replace(rollout, is_interrupted=True)
        case RolloutHalted(region, where, failure):
            halted = replace(rollout, halt=Halt(region, where, failure))
            return _failed(halted, where, region, event.failure)
        case RegionLeft(region, where, failure):
            return _failed(rollout, where, region, failure)
        case RegionCounted(counted):
            others_counted = (o for o in rollout.outcomes if o.region != counted.region)
            return replace(rollout, outcomes=(*others_counted, counted))
        case Noticed():
            return rollout
        case RolloutFinished():
            return replace(
                rollout,
                outcome=event.outcome,
                exit_code=event.exit_code,
                reason=event.reason,
                next=event.next,
                waiting_for=(),
                questions=(),
            )
        case _:
            assert_never(event)


def _surveyed(rollout: Rollout, event: RegionSurveyed) -> Rollout:
    count = max(rollout.region(event.region).count, len(event.slots))
    slots = event.slots + (None,) * (count - len(event.slots))
    surveyed = _region(
        rollout,
        event.region,
        slots=slots,
        found=event.slots,
        unfinished=event.unfinished,
        dead_letters_before=event.dead_letters,
        ami=event.ami,
    )
    return replace(surveyed, is_surveyed=True)


_BEGINS = {
    Step.TAINT: RegionPhase.MARKING,
    Step.PLAN: RegionPhase.PLANNING,
    Step.APPLY: RegionPhase.APPLYING,
    Step.VERIFY: RegionPhase.VERIFYING,
}


def _step_started(rollout: Rollout, where: At, at: datetime) -> Rollout:
    begun = replace(rollout, steps=(*rollout.steps, StepRecord(where, at)))
    if where.unit is None:
        return begun
    if where.step is Step.TAINT:
        # Marked from the first command on: some of the slots may be tainted when it fails.
        begun = _unit(begun, where.unit, is_marked=True)
    if where.step in _BEGINS:
        begun = _phase(begun, where.unit, _BEGINS[where.step])
    return begun


def _step_finished(rollout: Rollout, event: StepFinished, at: datetime) -> Rollout:
    if not any(s.at == event.at and s.finished_at is None for s in rollout.steps):
        # A step that is skipped was never begun.
        skipped = StepRecord(event.at, at, at, event.result, event.note)
        return replace(rollout, steps=(*rollout.steps, skipped))
    steps = tuple(
        replace(s, finished_at=at, result=event.result, note=event.note)
        if s.at == event.at and s.finished_at is None
        else s
        for s in rollout.steps
    )
    ended = _with_marks_used(replace(rollout, steps=steps), event)
    if event.at.unit is None or event.result is Result.FAILED:
        return ended
    match event.at.step:
        case Step.TAINT:
            return _unit(ended, event.at.unit, phase=UnitPhase.MARKED)
        case Step.APPLY:
            return _applied(ended, event.at.unit, at)
        case Step.VERIFY:
            return _verified(ended, event.at.unit)
        case Step.UNTAINT:
            return _unit(ended, event.at.unit, is_marked=False)
        case _:
            return ended


# What an apply can answer before it has changed anything.
_HELD_BACK = {FailureKind.STALE, FailureKind.LOCKED, FailureKind.REFUSED}


def _with_marks_used(rollout: Rollout, event: StepFinished) -> Rollout:
    """Record that an apply has changed something, and that its slots' marks are used up."""
    was_held_back = event.failure is not None and event.failure.kind in _HELD_BACK
    if event.at.step is not Step.APPLY or event.at.unit is None or was_held_back:
        return rollout
    return _unit(replace(rollout, has_changed=True), event.at.unit, is_marked=False)


def _applied(rollout: Rollout, name: UnitName, at: datetime) -> Rollout:
    unit = rollout.unit(name)
    applied = rollout
    for region in rollout.regions_of(unit):
        applied = _region(
            applied,
            region.name,
            slots=rollout.targets(region.name),
            applied_at=region.applied_at or at,
            verify_since=at,
            verdicts=(),
        )
    return _unit(applied, name, phase=UnitPhase.APPLIED, replans=0)


def _verified(rollout: Rollout, name: UnitName) -> Rollout:
    unit = rollout.unit(name)
    if unit.batch + 1 < unit.batches:
        waiting = _phase(rollout, name, RegionPhase.WAITING)
        return _unit(waiting, name, phase=UnitPhase.WAITING, batch=unit.batch + 1, plan=None)
    verified = rollout
    for region in rollout.regions:
        if region.unit == name and region.batches:
            verified = _region(verified, region.name, phase=RegionPhase.VERIFIED)
    return _unit(verified, name, phase=UnitPhase.VERIFIED)


def _path_chosen(rollout: Rollout, event: PathChosen) -> Rollout:
    chosen = replace(rollout, is_path_chosen=True)
    for name, batches in event.batches:
        phase = RegionPhase.WAITING if batches else RegionPhase.CURRENT
        chosen = _region(chosen, name, batches=batches, phase=phase)
    for unit in rollout.units:
        most = max(len(r.batches) for r in chosen.regions if r.unit == unit.name)
        phase_of_unit = UnitPhase.WAITING if most else UnitPhase.VERIFIED
        chosen = _unit(chosen, unit.name, batches=most, phase=phase_of_unit)
    return chosen


def _answered(rollout: Rollout, subject: Subject) -> Rollout:
    return replace(
        rollout,
        waiting_for=tuple(s for s in rollout.waiting_for if s != subject),
        questions=tuple(q for q in rollout.questions if q[0] != subject),
    )


def _void(rollout: Rollout, subject: Subject) -> Rollout:
    voided = replace(_answered(rollout, subject), approved=rollout.approved - {subject})
    if subject.unit is None:
        return voided
    replans = rollout.unit(subject.unit).replans + 1
    return _unit(voided, subject.unit, phase=UnitPhase.MARKED, plan=None, replans=replans)


def _wave_finished(rollout: Rollout, wave: int) -> Rollout:
    finished = replace(rollout, wave=wave + 1, bake_until=None)
    for region in rollout.regions:
        if region.wave == wave and region.phase is RegionPhase.VERIFIED:
            finished = _region(finished, region.name, phase=RegionPhase.DONE)
    return finished


def _failed(rollout: Rollout, where: At, region: RegionName | None, failure: object) -> Rollout:
    failed = rollout
    if where.unit is not None:
        if where.step is not Step.VERIFY:
            # A unit's regions share one apply: those with slots in this batch stopped with it.
            failed = _phase(failed, where.unit, RegionPhase.FAILED)
        failed = _unit(failed, where.unit, phase=UnitPhase.FAILED)
    if region is not None:
        failed = _region(failed, region, phase=RegionPhase.FAILED, failure=failure)
    return failed


def _phase(rollout: Rollout, unit: UnitName, phase: RegionPhase) -> Rollout:
    moved = rollout
    for region in rollout.regions_of(rollout.unit(unit)):
        moved = _region(moved, region.name, phase=phase)
    return moved


def _unit(rollout: Rollout, name: UnitName, **changes: object) -> Rollout:
    units = tuple(replace(u, **changes) if u.name == name else u for u in rollout.units)  # type: ignore[arg-type]
    return replace(rollout, units=units)


def _region(rollout: Rollout, name: RegionName, **changes: object) -> Rollout:
    regions = tuple(replace(r, **changes) if r.name == name else r for r in rollout.regions)  # type: ignore[arg-type]
    return replace(rollout, regions=regions)
