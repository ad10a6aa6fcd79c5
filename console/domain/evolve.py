"""What does a fact change about a rollout?

`evolve` only records. Whether something should happen is decided in `machine`, never here, so
that replaying a journal gives the same rollout under any version of the rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from console.domain.changes import with_phase, with_region, with_unit
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
    RecoveryFinished,
    RecoveryStarted,
    RegionCounted,
    RegionLeft,
    RegionMeasured,
    RegionSurveyed,
    ReleaseFixed,
    Resumed,
    RolloutFinished,
    RolloutHalted,
    RolloutStarted,
    Skipped,
    StepFinished,
    StepStarted,
    StopRequested,
    TakenUp,
    TerraformInterrupted,
    WatchFinished,
    WatchStarted,
    WaveFinished,
)
from console.domain.fleet import RegionName, UnitName
from console.domain.outcome import RegionPhase
from console.domain.policy import Policy
from console.domain.recovering import recovered
from console.domain.rollout import (
    Halt,
    RegionRun,
    Request,
    Rollout,
    Stop,
    UnitPhase,
    UnitRun,
)
from console.domain.stepping import step_finished, step_started
from console.domain.steps import At, Step, Subject
from console.domain.succession import taken_up
from console.domain.verdicts import Verdict
from console.domain.vocabulary import Status


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
            event.label,
            event.image,
            event.refresh,
            event.accept_leftovers,
            event.rolls_back,
            event.because,
            event.only,
            event.where,
            event.scale,
            event.promised,
            event.leaves,
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
            return step_started(rollout, where, at)
        case StepFinished():
            return step_finished(rollout, event, at)
        case ReleaseFixed(release):
            return replace(rollout, release=release)
        case PathChosen():
            return _path_chosen(rollout, event)
        case PlanReady():
            return with_unit(
                with_phase(rollout, event.unit, RegionPhase.PLANNED),
                event.unit,
                phase=UnitPhase.PLANNED,
                plan=event.plan,
                consequences=event.consequences,
            )
        case GuardRefused(unit):
            return with_unit(rollout, unit, plan=None)
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
            return _judged(rollout, name, verdict)
        case RegionMeasured(name, measured):
            return with_region(rollout, name, untouched=measured)
        case BakeStarted(_, until):
            return replace(rollout, bake_until=until)
        case WatchStarted(until):
            return replace(rollout, watch_until=until)
        case WatchFinished():
            return replace(rollout, watch_until=None, is_watched_over=True)
        case WaveFinished(wave):
            return _wave_finished(rollout, wave)
        case Paused(by):
            return replace(rollout, paused_by=by)
        case Resumed():
            return replace(rollout, paused_by=None)
        case TakenUp(_, lost):
            return taken_up(rollout, lost, at)
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
        case Skipped():
            return _gone_on(rollout)
        case RecoveryStarted() | RecoveryFinished():
            return recovered(rollout, event, at)
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
    surveyed = with_region(
        rollout,
        event.region,
        slots=slots,
        found=event.slots,
        unfinished=event.unfinished,
        dead_letters_before=event.dead_letters,
        ami=event.ami,
        before=event.measured,
        alarms=event.alarms,
        alarming=event.alarming,
        orphans=event.orphans,
        is_unproven=event.is_unproven,
    )
    return replace(surveyed, is_surveyed=True)


def _judged(rollout: Rollout, name: RegionName, verdict: Verdict) -> Rollout:
    region = rollout.region(name)
    others = tuple(v for v in region.verdicts if v.gate != verdict.gate)
    alarming = region.alarming
    if verdict.status is Status.PASS:
        alarming = tuple(gate for gate in alarming if gate != verdict.gate)
    return with_region(rollout, name, verdicts=(*others, verdict), alarming=alarming)


def _path_chosen(rollout: Rollout, event: PathChosen) -> Rollout:
    chosen = replace(rollout, is_path_chosen=True)
    for name, batches in event.batches:
        phase = RegionPhase.WAITING if batches else RegionPhase.CURRENT
        chosen = with_region(chosen, name, batches=batches, phase=phase)
    for unit in rollout.units:
        most = max(len(r.batches) for r in chosen.regions if r.unit == unit.name)
        phase_of_unit = UnitPhase.WAITING if most else UnitPhase.VERIFIED
        chosen = with_unit(chosen, unit.name, batches=most, phase=phase_of_unit)
    return chosen


def _gone_on(rollout: Rollout) -> Rollout:
    """Return the rollout without its halt: what lost its marks to that begins its batch again.

    A slot without its mark would not be replaced: the plan would change its tag, in place.
    """
    gone_on = replace(rollout, halt=None)
    for unit in rollout.units:
        has_lost_marks = rollout.step(At(Step.UNTAINT, unit.name, unit.batch)) is not None
        if has_lost_marks and unit.phase in {UnitPhase.MARKED, UnitPhase.PLANNED}:
            gone_on = with_phase(gone_on, unit.name, RegionPhase.WAITING)
            gone_on = with_unit(gone_on, unit.name, phase=UnitPhase.WAITING, plan=None)
            for subject in {*rollout.waiting_for, *rollout.approved}:
                if subject.unit == unit.name:
                    gone_on = _answered(gone_on, subject)
                    gone_on = replace(gone_on, approved=gone_on.approved - {subject})
    return gone_on


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
    voided = with_phase(voided, subject.unit, RegionPhase.WAITING)
    return with_unit(voided, subject.unit, phase=UnitPhase.MARKED, plan=None, replans=replans)


def _wave_finished(rollout: Rollout, wave: int) -> Rollout:
    finished = replace(rollout, wave=wave + 1, bake_until=None)
    regions = tuple(
        replace(region, untouched=None, phase=RegionPhase.DONE)
        if region.wave == wave and region.phase is RegionPhase.VERIFIED
        else replace(region, untouched=None)
        for region in rollout.regions
    )
    return replace(finished, regions=regions)


def _failed(rollout: Rollout, where: At, region: RegionName | None, failure: object) -> Rollout:
    failed = rollout
    if where.unit is not None:
        if where.step is not Step.VERIFY:
            # A unit's regions share one apply: those with slots in this batch stopped with it.
            failed = with_phase(failed, where.unit, RegionPhase.FAILED)
        failed = with_unit(failed, where.unit, phase=UnitPhase.FAILED)
    if region is not None:
        failed = with_region(failed, region, phase=RegionPhase.FAILED, failure=failure)
    return failed
