"""Which step may start now?

`advance` answers with the next events, or with none when the rollout has to wait: for a step that
runs, for a person, for the clock. It is asked again after each answer.
"""

from __future__ import annotations

from datetime import datetime

from console.domain.choice import choose
from console.domain.events import (
    ApprovalRequested,
    BakeStarted,
    Event,
    ReleaseFixed,
    StepFinished,
    StepStarted,
    WatchFinished,
    WatchStarted,
    WaveFinished,
)
from console.domain.muting import mute, unmute
from console.domain.outcome import RegionPhase
from console.domain.policy import Approve, Mark
from console.domain.release import Release
from console.domain.rollout import Rollout, UnitPhase, UnitRun
from console.domain.steps import Asks, At, Result, Step, Subject
from console.domain.verification import are_good, in_last_watch
from console.domain.winding import may_go_on, wind_down, wrap_up

Events = tuple[Event, ...]
_NO_IMAGE = "no new worker needs an image"
_NOT_REPLACED = "no slot is replaced"
_UNPROVEN = "it runs there already, and its gates never passed: verified again"


def advance(rollout: Rollout, now: datetime) -> Events:
    """Return what starts next; empty while the rollout has to wait."""
    if events := _unmute(rollout):
        return events
    if rollout.stop or rollout.halt:
        return wind_down(rollout, next_of_unit)
    if rollout.paused_by:
        return ()
    return _prepare(rollout) if not _is_prepared(rollout) else _roll(rollout, now)


def _unmute(rollout: Rollout) -> Events:
    """Let alarms act again whose window is over, also while others are being finished."""
    is_ending = bool(rollout.stop or rollout.halt)
    for unit in rollout.units:
        goes_on = may_go_on(rollout, unit) if is_ending else rollout.paused_by is None
        if events := unmute(rollout, unit, goes_on=goes_on):
            return events
    return ()


def _is_prepared(rollout: Rollout) -> bool:
    return rollout.is_path_chosen and rollout.has_done(Step.PUSH)


def _prepare(rollout: Rollout) -> Events:
    """Preflight, build, test, push: nothing of it touches a region."""
    if not rollout.has_done(Step.PREFLIGHT):
        return _begin(rollout, At(Step.PREFLIGHT))
    if _needs_yes(rollout, start := Subject(Asks.START)):
        scale = rollout.request.scale
        return _ask(
            rollout, start, f"Scale {scale.told}?" if scale else f"Ship {rollout.request.label}?"
        )
    if rollout.release is None:
        return _unshipped(rollout) or _build(rollout)
    if not rollout.is_path_chosen:
        return (choose(rollout),)
    if not any(region.batches for region in rollout.regions):
        return wrap_up(rollout)
    replaces_nothing = not any(batch for region in rollout.regions for batch in region.batches)
    if rollout.request.image is not None or replaces_nothing:
        skipped = _NO_IMAGE if rollout.request.ships_nothing else "the image is already pushed"
        skipped = _NOT_REPLACED if replaces_nothing else skipped
        return tuple(
            StepFinished(At(step), Result.SKIPPED, skipped) for step in (Step.TEST, Step.PUSH)
        )
    if not rollout.has_done(Step.TEST):
        return _begin(rollout, At(Step.TEST))
    if _needs_yes(rollout, push := Subject(Asks.PUSH)):
        return _ask(rollout, push, f"Push {rollout.release.label} ({rollout.release.digest})?")
    return _begin(rollout, At(Step.PUSH))


def _unshipped(rollout: Rollout) -> Events:
    """Return what stands for the build where no new instance is made; nothing where one is."""
    image = rollout.request.image
    if not rollout.request.ships_nothing or image is None:
        return ()
    release = Release(rollout.request.label, image)
    return (
        ReleaseFixed(release),
        StepFinished(At(Step.BUILD), Result.SKIPPED, _NO_IMAGE),
    )


def _build(rollout: Rollout) -> Events:
    if rollout.request.image is None and _needs_yes(rollout, build := Subject(Asks.BUILD)):
        return _ask(rollout, build, f"Build the image of {rollout.request.label}?")
    return _begin(rollout, At(Step.BUILD))


def _roll(rollout: Rollout, now: datetime) -> Events:
    """Wave by wave: a wave begins only when the one before it is through."""
    if rollout.wave > rollout.policy.waves:
        return _watch(rollout, now) if _has_to_watch(rollout) else wrap_up(rollout)
    units = [unit for unit in rollout.units if unit.wave == rollout.wave]
    if all(unit.is_over for unit in units):
        return _end_wave(rollout, now)
    for unit in units:
        if events := next_of_unit(rollout, unit):
            return events
    return ()


def _end_wave(rollout: Rollout, now: datetime) -> Events:
    changed = [r for r in rollout.regions if r.wave == rollout.wave and r.batches]
    if not changed or rollout.policy.bake.total_seconds() == 0:
        return (WaveFinished(rollout.wave),)
    if rollout.bake_until is None:
        return (BakeStarted(rollout.wave, now + rollout.policy.bake),)
    is_good = are_good(region for region in changed if region.phase is RegionPhase.VERIFIED)
    return (WaveFinished(rollout.wave),) if now >= rollout.bake_until and is_good else ()


