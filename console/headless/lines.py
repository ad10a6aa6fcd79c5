"""What does a program read on stdout?

One JSON object a line, version 1 of the format; its schema is `lines.schema.json` beside this file.
Every line has `v`, `seq`, `at`, `rollout` and `type`; where they apply `wave`, `region`, `step`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.domain import events
from console.domain.fleet import UnitName
from console.domain.outcome import RegionOutcome
from console.domain.recovery.move import Move
from console.domain.rollout import Rollout
from console.domain.scaling import Scale
from console.domain.steps import At, Step, Subject
from console.engine.ports import Progress

VERSION = 1
Line = dict[str, Any]


def line_of(event: events.Event, rollout: Rollout) -> Line | None:  # noqa: C901
    """Return the line that tells `event`, without the fields that every line has.

    None for facts that only the console itself needs.
    """
    match event:
        case events.RolloutStarted():
            return _line(
                "rollout.started",
                fleet=event.fleet,
                environment=event.environment,
                release=event.label,
                image=event.image,
                by=event.by,
                regions=[r.name for r in event.policy.regions],
                **({"scale": _scale(event.scale)} if event.scale else {}),
            )
        case events.StepStarted(at):
            return _line("step.started", **_place(at, rollout))
        case events.StepFinished():
            reason = event.failure.message if event.failure else event.note
            return _line(
                "step.finished", **_place(event.at, rollout), result=event.result, reason=reason
            )
        case events.PlanReady(unit, batch):
            return _line(
                "plan.ready",
                **_unit(unit, rollout),
                batch=batch,
                plan=event.plan.id,
                creates=sum(c.creates for c in event.plan.effective),
                destroys=sum(c.destroys for c in event.plan.effective),
                consequences=list(event.consequences),
            )
        case events.GuardRefused(unit, batch, findings):
            place = _unit(unit, rollout)
            return _line("guard.refused", **place, batch=batch, findings=list(findings))
        case events.ApprovalRequested(subject, question):
            return _line("approval.requested", **_subject(subject, rollout), question=question)
        case events.ApprovalGiven(subject, by):
            return _line("approval.given", **_subject(subject, rollout), by=by)
        case events.GateJudged(region, verdict):
            return _line(
                "gate.verdict",
                region=region,
                wave=rollout.region(region).wave,
                gate=verdict.gate,
                verdict=verdict.status,
                measured=verdict.measured,
                threshold=verdict.threshold,
                reason=verdict.reason,
                margin=verdict.margin,
                dry_run=verdict.is_dry,
            )
        case events.BakeStarted(wave, until):
            return _line("bake.started", wave=wave, until=until)
        case events.WatchStarted(until):
            return _line("watch.started", until=until)
        case events.WatchFinished():
            return _line("watch.finished")
        case events.WaveFinished(wave):
            return _line("wave.finished", wave=wave)
        case _:
            return _line_of_end(event, rollout)


def _scale(scale: Scale) -> Line:
    return {"region": scale.region, "from": scale.before, "to": scale.to}


def _line_of_end(event: events.Event, rollout: Rollout) -> Line | None:
    match event:
        case events.RolloutHalted(region, at, failure) | events.RegionLeft(region, at, failure):
            place = _place(at, rollout)
            if region is not None:
                place["region"] = region
            return _line(
                "rollout.halted" if isinstance(event, events.RolloutHalted) else "notice",
                **place,
                reason=failure.message,
                kind=failure.kind,
                evidence=failure.evidence,
            )
        case events.RolloutFinished():
            return finished_line(
                event.outcome,
                event.exit_code,
                event.reason,
                event.next,
                {region.region: _counts(region) for region in event.regions},
            )
        case events.Noticed(text, region):
            return _line("notice", text=text, **({"region": region} if region else {}))
        case events.StopRequested(by):
            return _line("notice", text=f"stopped by {by}")
        case events.ApprovalVoid(subject, reason):
            return _line("notice", **_subject(subject, rollout), text=f"approval void: {reason}")
        case _:
            return _line_of_recovery(event)


def _line_of_recovery(event: events.Event) -> Line | None:
    match event:
        case events.RecoveryStarted(_, move, consequence, by):
            return _line("recovery.started", **_move(move), consequence=consequence, by=by)
        case events.RecoveryFinished(_, move, note, failure):
            return _line(
                "recovery.finished",
                **_move(move),
                result="ok" if failure is None else "failed",
                reason=failure.message if failure else note,
            )
        case events.TakenUp(by):
            return _line("notice", text=f"taken up by {by}")
        case events.Skipped(by):
            return _line("notice", text=f"left as it is by {by}")
        case _:
            return None


def finished_line(
    outcome: str, exit_code: int, reason: str, next_step: str, regions: Mapping[str, Line]
) -> Line:
    """Return the last line of a run."""
    return _line(
        "rollout.finished",
        outcome=outcome,
        exit_code=exit_code,
        reason=reason,
        next=next_step,
        regions=dict(regions),
    )


def end_line(rollout: Rollout) -> Line:
    """Return the last line of a run that ends as `rollout` has."""
    counts: dict[str, Line] = {one.region: _counts(one) for one in rollout.outcomes}
    code = int(rollout.exit_code or 0)
    return finished_line(str(rollout.outcome), code, rollout.reason, rollout.next, counts)


def progress_line(progress: Progress, rollout: Rollout) -> Line:
    """Return the line that tells how far an apply, a build or a test is."""
    running = next((s.at for s in rollout.running if s.at.unit == progress.unit), None)
    place = {} if running is None else _place(running, rollout)
    return _line(
        "apply.progress" if running is not None and running.step is Step.APPLY else "notice",
        **place,
        kind=progress.kind,
        address=progress.address,
        action=progress.action,
        elapsed_s=progress.elapsed_s,
        text=progress.message,
    )


def _line(type_: str, /, **values: object) -> Line:
    return {"type": type_, **values}


def _move(move: Move) -> Line:
    return {
        "region": move.region,
        "action": move.remedy,
        "slots": list(move.slots),
        "removes": list(move.removes),
        **({"instance": move.instance} if move.instance else {}),
    }


def _place(at: At, rollout: Rollout) -> Line:
    place = {} if at.unit is None else {**_unit(at.unit, rollout), "batch": at.batch}
    return {**place, "step": at.step.value}


def _unit(name: UnitName, rollout: Rollout) -> Line:
    """A unit of one region is told as that region; a larger one as its regions."""
    unit = rollout.unit(name)
    regions: Line = (
        {"region": unit.regions[0]} if len(unit.regions) == 1 else {"regions": list(unit.regions)}
    )
    return {"wave": unit.wave, **regions}


def _subject(subject: Subject, rollout: Rollout) -> Line:
    place = {} if subject.unit is None else {**_unit(subject.unit, rollout), "batch": subject.batch}
    if subject.wave is not None:
        place["wave"] = subject.wave
    return {**place, "asks": subject.asks.value, "plan": subject.plan}


def _counts(outcome: RegionOutcome) -> Line:
    return {
        "phase": outcome.phase,
        "from": ", ".join(outcome.from_releases),
        "to": outcome.to_release,
        "new": outcome.new,
        "old": outcome.old,
        "tainted": outcome.tainted,
        "deposed": outcome.deposed,
        "orphaned": outcome.orphaned,
        "healthy": None if outcome.healthy is None else len(outcome.healthy),
    }
