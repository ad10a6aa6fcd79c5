"""When may a region be led on, and what does that change about its rollout?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from console.domain.commands import Recover
from console.domain.events import Event, RecoveryFinished, RecoveryStarted, Skipped
from console.domain.failure import Failure, FailureKind
from console.domain.recovery.move import Move
from console.domain.recovery.remedies import Remedy
from console.domain.rollout import Recovery, Rollout, StepRecord
from console.domain.steps import At, Result, Step


def begin_recovery(rollout: Rollout, command: Recover) -> tuple[Event, ...]:
    """Return the start of a move; nothing while the rollout itself may still do something."""
    if rollout.running or not (rollout.is_finished or rollout.halt):
        return ()
    at = At(Step.RECOVER, batch=len(rollout.recoveries))
    return (RecoveryStarted(at, command.move, command.consequence, command.by),)


def begin_beside(rollout: Rollout, command: Recover) -> tuple[Event, ...]:
    """Return the start of a move in a rollout that has no end and whose console is dead.

    Only what stands in the way of whoever goes on with it is made so: a dead Terraform's lock. An
    earlier move that was left there ends first.
    """
    if command.move.remedy is not Remedy.UNLOCK:
        return ()
    ended = (end_recovery(rollout, left.at, "", unseen()) for left in rollout.open_moves)
    at = At(Step.RECOVER, batch=len(rollout.recoveries))
    started = RecoveryStarted(at, command.move, command.consequence, command.by)
    return (*(event for events in ended for event in events), started)


def end_recovery(rollout: Rollout, at: At, note: str, failure: Failure | None) -> tuple[Event, ...]:
    """Return the end of the move at `at`."""
    return (RecoveryFinished(at, _move(rollout, at), note, failure),)


def unseen(console: str = "its console") -> Failure:
    """Return how a move ends whose console died: nobody saw what it has done.

    Args:
        console: which one, in words.
    """
    return Failure(
        FailureKind.INCONCLUSIVE,
        f"{console} died in it, and nobody saw its end",
        "the region is looked at anew: what is true there now tells which move leads on",
    )


def skip(rollout: Rollout, by: str) -> tuple[Event, ...]:
    """Return that the others go on; nothing where that is not a person's to say.

    A failed canary stops all: it was there to keep the release from the others. A rollback has
    none.
    """
    if not rollout.halt or rollout.stop or rollout.running or rollout.is_canary(rollout.wave):
        return ()
    return (Skipped(by),) if rollout.halt.at.unit is not None else ()


def recovered(rollout: Rollout, event: RecoveryStarted | RecoveryFinished, at: datetime) -> Rollout:
    """Return the rollout with the start or the end of a move."""
    if isinstance(event, RecoveryStarted):
        return replace(
            rollout,
            # The Terraform that got its SIGINT has ended since.
            is_interrupted=False,
            steps=(*rollout.steps, StepRecord(event.at, at)),
            recoveries=(*rollout.recoveries, Recovery(event.at, event.move, event.by)),
        )
    result = Result.OK if event.failure is None else Result.FAILED
    return replace(
        rollout,
        steps=tuple(
            replace(step, finished_at=at, result=result, note=event.note)
            if step.at == event.at and step.finished_at is None
            else step
            for step in rollout.steps
        ),
        recoveries=tuple(
            replace(known, note=event.note, failure=event.failure)
            if known.at == event.at
            else known
            for known in rollout.recoveries
        ),
    )


def _move(rollout: Rollout, at: At) -> Move:
    return next(known.move for known in rollout.recoveries if known.at == at)
