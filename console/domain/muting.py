"""When are a region's alarms muted, and when do they act again?

They are muted while a batch is applied and verified, and at no other time: not while somebody is
asked, not between batches, not in the bake. Whatever ends a rollout, or holds it up, ends that too.
"""

from __future__ import annotations

from console.domain.events import Event, StepStarted
from console.domain.rollout import Rollout, UnitPhase, UnitRun
from console.domain.steps import At, Step

MOST_TRIES = 3
"""How often it is tried to let alarms act again before a person is told to."""

_WINDOW = frozenset({UnitPhase.PLANNED, UnitPhase.APPLIED})


def mute(rollout: Rollout, unit: UnitRun) -> tuple[Event, ...]:
    """Return the start of muting before `unit` is applied; nothing where that is done already."""
    if unit.is_muted or not rollout.alarms_of(unit):
        return ()
    return (StepStarted(At(Step.MUTE, unit.name, unit.batch)),)


def unmute(rollout: Rollout, unit: UnitRun, *, goes_on: bool) -> tuple[Event, ...]:
    """Return the start of letting the alarms of `unit` act again, once that is due.

    Args:
        rollout: as it stands.
        unit: one of its units.
        goes_on: whether its current batch is still taken to its end.
    """
    if not unit.is_muted or unit.unmute_tries >= MOST_TRIES or rollout.is_running(unit.name):
        return ()
    if goes_on and unit.phase in _WINDOW:
        return ()
    return (StepStarted(At(Step.UNMUTE, unit.name, unit.batch)),)
