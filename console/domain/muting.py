"""When are a region's alarms muted, and when do they act again?

They are muted while a batch is applied and verified, and at no other time: not while somebody is
asked, not between batches, not in the bake. Whatever ends a rollout, or holds it up, ends that too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.domain.events import Event, StepStarted
from console.domain.fleet import RegionName
from console.domain.rollout import Rollout, StepRecord, UnitPhase, UnitRun
from console.domain.steps import At, Step

MOST_TRIES = 3
"""How often it is tried to let alarms act again before a person is told to."""

_WINDOW = frozenset({UnitPhase.PLANNED, UnitPhase.APPLIED})


def mute(rollout: Rollout, unit: UnitRun) -> tuple[Event, ...]:
    """Return the start of muting before `unit` is applied; nothing where that is done already."""
    if unit.is_muted or not rollout.alarms_of(unit):
        return ()
    return (StepStarted(At(Step.MUTE, unit.name, unit.batch)),)


@dataclass(frozen=True, slots=True)
class Muted:
    """Alarms of one region that wake nobody now."""

    region: RegionName
    alarms: tuple[str, ...]
    since: datetime | None

    def __str__(self) -> str:
        """Return it in words."""
        since = f" since {self.since:%H:%M:%S} UTC" if self.since is not None else ""
        return f"muted in {self.region}{since}: {', '.join(self.alarms)}"


def muted(rollout: Rollout) -> tuple[Muted, ...]:
    """Return which alarms the rollout has muted, or may have, and has not let act again."""
    return tuple(
        Muted(region, alarms, step.started_at if step is not None else None)
        for unit in rollout.units
        if unit.is_muted
        for step in [_newest_mute(rollout, unit)]
        for region, alarms in rollout.alarms_of(unit)
    )


def _newest_mute(rollout: Rollout, unit: UnitRun) -> StepRecord | None:
    found = (s for s in rollout.steps if (s.at.step, s.at.unit) == (Step.MUTE, unit.name))
    return max(found, key=lambda step: step.started_at, default=None)


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
