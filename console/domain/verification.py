"""Is what was applied good, and does it stay good?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from console.domain.events import Event, GateJudged, StepFinished
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName, RegionSample
from console.domain.gates import Expectation, Status, Verdict, judge, settle
from console.domain.outcome import RegionPhase
from console.domain.rollout import RegionRun, Rollout, UnitPhase
from console.domain.steps import At, Result, Step

Events = tuple[Event, ...]
Halt = Callable[[Rollout, At, RegionName | None, Failure], Event]


def watched(rollout: Rollout) -> tuple[RegionName, ...]:
    """Return the regions whose samples decide something now: verified ones, and baking ones."""
    return tuple(region.name for region in rollout.regions if _is_watched(rollout, region))


def _is_watched(rollout: Rollout, region: RegionRun) -> bool:
    is_verifying = region.phase is RegionPhase.VERIFYING
    is_baking = (
        rollout.bake_until is not None
        and region.wave == rollout.wave
        and region.phase is RegionPhase.VERIFIED
    )
    return is_verifying or is_baking


def expectation(rollout: Rollout, region: RegionRun) -> Expectation:
    """Return what `region` shall look like after what was applied so far."""
    return Expectation(
        region=region.name,
        slots=tuple(slot for slot in region.slots if slot is not None),
        target=rollout.target_in(region.name),
        since=region.applied_at or rollout.started_at,
        dead_letters_before=region.dead_letters_before,
        rules=rollout.policy.gates,
        silent_after=rollout.policy.silent_after,
    )


def weigh(rollout: Rollout, sample: RegionSample, now: datetime, halt: Halt) -> Events:
    """Judge a fresh look at a region; changed verdicts are facts, and so is what they add up to."""
    region = rollout.region(sample.region)
    if not _is_watched(rollout, region):
        return ()
    verdicts = judge(expectation(rollout, region), sample)
    changed = tuple(GateJudged(region.name, v) for v in _changed(region.verdicts, verdicts))
    return (*changed, *_settle(rollout, region, verdicts, now, halt))


def tick(rollout: Rollout, now: datetime, halt: Halt) -> Events:
    """Let deadlines pass, also where no sample arrives any more."""
    return tuple(
        event
        for region in rollout.regions
        if _is_watched(rollout, region) and _is_over(rollout, region, now)
        for event in _settle(rollout, region, region.verdicts, now, halt)
    )


def _changed(before: tuple[Verdict, ...], after: tuple[Verdict, ...]) -> Iterator[Verdict]:
    known = {verdict.gate: verdict.status for verdict in before}
    return (verdict for verdict in after if known.get(verdict.gate) is not verdict.status)


def _is_over(rollout: Rollout, region: RegionRun, now: datetime) -> bool:
    begun = region.verify_since if region.phase is RegionPhase.VERIFYING else rollout.bake_until
    return begun is not None and now >= begun + rollout.policy.gates.deadline


def _settle(
    rollout: Rollout,
    region: RegionRun,
    verdicts: tuple[Verdict, ...],
    now: datetime,
    halt: Halt,
) -> Events:
    at = At(Step.VERIFY, region.unit, rollout.unit(region.unit).batch)
    is_over = _is_over(rollout, region, now)
    status = settle(verdicts, is_over=is_over) if verdicts else _without_data(is_over=is_over)
    match status:
        case Status.WAIT:
            return ()
        case Status.PASS:
            is_last = region.phase is RegionPhase.VERIFYING and _others_pass(rollout, region)
            return (StepFinished(at, Result.OK),) if is_last else ()
        case _:
            failure = _failure(status, verdicts)
            if region.phase is RegionPhase.VERIFYING:
                finished = StepFinished(at, Result.FAILED, failure=failure)
                return (finished, halt(rollout, at, region.name, failure))
            return (halt(rollout, at, region.name, failure),)


def _without_data(*, is_over: bool) -> Status:
    return Status.INCONCLUSIVE if is_over else Status.WAIT


def _others_pass(rollout: Rollout, region: RegionRun) -> bool:
    """Whether every other region of the unit's batch has passed already."""
    unit = rollout.unit(region.unit)
    return unit.phase is UnitPhase.APPLIED and all(
        other.verdicts and all(v.status is Status.PASS for v in other.verdicts)
        for other in rollout.regions_of(unit)
        if other.name != region.name
    )


def _failure(status: Status, verdicts: tuple[Verdict, ...]) -> Failure:
    bad = [v for v in verdicts if v.status is not Status.PASS]
    told = "; ".join(
        f"{v.gate} is {v.measured}, wanted {v.threshold}" + (f" ({v.reason})" if v.reason else "")
        for v in bad
    )
    if status is Status.INCONCLUSIVE:
        return Failure(
            FailureKind.INCONCLUSIVE,
            f"nobody can say whether it works: {told or 'no sample arrived'}",
            "look at the source that gives no data; release-console status shows each",
        )
    return Failure(FailureKind.FAILED, f"a gate failed: {told}")
