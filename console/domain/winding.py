"""How does a rollout come to rest, once it shall end?

A region that an apply has begun to change is not left half-way by an interrupt: it is taken to its
end. Marks that were never applied are taken back. Then one census, and the outcome.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from console.domain.conclusion import conclude
from console.domain.events import Event, StepStarted
from console.domain.failure import FailureKind
from console.domain.rollout import Rollout, UnitPhase, UnitRun
from console.domain.steps import At, Result, Step

Events = tuple[Event, ...]
NextOfUnit = Callable[[Rollout, UnitRun], Events]


class Stretch(Enum):
    """How far a unit that has begun may still go."""

    NOWHERE = auto()
    END_OF_BATCH = auto()
    """Until the slots that were just applied are verified."""
    END_OF_REGION = auto()


def wind_down(rollout: Rollout, next_of_unit: NextOfUnit) -> Events:
    """Return the next events on the way to the end; empty while something still runs."""
    for unit in rollout.units:
        if may_go_on(rollout, unit) and (events := next_of_unit(rollout, unit)):
            return events
    if rollout.running or any(may_go_on(rollout, unit) for unit in rollout.units):
        return ()
    for unit in rollout.units:
        if unit.is_marked and rollout.own_marks(unit) and not _has_untainted(rollout, unit):
            return (StepStarted(At(Step.UNTAINT, unit.name, unit.batch)),)
    if rollout.halt and rollout.has_changed and rollout.stop is None:
        return ()  # a person decides how it goes on; see the command Close
    return wrap_up(rollout)


def _has_untainted(rollout: Rollout, unit: UnitRun) -> bool:
    """Whether it was tried once since the marks were made.

    A mark that cannot be taken back is told in the outcome.
    """
    untaint = At(Step.UNTAINT, unit.name, unit.batch)
    both = {untaint, At(Step.TAINT, unit.name, unit.batch)}
    newest = next((s for s in reversed(rollout.steps) if s.at in both), None)
    return newest is not None and newest.at == untaint and newest.result is not Result.LOST


def wrap_up(rollout: Rollout) -> Events:
    """Return the census, so that the outcome tells what is true of each region; then the end."""
    at = At(Step.CENSUS)
    if rollout.is_surveyed and not rollout.has_tried(at):
        return (StepStarted(at),)
    record = rollout.step(at)
    # An alarm that does not act again yet is part of how it ends.
    is_waiting = any(step.at.step is Step.UNMUTE for step in rollout.running)
    is_known = record is None or record.finished_at is not None
    return (conclude(rollout),) if is_known and not is_waiting else ()


def may_go_on(rollout: Rollout, unit: UnitRun) -> bool:
    """Whether a unit is taken further although the rollout shall end."""
    if unit.is_over or rollout.is_interrupted:
        return False
    match _stretch(rollout):
        case Stretch.NOWHERE:
            return False
        case Stretch.END_OF_BATCH:
            return unit.phase is UnitPhase.APPLIED
        case Stretch.END_OF_REGION:
            return unit.batch > 0 or unit.phase is UnitPhase.APPLIED


def _stretch(rollout: Rollout) -> Stretch:
    if rollout.halt is not None:
        is_abandoned = rollout.halt.failure.kind is FailureKind.INTERRUPTED
        return Stretch.NOWHERE if is_abandoned else Stretch.END_OF_BATCH
    if rollout.stop is not None and rollout.stop.finishes_regions:
        return Stretch.END_OF_REGION
    return Stretch.NOWHERE
