"""What does a fact say in a sentence?

The same sentences stand in the headless narration, in the timeline and in the report.
"""

from __future__ import annotations

from console.domain import events
from console.domain.counted import counted
from console.domain.failure import Failure, ending
from console.domain.fleet import UnitName
from console.domain.gates import Status
from console.domain.recovery.move import Move
from console.domain.rollout import Rollout
from console.domain.scaling import Scale
from console.domain.sentence import Sentence, Tone
from console.domain.signs import OUTCOMES
from console.domain.steps import Asks, At, Result, Step


def tell(event: events.Event, rollout: Rollout) -> Sentence | None:  # noqa: C901
    """Return what `event` says, or None where it is not worth a line.

    Args:
        event: a fact.
        rollout: the rollout with the fact folded in.
    """
    match event:
        case events.RolloutStarted():
            return _started(event)
        case events.StepStarted(at):
            is_removal = at.step is Step.APPLY and rollout.request.ships_nothing
            gerund = _REMOVING if is_removal else _GERUNDS[at.step]
            return Sentence(_where(at, rollout) + gerund, Tone.QUIET)
        case events.StepFinished():
            return _finished(event, rollout)
        case events.ReleaseFixed(release):
            built = "" if release.is_pushed else "built: image "
            return Sentence(f"{release.label} is {built}{release.digest}")
        case events.PathChosen():
            return _path(event, rollout)
        case events.PlanReady():
            return Sentence("; ".join(event.consequences))
        case events.GuardRefused(unit, _, findings):
            return Sentence(f"{unit}: the guard refuses the plan", Tone.BAD, "\n".join(findings))
        case events.ApprovalRequested(subject, question):
            # What applying does has just been told with the plan.
            is_told = subject.asks is Asks.APPLY
            return Sentence(f"{subject.unit}: apply it?" if is_told else question, Tone.ASK)
        case events.ApprovalGiven(subject, by):
            return Sentence(f"{subject.asks.value}: yes, by {by}", Tone.QUIET)
        case events.ApprovalVoid(_, reason):
            return Sentence(f"the approval is void: {reason}", Tone.WARN)
        case events.GateJudged(region, verdict):
            text = f"{region}: {verdict.gate} {verdict.status}: {verdict.measured}"
            rest = [verdict.spare, verdict.reason, "dry run: decides nothing" * verdict.is_dry]
            told = "".join(f", {part}" for part in rest if part)
            tone = Tone.QUIET if verdict.is_dry else _TONES[verdict.status]
            return Sentence(f"{text} (wanted {verdict.threshold}){told}", tone)
        case events.BakeStarted(wave):
            seconds = rollout.policy.bake.total_seconds()
            return Sentence(f"wave {wave} bakes for {seconds:.0f} s: every gate must stay good")
        case events.WatchStarted():
            seconds = rollout.policy.watch_after.total_seconds()
            text = f"every wave is through; watched for {seconds:.0f} s: every gate must stay good"
            return Sentence(text)
        case events.WatchFinished(regions):
            text = f"{counted(regions, 'region')} stayed good to the end of the watch"
            return Sentence(text, Tone.GOOD)
        case events.WaveFinished(wave):
            return Sentence(f"wave {wave} of {rollout.policy.waves} is through", Tone.GOOD)
        case events.Noticed(text, _, is_good):
            return Sentence(text, Tone.GOOD if is_good else Tone.WARN)
        case _:
            return _tell_of_stop(event)


def tell_end(event: events.Event) -> Sentence | None:
    """Return what the end of a rollout says; None for any other fact.

    Not every front end has it in its timeline: `--auto` ends with a paragraph of its own.
    """
    if not isinstance(event, events.RolloutFinished):
        return None
    sign = OUTCOMES[event.outcome]
    return Sentence(f"{sign.word}: {event.reason}", sign.tone, event.next)


def _tell_of_stop(event: events.Event) -> Sentence | None:
    match event:
        case events.Paused(by):
            return Sentence(f"paused by {by}: what runs is finished, nothing new starts", Tone.WARN)
        case events.Resumed(by):
            return Sentence(f"continued by {by}")
        case events.TakenUp(by, lost):
            again = ", ".join(str(at) for at in lost)
            rest = f"; done again, because nobody saw the end: {again}" if again else ""
            return Sentence(f"taken up by {by}{rest}", Tone.WARN)
        case events.StopRequested(by, _, finishes_regions):
            rest = "regions that were begun are finished" if finishes_regions else "ending"
            return Sentence(f"stopped by {by}: nothing new starts, {rest}", Tone.WARN)
        case events.TerraformInterrupted():
            return Sentence("Terraform was sent its one SIGINT; it is waited for", Tone.WARN)
        case events.RolloutHalted(region, at, failure) | events.RegionLeft(region, at, failure):
            where = region or at.unit or at.step.value
            verb = "halted" if isinstance(event, events.RolloutHalted) else "left as it is"
            return Sentence(f"{verb} at {where}: {failure.message}", Tone.BAD, failure.evidence)
        case _:
            return _tell_of_recovery(event)


