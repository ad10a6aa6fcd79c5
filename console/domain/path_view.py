"""What does the path of a rollout look like, step by step?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.domain.counted import counted
from console.domain.policy import Mark
from console.domain.rollout import Rollout, StepRecord, UnitPhase, UnitRun
from console.domain.signs import StepState
from console.domain.steps import Asks, At, Result, Step, Subject

Expected = Mapping[Step, timedelta]
_PREPARATION = (Step.PREFLIGHT, Step.BUILD, Step.TEST, Step.PUSH)
_OF_UNIT = (Step.TAINT, Step.PLAN, Step.APPLY, Step.VERIFY)
_ASKS = {Asks.BUILD: Step.BUILD, Asks.PUSH: Step.PUSH}
_ASKS_OF_UNIT = {Asks.TAINT: Step.TAINT, Asks.APPLY: Step.APPLY}


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of the path."""

    name: str
    state: StepState
    elapsed: timedelta | None = None
    expected: timedelta | None = None
    """What it took in earlier rollouts; None where there were none."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class UnitView:
    """One unit's part of the path."""

    name: str
    regions: tuple[str, ...]
    state: StepState
    summary: str
    """In a few words: how many slots, which batch."""
    steps: tuple[StepView, ...]
    is_under_way: bool


@dataclass(frozen=True, slots=True)
class WaveView:
    """One wave of the path."""

    number: int
    state: StepState
    units: tuple[UnitView, ...]
    bake: StepView | None
    """None where the policy wants none."""
    is_canary: bool = False
    """Whether no other wave begins if it fails."""


@dataclass(frozen=True, slots=True)
class PathView:
    """The whole path."""

    preparation: tuple[StepView, ...]
    waves: tuple[WaveView, ...]
    closing: StepView | None
    """The last look at the fleet, once it has begun."""
    watch: StepView | None = None
    """The watch over all regions after the last wave; None where the policy wants none."""
    asked: str = ""
    """The unit that the first question is about; empty where it is about none."""


def view_path(rollout: Rollout, expected: Expected, now: datetime) -> PathView:
    """Return the path with what was done, what runs and what is left.

    Args:
        rollout: where it stands.
        expected: how long each step takes, from earlier rollouts.
        now: the time.
    """
    asked = {_ASKS[s.asks] for s in rollout.waiting_for if s.asks in _ASKS}
    begins = any(s.asks is Asks.START for s in rollout.waiting_for)
    census = rollout.step(At(Step.CENSUS))
    return PathView(
        (
            *(_step(rollout, At(step), expected, now, step in asked) for step in _PREPARATION[:1]),
            *((StepView("start", StepState.ASKED),) if begins else ()),
            *(_step(rollout, At(step), expected, now, step in asked) for step in _PREPARATION[1:]),
        ),
        tuple(_wave(rollout, wave, expected, now) for wave in range(1, rollout.policy.waves + 1)),
        None if census is None else _recorded(census, expected, now, "last look"),
        _watch(rollout, now),
        next((subject.unit or "" for subject, _ in rollout.questions), ""),
    )


def _wave(rollout: Rollout, number: int, expected: Expected, now: datetime) -> WaveView:
    units = tuple(
        _unit(rollout, unit, expected, now) for unit in rollout.units if unit.wave == number
    )
    bake = _bake(rollout, number, now)
    state = _wave_state(rollout, number, units)
    return WaveView(number, state, units, bake, rollout.is_canary(number))


def _wave_state(rollout: Rollout, number: int, units: tuple[UnitView, ...]) -> StepState:
    if any(unit.state is StepState.FAILED for unit in units):
        return StepState.FAILED
    if rollout.is_path_chosen and number < rollout.wave:
        return StepState.OK
    if any(s.asks is Asks.WAVE and s.wave == number for s in rollout.waiting_for):
        return StepState.ASKED
    is_begun = any(unit.is_under_way or unit.state is StepState.OK for unit in units)
    return StepState.RUNNING if is_begun and number == rollout.wave else StepState.WAITING


