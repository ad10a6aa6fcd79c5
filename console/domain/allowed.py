"""Which commands does a rollout take now, and why not the others?

The one set behind footer, command palette, help and keys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from signal import SIGINT

from console.domain import commands
from console.domain.recovery.remedies import Remedy
from console.domain.rollout import Rollout
from console.domain.run_by import RunBy
from console.domain.steps import Step


class Action(StrEnum):
    """What an operator can do to a rollout."""

    TAKE_UP = "take-up"
    ANSWER = "answer"
    PAUSE = "pause"
    CONTINUE = "continue"
    ABORT = "abort"
    SKIP = "skip"
    CLOSE = "close"
    FINISH = "finish"
    INTERRUPT = "interrupt"
    ANOTHER = "another"


@dataclass(frozen=True, slots=True)
class Allowance:
    """One command, and whether it may be given now."""

    action: Action
    verb: str
    """Short, for the footer."""
    sentence: str
    """What it does, for palette and help."""
    reason: str = ""
    """Why it may not be given; empty where it may."""

    @property
    def is_allowed(self) -> bool:
        """Whether the rollout would take it now."""
        return not self.reason


def allowed(rollout: Rollout | None, run_by: RunBy = RunBy.US) -> tuple[Allowance, ...]:
    """Return every command, each with the reason that forbids it now.

    Args:
        rollout: the rollout that is on the screen; None before it has begun.
        run_by: whose engine runs it.
    """
    return tuple(allowance(action, rollout, run_by) for action in _TABLE)


def allowance(action: Action, rollout: Rollout | None, run_by: RunBy = RunBy.US) -> Allowance:
    """Return the one entry of `allowed` for `action`."""
    verb, sentence, _ = _TABLE[action]
    if action is Action.TAKE_UP and run_by is RunBy.OTHERS:
        verb, sentence = _TAKE_OVER
    return Allowance(action, verb, sentence, _reason(action, rollout, run_by))


def command_of(action: Action, by: str) -> commands.Command:
    """Return what the engine is told, for every action but an answer, which needs its subject.

    Args:
        action: what the operator chose.
        by: who that is, as `person@host`.
    """
    match action:
        case Action.PAUSE:
            return commands.Pause(by)
        case Action.CONTINUE:
            return commands.Continue(by)
        case Action.ABORT:
            return commands.Abort(by)
        case Action.SKIP:
            return commands.Skip(by)
        case Action.CLOSE:
            return commands.Close(by)
        case Action.FINISH:
            return commands.Interrupt(int(SIGINT))
        case Action.INTERRUPT:
            return commands.InterruptNow(int(SIGINT))
        case Action.ANSWER | Action.TAKE_UP | Action.ANOTHER:
            raise ValueError(f"{action} says more than who gives it")


def against_recovery(
    rollout: Rollout | None, run_by: RunBy = RunBy.US, remedy: Remedy | None = None
) -> str:
    """Return why no move may be made now; empty where one may.

    Args:
        rollout: the newest; None where there never was one.
        run_by: whose engine runs it.
        remedy: the move; None for one that does nothing but lead on.
    """
    if rollout is None:
        return ""
    if _moves_nobody(rollout, run_by):
        return ""  # its end is recorded before anything else is done
    if run_by is RunBy.NOBODY:
        # A dead Terraform's lock is in the way of whoever takes the rollout up.
        is_in_the_way = remedy is Remedy.UNLOCK
        return "" if is_in_the_way else "no console runs the rollout: go back and take it up first"
    if rollout.running:
        return f"{', '.join(str(record.at) for record in rollout.running)} is under way"
    if rollout.is_finished:
        return ""
    if run_by is RunBy.OTHERS:
        return _OF_OTHERS
    if rollout.stop:
        return "the rollout is ending; wait for its end"
    return "" if rollout.halt else "the rollout is under way and has not halted"


def _reason(action: Action, rollout: Rollout | None, run_by: RunBy) -> str:
    if rollout is None:
        return "no rollout has begun"
    if rollout.is_finished:
        if action is Action.ANOTHER:
            return "" if _moves_nobody(rollout, run_by) else _against_another(rollout)
        if action is Action.INTERRUPT and rollout.running and run_by is RunBy.US:
            return _against_interrupt(rollout)
        return f"this rollout has ended: {rollout.outcome}"
    if run_by is not RunBy.US and action is Action.TAKE_UP:
        return ""
    if run_by is RunBy.OTHERS:
        return _OF_OTHERS
    if run_by is RunBy.NOBODY:
        # What cannot be taken up, because a region is out of reach, can at least be ended.
        return "" if action is Action.ABORT else "no console runs it: take it up first"
    return _TABLE[action][2](rollout)


def _moves_nobody(rollout: Rollout, run_by: RunBy) -> bool:
    """Whether what is open after the rollout's end is a move whose console is dead, or nothing."""
    return rollout.is_finished and run_by is RunBy.NOBODY


