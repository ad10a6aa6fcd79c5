"""What does it mean that another console goes on with a rollout?

Nothing that was under way is believed to have ended, and no yes outlives the plan that it was given
to: plans are made and asked for again. Of an apply, what the state shows counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from console.domain.changes import with_phase, with_region, with_unit
from console.domain.commands import TakeUp
from console.domain.events import ApprovalVoid, Event, StepFinished, TakenUp
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName
from console.domain.outcome import RegionPhase
from console.domain.reconciliation import ApplyEnd, Found
from console.domain.recovering import end_recovery, unseen
from console.domain.rollout import Rollout, UnitPhase
from console.domain.steps import Asks, At, Result, Step, Subject

Halt = Callable[[Rollout, At, RegionName | None, Failure], Event]


def take_up(rollout: Rollout, command: TakeUp, halt: Halt) -> tuple[Event, ...]:
    """Return the facts of a succession, those about applies that were under way included.

    Args:
        rollout: as its journal tells it.
        command: who goes on, and what became of each apply.
        halt: how a failure ends.
    """
    known = {end.at for end in command.applies}
    # Verify has no end that could have been missed: it goes on with the next sample.
    known |= {left.at for left in rollout.open_moves}
    lost = (s.at for s in rollout.running if s.at not in known and s.at.step is not Step.VERIFY)
    moves = (end_recovery(rollout, left.at, "", unseen()) for left in rollout.open_moves)
    return (
        TakenUp(command.by, tuple(lost)),
        *(event for ended in moves for event in ended),
        *(event for end in command.applies for event in _ended(rollout, end, halt)),
    )


def _ended(rollout: Rollout, end: ApplyEnd, halt: Halt) -> Iterator[Event]:
    match end.found:
        case Found.APPLIED:
            yield StepFinished(end.at, Result.OK, f"without its console: {end.message}")
        case Found.UNTOUCHED:
            stale = Failure(FailureKind.STALE, f"it never began: {end.message}")
            yield StepFinished(end.at, Result.FAILED, stale.message, stale)
            assert end.at.unit is not None  # an apply belongs to a unit  # noqa: S101
            unit = rollout.unit(end.at.unit)
            plan = rollout.planned(unit)
            subject = Subject(Asks.APPLY, unit.wave, unit.name, unit.batch, plan.id)
            yield ApprovalVoid(subject, "its console died before the plan was applied")
        case Found.HALFWAY:
            # Nobody saw why it stopped, so the release is under no suspicion, and not proven.
            failure = Failure(
                FailureKind.INCONCLUSIVE,
                f"the apply lost its console and did not finish: {end.message}",
            )
            yield StepFinished(end.at, Result.FAILED, failure=failure)
            yield halt(rollout, end.at, None, failure)


def taken_up(rollout: Rollout, lost: tuple[At, ...], at: datetime) -> Rollout:
    """Return the rollout with another console at its head since `at`."""
    steps = tuple(
        replace(step, finished_at=at, result=Result.LOST)
        if step.finished_at is None and step.at in lost
        else step
        for step in rollout.steps
    )
    taken = replace(
        rollout,
        steps=steps,
        waiting_for=(),
        questions=(),
        approved=frozenset(s for s in rollout.approved if s.asks is not Asks.APPLY),
        paused_by=None,
        is_interrupted=False,
    )
    for unit in rollout.units:
        apply = At(Step.APPLY, unit.name, unit.batch)
        is_applying = any(step.at == apply for step in rollout.running)
        if unit.phase is UnitPhase.PLANNED and not is_applying:
            taken = with_phase(taken, unit.name, RegionPhase.WAITING)
            taken = with_unit(taken, unit.name, phase=UnitPhase.MARKED, plan=None)
    return _with_new_deadlines(taken, at)


def _with_new_deadlines(rollout: Rollout, at: datetime) -> Rollout:
    """Let verify and bake begin anew: nobody looked at the gates while no console lived."""
    renewed = rollout
    for region in rollout.regions:
        if region.phase is RegionPhase.VERIFYING:
            renewed = with_region(renewed, region.name, verify_since=at, verdicts=())
    if rollout.bake_until is not None:
        renewed = replace(renewed, bake_until=at + rollout.policy.bake)
    if rollout.watch_until is not None:
        renewed = replace(renewed, watch_until=at + rollout.policy.watch_after)
    return renewed