def _has_to_watch(rollout: Rollout) -> bool:
    """Whether all regions are still to be watched for a last time."""
    is_wanted = rollout.policy.watch_after.total_seconds() > 0
    return is_wanted and not rollout.is_watched_over and bool(in_last_watch(rollout))


def _watch(rollout: Rollout, now: datetime) -> Events:
    if rollout.watch_until is None:
        return (WatchStarted(now + rollout.policy.watch_after),)
    regions = in_last_watch(rollout)
    is_over = now >= rollout.watch_until and are_good(regions)
    return (WatchFinished(len(regions)),) if is_over else ()


def next_of_unit(rollout: Rollout, unit: UnitRun) -> Events:
    """Return what `unit` does next; empty while it waits or has nothing left to do."""
    if unit.is_over or rollout.is_running(unit.name):
        return ()
    match unit.phase:
        case UnitPhase.WAITING:
            return _mark(rollout, unit) if _has_room(rollout, unit) else ()
        case UnitPhase.MARKED:
            return _begin(rollout, At(Step.PLAN, unit.name, unit.batch))
        case UnitPhase.PLANNED:
            plan = rollout.planned(unit)
            subject = Subject(Asks.APPLY, unit.wave, unit.name, unit.batch, plan.id)
            if _needs_yes(rollout, subject):
                return _ask(rollout, subject, "; ".join(unit.consequences) + ". Apply?")
            return mute(rollout, unit) or _begin(rollout, At(Step.APPLY, unit.name, unit.batch))
        case _:
            return _begin(rollout, At(Step.VERIFY, unit.name, unit.batch))


def _mark(rollout: Rollout, unit: UnitRun) -> Events:
    if _needs_yes(rollout, wave := Subject(Asks.WAVE, unit.wave)):
        names = ", ".join(region.name for region in rollout.regions if region.wave == unit.wave)
        return _ask(rollout, wave, f"Go on with wave {unit.wave} ({names})?")
    if rollout.only_verifies(unit):
        return _only_verify(rollout, unit)
    slots = rollout.batch_slots(unit)
    if rollout.policy.mark is Mark.REPLACE or not slots:
        return _begin(rollout, At(Step.PLAN, unit.name, unit.batch))
    which = ", ".join(f"{region} slot {slot}" for region, slot in slots)
    subject = Subject(Asks.TAINT, unit.wave, unit.name, unit.batch)
    if _needs_yes(rollout, subject):
        return _ask(rollout, subject, f"Mark {which} for replacement?")
    return _begin(rollout, At(Step.TAINT, unit.name, unit.batch))


def _only_verify(rollout: Rollout, unit: UnitRun) -> Events:
    """Leave out what changes a region: it runs the release, and nobody has seen that it is good."""
    marks = rollout.policy.mark is Mark.TAINT
    left_out = (Step.TAINT, Step.PLAN) if marks else (Step.PLAN,)
    return (
        *(
            StepFinished(At(step, unit.name, unit.batch), Result.SKIPPED, _NOT_REPLACED)
            for step in left_out
        ),
        StepFinished(At(Step.APPLY, unit.name, unit.batch), Result.SKIPPED, _UNPROVEN),
    )


def _has_room(rollout: Rollout, unit: UnitRun) -> bool:
    """Whether `max_parallel` admits the unit. A unit larger than that goes alone."""
    if unit.batch > 0:
        return True
    asked = {subject.unit for subject in rollout.waiting_for}
    in_flight = [
        u
        for u in rollout.units
        if u is not unit
        and not u.is_over
        and (u.has_begun or u.name in asked or rollout.is_running(u.name))
    ]
    regions = sum(len(u.regions) for u in in_flight)
    return regions == 0 or regions + len(unit.regions) <= rollout.policy.max_parallel


_ASKED = {
    Approve.EACH_STEP: frozenset({Asks.START, Asks.BUILD, Asks.PUSH, Asks.TAINT, Asks.APPLY}),
    Approve.EACH_WAVE: frozenset({Asks.START, Asks.WAVE}),
    Approve.ONCE: frozenset({Asks.START}),
}


def _needs_yes(rollout: Rollout, subject: Subject) -> bool:
    """Whether the policy wants a yes to `subject` that nobody has given yet."""
    return subject.asks in _ASKED[rollout.policy.approve] and subject not in rollout.approved


def _ask(rollout: Rollout, subject: Subject, question: str) -> Events:
    """Ask for a yes, once."""
    return () if subject in rollout.waiting_for else (ApprovalRequested(subject, question),)


def _begin(rollout: Rollout, at: At) -> Events:
    """Return the start of a step, unless it runs."""
    record = rollout.step(at)
    return () if record is not None and record.finished_at is None else (StepStarted(at),)