def _tell_of_recovery(event: events.Event) -> Sentence | None:
    match event:
        case events.Skipped(by):
            return Sentence(f"left as it is by {by}; the other regions go on", Tone.WARN)
        case events.RecoveryStarted(_, move, consequence, by):
            return Sentence(f"{move}, by {by}: {consequence}", Tone.ASK)
        case events.RecoveryFinished(_, move, note, failure):
            return _recovered(move, note, failure)
        case _:
            return None


def _recovered(move: Move, note: str, failure: Failure | None) -> Sentence:
    if failure is None:
        return Sentence(f"{move}: {note}", Tone.GOOD)
    hint = f"; {failure.hint}" if failure.hint else ""
    ended = f"{move} {ending(failure)}: {failure.message}{hint}"
    return Sentence(ended, Tone.BAD, failure.evidence)


def _started(event: events.RolloutStarted) -> Sentence:
    if event.scale is not None:
        return Sentence(
            f"rollout {event.rollout}: {event.scale.told}, of {event.fleet} "
            f"({event.environment}), by {event.by}"
        )
    regions = ", ".join(f"{r.name} ({r.count})" for r in event.policy.regions)
    left = "".join(f"; {name} is left as it is: {why}" for name, why in event.leaves)
    return Sentence(
        f"rollout {event.rollout}: {event.label} to {event.fleet} ({event.environment}), "
        f"{regions}, by {event.by}{left}"
    )


def _finished(event: events.StepFinished, rollout: Rollout) -> Sentence | None:
    if event.at.step is Step.VERIFY and event.result is Result.OK:
        return Sentence(f"{event.at.unit}: verified", Tone.GOOD)
    where, note = _where(event.at, rollout), f": {event.note}" if event.note else ""
    match event.result:
        case Result.OK:
            record = rollout.step(event.at)
            took = ""
            if record is not None and record.finished_at is not None:
                took = f" ({(record.finished_at - record.started_at).total_seconds():.1f} s)"
            return Sentence(f"{where}{event.at.step.value} ok{note}{took}", Tone.GOOD)
        case Result.SKIPPED:
            return Sentence(f"{where}{event.at.step.value} skipped{note}", Tone.QUIET)
        case _:
            # The halt that follows tells why.
            return Sentence(f"{where}{event.at.step.value} failed", Tone.BAD)


def _path(event: events.PathChosen, rollout: Rollout) -> Sentence:
    if rollout.request.scale is not None:
        return _scaled(event, rollout.request.scale)
    parts = [
        f"{name} {'slot' if sum(map(len, batches)) == 1 else 'slots'} "
        + ", ".join(str(s) for batch in batches for s in batch)
        + (f" in {len(batches)} batches" if len(batches) > 1 else "")
        for name, batches in event.batches
        if any(batches)
    ]
    current = [str(name) for name, batches in event.batches if not batches]
    if current:
        parts.append(f"{', '.join(current)} already at {rollout.request.label}")
    unproven = ", ".join(name for name, batches in event.batches if batches and not any(batches))
    if unproven:
        parts.append(
            f"{unproven} already at {rollout.request.label}, and its gates never passed there: "
            "verified again"
        )
    return Sentence("to change: " + "; ".join(parts))


def _scaled(event: events.PathChosen, scale: Scale) -> Sentence:
    slots = [slot for name, batches in event.batches if name == scale.region for slot in batches]
    names = ", ".join(str(slot) for batch in slots for slot in batch)
    if not names:
        return Sentence(f"{scale.region} has {counted(scale.to, 'slot')} already")
    word = "slot" if sum(map(len, slots)) == 1 else "slots"
    in_batches = f" in {len(slots)} batches" if len(slots) > 1 else ""
    return Sentence(
        f"to {'go' if scale.is_down else 'come'}: {scale.region} {word} {names}{in_batches}"
    )


def _where(at: At, rollout: Rollout) -> str:
    if at.unit is None:
        return ""
    return f"{_names(at.unit, rollout)}: "


def _names(unit: UnitName, rollout: Rollout) -> str:
    run = rollout.unit(unit)
    names = ", ".join(run.regions)
    return f"{names} (batch {run.batch + 1} of {run.batches})" if run.batches > 1 else names


_REMOVING = "applying the plan: each worker that goes finishes or gives back its jobs"
_GERUNDS = {
    Step.PREFLIGHT: "looking at every region before anything is changed",
    Step.BUILD: "building the image",
    Step.TEST: "testing the image",
    Step.PUSH: "pushing the image",
    Step.TAINT: "marking slots for replacement",
    Step.PLAN: "planning",
    Step.APPLY: "applying the plan: new workers first, old ones after",
    Step.VERIFY: "verifying",
    Step.UNTAINT: "taking back marks that were not used",
    Step.MUTE: "muting alarms",
    Step.UNMUTE: "letting alarms act again",
    Step.RECOVER: "making a move",
    Step.CENSUS: "looking at every region once more",
}
_TONES = {
    Status.PASS: Tone.GOOD,
    Status.WAIT: Tone.QUIET,
    Status.FAIL: Tone.BAD,
    Status.INCONCLUSIVE: Tone.WARN,
}