def _against_taking_up(_: Rollout) -> str:
    return "this console runs it"


def _against_answer(rollout: Rollout) -> str:
    return "" if rollout.waiting_for else "nothing is asked now"


def _against_pause(rollout: Rollout) -> str:
    if rollout.paused_by:
        return f"it is paused already, by {rollout.paused_by}"
    return _is_ending(rollout)


def _against_continue(rollout: Rollout) -> str:
    return "" if rollout.paused_by else _is_ending(rollout) or "it is not paused"


def _against_abort(rollout: Rollout) -> str:
    return f"it is ending already, stopped by {rollout.stop.by}" if rollout.stop else ""


def _against_close(rollout: Rollout) -> str:
    if rollout.stop:
        return f"it is ending already, stopped by {rollout.stop.by}"
    return "" if rollout.halt else "it has not halted; abort ends one that runs"


def against_skip(rollout: Rollout) -> str:
    """Return why what halted an open rollout may not be left as it is; empty where it may."""
    if rollout.stop:
        return _is_ending(rollout)
    if not rollout.halt:
        return "it has not halted"
    if rollout.halt.at.unit is None:
        return "it halted before any region was begun"
    return FAILED_CANARY if rollout.is_canary(rollout.wave) else ""


def _against_skip(rollout: Rollout) -> str:
    if reason := against_skip(rollout):
        return reason
    running = ", ".join(str(record.at) for record in rollout.running)
    return f"{running} is still under way" if running else ""


def _against_another(rollout: Rollout) -> str:
    if not rollout.is_finished:
        return "this one has not ended"
    return "a move is under way" if rollout.running else ""


def _against_finish(rollout: Rollout) -> str:
    return _is_ending(rollout)


def _against_interrupt(rollout: Rollout) -> str:
    if rollout.is_interrupted:
        return "Terraform got its one SIGINT already; it is waited for, and never killed"
    runs = any(record.at.step in _TERRAFORM for record in rollout.running)
    return "" if runs else "no Terraform runs now"


def _is_ending(rollout: Rollout) -> str:
    if rollout.stop:
        return f"it is ending already, stopped by {rollout.stop.by}"
    return "it has halted; close ends it" if rollout.halt else ""


FAILED_CANARY = "the canary failed: it was there to keep the release from the others"
"""Why nobody may leave the canary as it is and go on with the others."""

_OF_OTHERS = "another console runs it, and lives: wait for its end, or take it over first"
_TAKE_OVER = (
    "Take over",
    "Take the rollout from a console that lives; that one starts nothing more",
)
_TERRAFORM = {Step.TAINT, Step.UNTAINT, Step.PLAN, Step.APPLY, Step.RECOVER, Step.CENSUS}

_TABLE: dict[Action, tuple[str, str, Callable[[Rollout], str]]] = {
    Action.TAKE_UP: (
        "Take up",
        "Go on with a rollout whose console is gone, from where it stands",
        _against_taking_up,
    ),
    Action.ANSWER: ("Answer", "Review what is asked, then say yes or not yet", _against_answer),
    Action.PAUSE: ("Pause", "Let what runs finish and start nothing new", _against_pause),
    Action.CONTINUE: ("Continue", "Go on after a pause", _against_continue),
    Action.ABORT: ("Abort", "End the rollout; nothing is reverted", _against_abort),
    Action.SKIP: (
        "Skip region",
        "Leave the region that halted it as it is, and go on with the others",
        _against_skip,
    ),
    Action.CLOSE: ("Close", "End a rollout that halted, with its outcome", _against_close),
    Action.FINISH: (
        "Finish regions",
        "Finish the regions that were begun and start no other",
        _against_finish,
    ),
    Action.INTERRUPT: (
        "Interrupt Terraform",
        "Send every running Terraform its one SIGINT",
        _against_interrupt,
    ),
    Action.ANOTHER: (
        "New rollout",
        "Open the start form, once this rollout has ended",
        _against_another,
    ),
}
