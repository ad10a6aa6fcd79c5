"""What does it mean to end a rollout, or to interrupt it?"""

from __future__ import annotations

from console.domain.allowed import Action
from console.domain.confirmation import Confirmation
from console.domain.outcome import RegionPhase
from console.domain.rollout import Rollout
from console.domain.steps import Step

_AFTER_TAKING_UP = "Nothing is applied twice. Every yes to a plan is void, and asked for again."


def confirm_taking_over(rollout: Rollout, holder: str) -> Confirmation:
    """Return what it means to take a rollout from a console that lives.

    Args:
        rollout: where it stands now.
        holder: who runs it, and since when.
    """
    lines = (
        f"Runs it now: {holder}. Ask them first: only they know why it stands where it stands.",
        f"Under way: {_running(rollout)}. That console starts nothing more.",
        "A Terraform that still runs is waited for; state and EC2 tell what it did.",
        _AFTER_TAKING_UP,
        "That you have taken it over is recorded, and told to them.",
        *(text for part in _divided(rollout) for text in part),
    )
    title = "Take the rollout from a console that lives"
    return Confirmation(title, "Take it over?", lines, "Take over", typed=rollout.fleet)


def confirm_ending_the_left(rollout: Rollout) -> Confirmation:
    """Return what it means to end a rollout that its dead console has left open."""
    done, left = _divided(rollout)
    lines = (
        f"Its console was gone in: {_running(rollout)}. Nobody saw how that ended.",
        *done,
        *left,
        "Nothing is reverted. Every region is looked at once more.",
        "One that cannot be read is recorded as unknown.",
        "It is held back while a Terraform still runs, or may.",
    )
    typed = rollout.fleet if rollout.has_changed or _is_applying(rollout) else None
    title = "Abort the rollout that was left open"
    return Confirmation(title, "End it here?", lines, "Abort", typed=typed)


def confirm(rollout: Rollout, action: Action) -> Confirmation:
    """Return what giving a command means, for those that end or interrupt something.

    Args:
        rollout: where it stands now.
        action: anything but an answer.
    """
    running = _running(rollout)
    done, left = _divided(rollout)
    match action:
        case Action.TAKE_UP:
            lines = (
                f"Its console was gone in: {running}.",
                "A Terraform that still runs is waited for; state and EC2 tell what it did.",
                _AFTER_TAKING_UP,
                *done,
                *left,
            )
            return Confirmation("Take the rollout up", "Go on with it?", lines, "Take up")
        case Action.ABORT:
            lines = (f"Runs now and is finished: {running}.", *done, *left, "Nothing is reverted.")
            typed = rollout.fleet if rollout.has_changed or _is_applying(rollout) else None
            return Confirmation("Abort the rollout", "End it here?", lines, "Abort", typed=typed)
        case Action.SKIP:
            return _skip(rollout)
        case Action.CLOSE:
            lines = (*done, *left, "Every region is looked at once more and the outcome recorded.")
            return Confirmation("Close the halted rollout", "End it?", lines, "Close")
        case Action.FINISH:
            begun = "Regions that were begun are taken to their end."
            lines = (f"Runs now: {running}.", begun, *left)
            return Confirmation("Finish the regions", "Start nothing new?", lines, "Finish")
        case Action.INTERRUPT:
            lines = (
                f"Runs now: {running}.",
                "Every running Terraform gets its one SIGINT.",
                "That may leave tainted and deposed objects behind.",
            )
            return Confirmation(
                "Interrupt Terraform", "Send it?", lines, "Interrupt", typed=rollout.fleet
            )
        case _:
            raise ValueError(f"{action} needs no confirmation")


def _skip(rollout: Rollout) -> Confirmation:
    failed = [r.name for r in rollout.regions if r.phase is RegionPhase.FAILED]
    waiting = [r.name for r in rollout.regions if r.phase is RegionPhase.WAITING]
    names = ", ".join(failed)
    label = rollout.request.label
    lines = (
        f"Left as it is, half-way between two releases: {names}.",
        "Whatever is tainted, deposed or in no state there stays so, and still serves its jobs.",
        f"Goes on to {label}: {', '.join(waiting)}." if waiting else "No other region waits.",
        "The outcome will be partial, and names what was left.",
    )
    return Confirmation(f"Go on without {names}", "Leave it as it is?", lines, "Skip")


def _running(rollout: Rollout) -> str:
    return ", ".join(str(record.at) for record in rollout.running) or "nothing"


def _divided(rollout: Rollout) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Say which regions have the release, and which keep what they ran."""
    through = {RegionPhase.VERIFIED, RegionPhase.DONE, RegionPhase.CURRENT}
    done = [r.name for r in rollout.regions if r.phase in through]
    left = [r.name for r in rollout.regions if r.phase is RegionPhase.WAITING]
    label = rollout.request.label
    return (
        (f"Stays at {label}: {', '.join(done)}.",) if done else (),
        (f"Keeps what it ran before: {', '.join(left)}.",) if left else (),
    )


def _is_applying(rollout: Rollout) -> bool:
    return any(record.at.step is Step.APPLY for record in rollout.running)