def _unit(rollout: Rollout, unit: UnitRun, expected: Expected, now: datetime) -> UnitView:
    subjects = [s for s in rollout.waiting_for if s.unit == unit.name]
    records = [s for s in rollout.steps if s.at.unit == unit.name and s.at.batch == unit.batch]
    is_begun = bool(subjects or records)
    is_under_way = is_begun and unit.phase is not UnitPhase.VERIFIED
    steps = tuple(_steps_of_unit(rollout, unit, subjects, expected, now))
    return UnitView(
        unit.name,
        tuple(unit.regions),
        _unit_state(rollout, unit, subjects, is_begun=is_begun),
        _summary(rollout, unit),
        steps,
        is_under_way,
    )


def _steps_of_unit(
    rollout: Rollout,
    unit: UnitRun,
    subjects: list[Subject],
    expected: Expected,
    now: datetime,
) -> Iterator[StepView]:
    asked = {_ASKS_OF_UNIT[s.asks] for s in subjects if s.asks in _ASKS_OF_UNIT}
    for step in _OF_UNIT:
        if step is Step.TAINT and rollout.policy.mark is Mark.REPLACE:
            continue
        yield _step(rollout, At(step, unit.name, unit.batch), expected, now, step in asked)


def _unit_state(
    rollout: Rollout, unit: UnitRun, subjects: list[Subject], *, is_begun: bool
) -> StepState:
    if unit.phase is UnitPhase.FAILED:
        return StepState.FAILED
    if rollout.is_path_chosen and unit.batches == 0:
        return StepState.SKIPPED
    if unit.phase is UnitPhase.VERIFIED:
        return StepState.OK
    if subjects:
        return StepState.ASKED
    if rollout.is_running(unit.name):
        return StepState.RUNNING
    if is_begun or unit.has_begun:
        return StepState.HELD if rollout.starts_nothing else StepState.RUNNING
    return StepState.WAITING


def _summary(rollout: Rollout, unit: UnitRun) -> str:
    regions = [rollout.region(name) for name in unit.regions]
    if not rollout.is_path_chosen:
        return counted(sum(region.count for region in regions), "slot")
    if unit.batches == 0:
        return "has them already" if rollout.request.scale else "has it already"
    changed = sum(len(batch) for region in regions for batch in region.batches)
    if not changed and not rollout.request.scale:
        return "has it, not proven"
    batch = f", batch {min(unit.batch + 1, unit.batches)}/{unit.batches}"
    return counted(changed, "slot") + (batch if unit.batches > 1 else "")


def _step(
    rollout: Rollout,
    at: At,
    expected: Expected,
    now: datetime,
    is_asked: bool,
) -> StepView:
    record = rollout.step(at)
    if record is None or is_asked:
        state = StepState.ASKED if is_asked else StepState.WAITING
        return StepView(at.step.value, state, None, expected.get(at.step))
    return _recorded(record, expected, now, at.step.value)


_RESULTS = {
    Result.OK: StepState.OK,
    Result.FAILED: StepState.FAILED,
    Result.SKIPPED: StepState.SKIPPED,
    Result.LOST: StepState.HELD,
}


def _recorded(record: StepRecord, expected: Expected, now: datetime, name: str) -> StepView:
    state = StepState.RUNNING if record.result is None else _RESULTS[record.result]
    elapsed = (record.finished_at or now) - record.started_at
    return StepView(name, state, elapsed, expected.get(record.at.step), record.note)


def _bake(rollout: Rollout, number: int, now: datetime) -> StepView | None:
    span = rollout.policy.bake
    if not span:
        return None
    if rollout.wave > number:
        has_changed = any(r.wave == number and r.batches for r in rollout.regions)
        state = StepState.OK if has_changed else StepState.SKIPPED
        return StepView("bake", state, span if has_changed else None, span)
    if rollout.wave == number and rollout.bake_until is not None:
        state = StepState.FAILED if rollout.halt else StepState.RUNNING
        return StepView("bake", state, now - (rollout.bake_until - span), span)
    return StepView("bake", StepState.WAITING, None, span)


def _watch(rollout: Rollout, now: datetime) -> StepView | None:
    span = rollout.policy.watch_after
    if not span:
        return None
    if rollout.is_watched_over:
        return StepView("watch", StepState.OK, span, span)
    if rollout.watch_until is None:
        return StepView("watch", StepState.WAITING, None, span)
    state = StepState.FAILED if rollout.halt else StepState.RUNNING
    return StepView("watch", state, now - (rollout.watch_until - span), span)
