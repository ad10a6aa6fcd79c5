"""Is what was applied good, and does it stay good?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from console.domain.baseline import NOT_THE_RELEASE, Group
from console.domain.comparison import first_look, group_of, untouched
from console.domain.events import Event, GateJudged, StepFinished
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName
from console.domain.gates import Expectation, Status, Verdict, judge, settle
from console.domain.observations import Sampled
from console.domain.outcome import RegionPhase
from console.domain.pacing import Moment, paced
from console.domain.rollout import RegionRun, Rollout, UnitPhase
from console.domain.steps import At, Result, Step

Events = tuple[Event, ...]
Halt = Callable[[Rollout, At, RegionName | None, Failure], Event]


def watched(rollout: Rollout) -> tuple[RegionName, ...]:
    """Return the regions whose samples decide something now: being verified, baking, watched."""
    return tuple(region.name for region in rollout.regions if _is_watched(rollout, region))


def compared(rollout: Rollout) -> tuple[RegionName, ...]:
    """Return the regions to look at as well, because the watched ones are compared with them."""
    return untouched(rollout) if watched(rollout) else ()


def in_last_watch(rollout: Rollout) -> tuple[RegionRun, ...]:
    """Return the regions that must stay good after the last wave."""
    return tuple(r for r in rollout.regions if r.batches and r.phase is RegionPhase.DONE)


def are_good(regions: Iterable[RegionRun]) -> bool:
    """Whether no gate of `regions` holds anything back."""
    return all(verdict.is_good for region in regions for verdict in region.verdicts)


def _is_watched(rollout: Rollout, region: RegionRun) -> bool:
    match region.phase:
        case RegionPhase.VERIFYING:
            return True
        case RegionPhase.VERIFIED:
            # Also while other regions of its wave are still under way.
            return region.wave == rollout.wave and not (rollout.halt or rollout.stop)
        case RegionPhase.DONE:
            is_wanted = rollout.watch_until is not None and bool(region.batches)
            return is_wanted and not (rollout.halt or rollout.stop)
        case _:
            return False


def expectation(rollout: Rollout, region: RegionRun, group: Group | None = None) -> Expectation:
    """Return what `region` shall look like after what was applied so far.

    Args:
        rollout: where it stands.
        region: one that was applied.
        group: the regions to compare it with; None for none.
    """
    return Expectation(
        region=region.name,
        slots=tuple(slot for slot in region.slots if slot is not None),
        target=rollout.target_in(region.name),
        since=region.applied_at or rollout.started_at,
        dead_letters_before=region.dead_letters_before,
        rules=rollout.policy.gates,
        silent_after=rollout.policy.silent_after,
        alarming=region.alarming,
        before=region.before,
        group=group or Group(),
        is_baking=region.phase is not RegionPhase.VERIFYING,
        is_rollback=bool(rollout.request.rolls_back),
    )


def weigh(rollout: Rollout, seen: Sampled, now: datetime, halt: Halt) -> Events:
    """Judge a fresh look at a region; changed verdicts are facts, and so is what they add up to."""
    region = rollout.region(seen.sample.region)
    if not _is_watched(rollout, region):
        return first_look(rollout, seen.sample) if watched(rollout) else ()
    group = group_of(rollout, seen.untouched)
    moment = Moment(
        now,
        region.verify_since or rollout.started_at,
        min((control.now.at for control in group.regions), default=None),
        rollout.policy.sample_every,
    )
    known = {verdict.gate: verdict for verdict in region.verdicts}
    # An orphan is neither a slot's instance too many nor a proof that the release works.
    sample = seen.sample.without(region.orphans)
    looks = judge(expectation(rollout, region, group), sample)
    if now < _all_its_own(rollout, region):
        looks = tuple(map(_of_before, looks))
    verdicts = tuple(
        paced(look, known.get(look.gate), rollout.policy.gates.pace(look.gate), moment)
        for look in looks
    )
    changed = tuple(GateJudged(region.name, v) for v in verdicts if _is_news(known, v))
    return (*changed, *_settle(rollout, region, verdicts, now, halt))


def tick(rollout: Rollout, now: datetime, halt: Halt) -> Events:
    """Let deadlines pass, also where no sample arrives any more."""
    return tuple(
        event
        for region in rollout.regions
        if _is_watched(rollout, region)
        and (_is_over(rollout, region, now) or _late(rollout, region, now))
        for event in _settle(rollout, region, region.verdicts, now, halt)
    )


_NOTEWORTHY = 0.25
"""The part of a limit by which a number must have moved to be told again."""


def _is_news(known: dict[str, Verdict], verdict: Verdict) -> bool:
    """Whether a verdict says something else than before, and not only another number."""
    before = known.get(verdict.gate)
    if before is None or (before.status, before.counts) != (verdict.status, verdict.counts):
        return True
    if None in (before.margin, verdict.margin):
        return before.margin is not verdict.margin
    return abs((before.margin or 0) - (verdict.margin or 0)) >= _NOTEWORTHY


_RUNS = "failures"
"""The gate that judges runs of the observed window, whenever they were made."""
_OF_BEFORE = "they may be of before it is verified again"


def _all_its_own(rollout: Rollout, region: RegionRun) -> datetime:
    """Return from when on every run that is looked at was made since the region is verified.

    The instances of a region in which nothing is replaced have run jobs before. Those of any other
    are new.
    """
    since = region.verify_since or rollout.started_at
    is_as_it_was = region.phase is RegionPhase.VERIFYING and not any(region.batches)
    return since + rollout.policy.window if is_as_it_was else since


def _of_before(look: Verdict) -> Verdict:
    """Return a verdict on runs, some of which were before: they hold it up, and fail nothing."""
    has_failed = look.status is Status.FAIL or look.is_decided
    if look.gate != _RUNS or not has_failed:
        return look
    return replace(look, status=Status.WAIT, reason=_OF_BEFORE, is_decided=False)


def _is_over(rollout: Rollout, region: RegionRun, now: datetime) -> bool:
    begun = {
        RegionPhase.VERIFYING: region.verify_since,
        RegionPhase.VERIFIED: rollout.bake_until,
    }.get(region.phase, rollout.watch_until)
    held_up_by = {verdict.reason for verdict in region.verdicts if not verdict.is_good}
    if begun is None or (held_up_by == {_OF_BEFORE} and now < _all_its_own(rollout, region)):
        return False
    return now >= begun + rollout.policy.gates.deadline


def _late(rollout: Rollout, region: RegionRun, now: datetime) -> frozenset[str]:
    """Return the gates whose own deadline has passed while the region is verified."""
    if region.phase is not RegionPhase.VERIFYING or region.verify_since is None:
        return frozenset()
    return frozenset(
        gate
        for gate, pace in rollout.policy.gates.paces
        if pace.deadline is not None and now >= region.verify_since + pace.deadline
    )


def _settle(
    rollout: Rollout,
    region: RegionRun,
    verdicts: tuple[Verdict, ...],
    now: datetime,
    halt: Halt,
) -> Events:
    at = At(Step.VERIFY, region.unit, rollout.unit(region.unit).batch)
    is_over, late = _is_over(rollout, region, now), _late(rollout, region, now)
    status = (
        settle(verdicts, is_over=is_over, late=late) if verdicts else _without_data(is_over=is_over)
    )
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
        other.verdicts and all(verdict.is_good for verdict in other.verdicts)
        for other in rollout.regions_of(unit)
        if other.name != region.name
    )


def _failure(status: Status, verdicts: tuple[Verdict, ...]) -> Failure:
    bad = [v for v in verdicts if not v.is_good]
    # What decided comes first: the rest only waits.
    order = (Status.FAIL, Status.INCONCLUSIVE, Status.WAIT)
    told = "; ".join(_told(v) for v in sorted(bad, key=lambda v: order.index(v.status)))
    if status is not Status.INCONCLUSIVE:
        return Failure(FailureKind.FAILED, f"a gate failed: {told}")
    foreign = [v for v in bad if v.is_decided and v.reason.startswith(NOT_THE_RELEASE)]
    if foreign:
        return Failure(
            FailureKind.INCONCLUSIVE,
            "; ".join(_told(v) for v in foreign),
            "find out what makes it so everywhere; nothing was rolled back, for that would not "
            "help",
        )
    return Failure(
        FailureKind.INCONCLUSIVE,
        f"nobody can say whether it works: {told or 'no sample arrived'}",
        "look at the source that gives no data; release-console status shows each",
    )


def _told(verdict: Verdict) -> str:
    reason = f" ({verdict.reason})" if verdict.reason else ""
    return f"{verdict.gate} is {verdict.measured}, wanted {verdict.threshold}{reason}"
