"""What does an input mean?

`react` turns a command or an observation into the facts that follow from it alone. What may start
because of them is not its question.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from console.domain import commands, observations
from console.domain.baseline import measure
from console.domain.census import count, ghosts, orphans
from console.domain.events import (
    ApprovalGiven,
    ApprovalVoid,
    Event,
    Noticed,
    Paused,
    RegionCounted,
    RegionLeft,
    RegionSurveyed,
    ReleaseFixed,
    Resumed,
    RolloutHalted,
    StepFinished,
    StopRequested,
    TerraformInterrupted,
)
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName, StateObject
from console.domain.muting import MOST_TRIES
from console.domain.policy import OnFailure
from console.domain.recovering import begin_recovery, end_recovery, skip
from console.domain.recovery.counsel import against_promise, with_advice
from console.domain.review import review
from console.domain.rollout import Rollout
from console.domain.steps import Asks, At, Result, Step, Subject
from console.domain.succession import take_up
from console.domain.verification import tick, weigh
from console.exit_codes import ExitCode

Events = tuple[Event, ...]
Input = commands.Command | observations.Observation


def react(rollout: Rollout, received: Input, now: datetime) -> Events:
    """Return the facts that `received` is; none where it comes too late to mean anything."""
    match received:
        case (
            commands.Approve()
            | commands.Refuse()
            | commands.Pause()
            | commands.Continue()
            | commands.Abort()
            | commands.Interrupt()
            | commands.InterruptNow()
            | commands.Close()
            | commands.TakeUp()
            | commands.Recover()
            | commands.Skip()
        ):
            return _obey(rollout, received)
        case observations.Sampled():
            return weigh(rollout, received, now, halt)
        case observations.Ticked():
            return tick(rollout, now, halt)
        case _ if any(step.at == _answered(received) for step in rollout.running):
            return _observe(rollout, received, now)
        case _:
            return ()  # it came twice, or after its step was given up


def _obey(rollout: Rollout, command: commands.Command) -> Events:  # noqa: C901
    match command:
        case commands.Approve(subject, by):
            return (ApprovalGiven(subject, by),) if subject in rollout.waiting_for else ()
        case commands.Refuse(subject, by):
            if subject not in rollout.waiting_for:
                return ()
            return (StopRequested(by, ExitCode.ABORTED, finishes_regions=False),)
        case commands.Pause(by):
            return () if rollout.starts_nothing else (Paused(by),)
        case commands.Continue(by):
            return (Resumed(by),) if rollout.paused_by else ()
        case commands.Abort(by):
            # After an interrupt too: its regions may be waiting for a yes that nobody gives.
            if rollout.stop is not None and not rollout.stop.finishes_regions:
                return ()
            return (StopRequested(by, ExitCode.ABORTED, finishes_regions=False),)
        case commands.Interrupt(signal):
            if rollout.stop is not None:
                return ()
            return (StopRequested(f"signal {signal}", 128 + signal, finishes_regions=True),)
        case commands.InterruptNow(signal):
            is_in_vain = rollout.is_interrupted or rollout.is_at_rest
            return () if is_in_vain else (TerraformInterrupted(signal),)
        case commands.Close(by):
            if rollout.halt is None or rollout.stop is not None:
                return ()
            return (StopRequested(by, ExitCode.NEEDS_PERSON, finishes_regions=False),)
        case commands.TakeUp():
            return take_up(rollout, command, halt)
        case commands.Recover():
            return begin_recovery(rollout, command)
        case commands.Skip(by):
            return skip(rollout, by)
        case _:
            assert_never(command)


def _observe(  # noqa: C901 - a table
    rollout: Rollout, seen: observations.Observation, now: datetime
) -> Events:
    match seen:
        case observations.Surveyed():
            return _surveyed(seen, rollout.policy.silent_after)
        case observations.Built(release):
            at = At(Step.BUILD)
            if rollout.request.image is None:
                return (ReleaseFixed(release), StepFinished(at, Result.OK, str(release.digest)))
            note = "the image is already pushed"
            return (ReleaseFixed(release), StepFinished(at, Result.SKIPPED, note))
        case observations.Pushed(at, image):
            release = replace(rollout.released, image=image)
            finished = StepFinished(at, Result.OK, str(release.digest))
            # Only now is the digest known where the engine that built it does not give one.
            is_news = release != rollout.release
            return (ReleaseFixed(release), finished) if is_news else (finished,)
        case observations.Done(at, note):
            return (StepFinished(at, Result.OK, note),)
        case observations.Skipped(at, reason):
            return (StepFinished(at, Result.SKIPPED, reason),)
        case observations.Failed(at, failure):
            return _failed(rollout, at, failure)
        case observations.Planned():
            return review(rollout, seen, halt)
        case observations.Recovered(at, note, failure):
            return end_recovery(rollout, at, note, failure)
        case observations.Counted(surveys):
            counted = tuple(
                RegionCounted(with_advice(count(rollout, survey), rollout, survey, now))
                for survey in surveys
            )
            compared = (note for s in surveys for note in against_promise(rollout, s, now))
            return (*counted, *compared, StepFinished(At(Step.CENSUS), Result.OK))
        case _:
            return ()


def _answered(seen: observations.Observation) -> At | None:
    """Return the step whose end `seen` is."""
    match seen:
        case observations.Surveyed():
            return At(Step.PREFLIGHT)
        case observations.Built():
            return At(Step.BUILD)
        case observations.Planned(unit, batch):
            return At(Step.PLAN, unit, batch)
        case observations.Counted():
            return At(Step.CENSUS)
        case (
            observations.Pushed(at)
            | observations.Done(at)
            | observations.Skipped(at)
            | observations.Failed(at)
            | observations.Recovered(at)
        ):
            return at
        case _:
            return None


def _surveyed(seen: observations.Surveyed, silent_after: timedelta) -> Events:
    at = At(Step.PREFLIGHT)
    if seen.problems:
        failure = _all_of(seen.problems)
        return (StepFinished(at, Result.FAILED, failure=failure), RolloutHalted(None, at, failure))
    return (
        *(Noticed(note) for note in seen.notes),
        *(_region(survey, silent_after) for survey in seen.regions),
        StepFinished(at, Result.OK, seen.identity),
    )


def _region(survey: observations.RegionSurvey, silent_after: timedelta) -> RegionSurveyed:
    objects = survey.state.objects if survey.state else ()
    size = max((o.slot + 1 for o in objects), default=0)
    current: dict[int, StateObject] = {o.slot: o for o in objects if o.deposed_key is None}
    queue = survey.sample.queue.value
    return RegionSurveyed(
        region=survey.region,
        slots=tuple(current[i].target if i in current else None for i in range(size)),
        unfinished=tuple(
            sorted(
                {o.slot for o in objects if o.is_tainted or o.deposed_key is not None}
                | {ghost.slot for ghost in ghosts(survey.state, survey.sample)}
            )
        ),
        dead_letters=queue.dead_letters if queue else None,
        ami=survey.ami,
        measured=measure(survey.sample, silent_after),
        alarms=survey.alarms,
        alarming=survey.alarming,
        orphans=tuple(o.id for o in orphans(survey.state, survey.sample)) if survey.state else (),
        is_unproven=survey.is_unproven,
    )


def _all_of(problems: tuple[Failure, ...]) -> Failure:
    """Put everything that preflight found into one failure: an operator wants all of it at once."""
    if len(problems) == 1:
        return problems[0]
    locked = all(problem.kind is FailureKind.LOCKED for problem in problems)
    return Failure(
        FailureKind.LOCKED if locked else FailureKind.REFUSED,
        "; ".join(problem.message for problem in problems),
        "; ".join(dict.fromkeys(problem.hint for problem in problems if problem.hint)),
        "\n".join(problem.evidence for problem in problems if problem.evidence),
    )


def _failed(rollout: Rollout, at: At, failure: Failure) -> Events:
    if at.step is Step.RECOVER:
        return end_recovery(rollout, at, "", failure)
    finished = StepFinished(at, Result.FAILED, failure=failure)
    if at.step is Step.CENSUS:
        return (finished, Noticed(f"the last look at the fleet failed: {failure.message}"))
    if at.step is Step.UNTAINT:
        return (finished, Noticed(f"{at.unit}: a mark could not be taken back: {failure.message}"))
    if at.step in {Step.MUTE, Step.UNMUTE}:
        return (finished, Noticed(_of_alarms(rollout, at, failure)))
    if at.step is Step.APPLY and failure.kind is FailureKind.STALE and at.unit is not None:
        return (finished, *_stale(rollout, at, failure))
    return (finished, halt(rollout, at, None, failure))


def _of_alarms(rollout: Rollout, at: At, failure: Failure) -> str:
    """Tell of alarms that could not be switched, and what to do when nothing more is tried."""
    assert at.unit is not None  # alarms belong to regions  # noqa: S101
    unit = rollout.unit(at.unit)
    if at.step is Step.MUTE:
        return f"{unit.name}: {failure.message}; they may call while it changes"
    if unit.unmute_tries + 1 < MOST_TRIES:
        return f"{unit.name}: {failure.message}; it is tried again"
    by_hand = "; ".join(
        f"aws cloudwatch enable-alarm-actions --region {region} --alarm-names {shlex.join(names)}"
        for region, names in rollout.alarms_of(unit)
    )
    return f"{unit.name}: {failure.message}; they call nobody until you let them: {by_hand}"


def _stale(rollout: Rollout, at: At, failure: Failure) -> Events:
    """The state has moved since the plan: the yes to it is void, and a fresh plan is made."""
    assert at.unit is not None  # noqa: S101
    unit = rollout.unit(at.unit)
    if unit.plan is None or unit.replans >= rollout.policy.max_replans:
        return (halt(rollout, at, None, failure),)
    subject = Subject(Asks.APPLY, unit.wave, unit.name, unit.batch, unit.plan.id)
    return (ApprovalVoid(subject, failure.message),)


def halt(rollout: Rollout, at: At, region: RegionName | None, failure: Failure) -> Event:
    """Return how a failure ends: the region is left and the rest goes on, or all of it halts.

    A failed canary always halts, which a rollback does not have, and so does anything that nobody
    can judge.
    """
    unit = rollout.unit(at.unit) if at.unit is not None else None
    failed = region or (unit.regions[0] if unit is not None and len(unit.regions) == 1 else None)
    may_go_on = (
        rollout.policy.on_failure_in(failed) is OnFailure.CONTINUE
        and unit is not None
        and not rollout.is_canary(unit.wave)
        and failed is not None
        and failure.kind is FailureKind.FAILED
        and rollout.stop is None
        and rollout.halt is None
    )
    if may_go_on and failed is not None:
        return RegionLeft(failed, at, failure)
    if rollout.halt is not None and failed is not None:
        return RegionLeft(failed, at, failure)
    return RolloutHalted(failed, at, failure)
