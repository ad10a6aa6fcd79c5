"""A bake and the last watch: what breaks them, what does not, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain.automatic_rollback import rolls_back_by_itself
from console.domain.commands import Approve, Close
from console.domain.events import (
    ApprovalRequested,
    BakeStarted,
    Event,
    GateJudged,
    RegionMeasured,
    RolloutHalted,
    StepFinished,
    WatchFinished,
    WatchStarted,
    WaveFinished,
)
from console.domain.failure import FailureKind
from console.domain.fleet import Reading, RegionName, RegionSample
from console.domain.gates import Status
from console.domain.machine import Decision, Input, begin, decide
from console.domain.narrate import tell
from console.domain.observations import Sampled, Ticked
from console.domain.outcome import Outcome
from console.domain.path_view import view_path
from console.domain.policy import OnFailure, Pace, Policy
from console.domain.rollout import Rollout
from console.domain.rollout_view import ask_of
from console.domain.steps import Step
from console.domain.verification import compared, watched

from .world import OLD, PaperWorld, policy, started

CANARY, NEXT = RegionName("us-east-1"), RegionName("eu-west-1")
MINUTE = timedelta(minutes=1)
Spoil = Callable[[RegionSample, Rollout], RegionSample]


def rules(**changes: object) -> Policy:
    """Return the rules of a canary and one more region, with a bake of a minute."""
    made = policy(us_east_1=1, eu_west_1=2)
    gates = replace(made.gates, failures_max_ratio=0.02, failures_min_runs=5)
    return replace(made, bake=MINUTE, gates=gates, **changes)  # type: ignore[arg-type]


def failing(sample: RegionSample, share: float = 0.5) -> RegionSample:
    """Return the look with that share of every worker's jobs failed."""
    beats = tuple(
        replace(beat, failures=round(beat.runs * share)) for beat in sample.heartbeats.value or ()
    )
    return replace(sample, heartbeats=Reading(sample.at, beats))


def roll(
    policy: Policy, spoil: Spoil = lambda sample, _: sample, most_s: int = 900
) -> tuple[Rollout, list[Event]]:
    """Run a rollout of which every look is spoilt as told; as the engine does, look by look."""
    world = PaperWorld({CANARY: [OLD], NEXT: [OLD, OLD]})
    waiting: list[Input] = []

    def take(decision: Decision) -> Rollout:
        for entry in decision.entries:
            world.events.append(entry.event)
            match entry.event:
                case ApprovalRequested(subject):
                    waiting.append(Approve(subject, "ada"))
                case RolloutHalted():
                    waiting.append(Close("ada"))
                case _:
                    pass
        waiting.extend(filter(None, map(world.answer, decision.effects)))
        return decision.rollout

    rollout = take(begin(started(policy), world.now))
    for _ in range(most_s):
        while waiting and not rollout.is_finished:
            rollout = take(decide(rollout, waiting.pop(0), world.now))
        if rollout.is_finished:
            break
        world.now += timedelta(seconds=1)
        looks = {
            n: spoil(world.sample(n), rollout) for n in (*watched(rollout), *compared(rollout))
        }
        beside = tuple(looks[name] for name in compared(rollout))
        waiting.append(Ticked())
        waiting.extend(Sampled(look, beside) for look in looks.values())
    return rollout, world.events


def is_baking(rollout: Rollout) -> bool:
    return rollout.bake_until is not None


def only_canary_fails(sample: RegionSample, rollout: Rollout) -> RegionSample:
    return failing(sample) if is_baking(rollout) and sample.region == CANARY else sample


def all_fail(sample: RegionSample, rollout: Rollout) -> RegionSample:
    return failing(sample) if is_baking(rollout) else sample


def kinds(events: list[Event], *classes: type) -> list[str]:
    return [type(event).__name__ for event in events if isinstance(event, classes)]


def test_a_bake_begins_with_the_last_verify_and_lasts_as_long_as_it_should() -> None:
    rollout, events = roll(rules())

    (first, _) = (event for event in events if isinstance(event, BakeStarted))
    verified = next(
        step
        for step in rollout.steps
        if step.at.step is Step.VERIFY and str(step.at.unit) == CANARY
    )
    assert verified.finished_at is not None
    assert first.until == verified.finished_at + MINUTE
    assert rollout.outcome is Outcome.COMPLETED


def test_a_canary_that_breaks_in_its_bake_halts_at_once_and_may_be_rolled_back() -> None:
    rollout, events = roll(rules(on_failure=OnFailure.ROLLBACK), only_canary_fails)

    halted = next(event for event in events if isinstance(event, RolloutHalted))
    assert halted.region == CANARY
    assert halted.failure.kind is FailureKind.FAILED
    assert "failures is 10 of 20 runs" in halted.failure.message
    assert kinds(events, BakeStarted, WaveFinished) == ["BakeStarted"]
    assert rollout.outcome is Outcome.PARTIAL
    assert rolls_back_by_itself(rollout)


def test_what_fails_everywhere_halts_as_nobody_s_fault_and_is_never_rolled_back() -> None:
    rollout, events = roll(rules(on_failure=OnFailure.ROLLBACK), all_fail)

    halted = next(event for event in events if isinstance(event, RolloutHalted))
    assert halted.failure.kind is FailureKind.INCONCLUSIVE
    assert "not the release: " in halted.failure.message
    assert "eu-west-1" in halted.failure.message
    assert (rollout.outcome, rollout.exit_code) == (Outcome.INCONCLUSIVE, 5)
    assert rollout.next
    assert not rolls_back_by_itself(rollout)


def test_without_a_region_to_compare_with_a_failure_is_the_release_s() -> None:
    def late(sample: RegionSample, rollout: Rollout) -> RegionSample:
        is_last = rollout.wave == 2 and is_baking(rollout)
        return failing(sample) if is_last else sample

    rollout, _ = roll(rules(), late)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.PARTIAL, 5)


def test_regions_that_are_not_touched_are_looked_at_while_gates_look_and_no_longer() -> None:
    seen: set[tuple[str, bool]] = set()

    def note(sample: RegionSample, rollout: Rollout) -> RegionSample:
        seen.add((sample.region, sample.region in compared(rollout)))
        return sample

    _, events = roll(rules(), note)

    assert (NEXT, True) in seen
    assert (CANARY, True) not in seen
    assert [event.region for event in events if isinstance(event, RegionMeasured)] == [NEXT]


def test_a_gate_on_a_dry_run_is_told_and_stops_nothing() -> None:
    made = rules()
    dry = replace(made.gates, paces=(("failures", Pace(dry_run=True)),))

    rollout, events = roll(replace(made, gates=dry), only_canary_fails)

    assert rollout.outcome is Outcome.COMPLETED
    told = [event.verdict for event in events if isinstance(event, GateJudged)]
    assert any(v.gate == "failures" and v.status is Status.FAIL and v.is_dry for v in told)


def test_one_failure_that_is_allowed_ends_no_bake() -> None:
    made = rules()
    paces = (("failures", Pace(failures_allowed=1, interval=MINUTE / 4)),)
    broke: list[str] = []

    def once(sample: RegionSample, rollout: Rollout) -> RegionSample:
        # As long as it takes until the others were looked at as well.
        if is_baking(rollout) and sample.region == CANARY and len(broke) < 40:
            broke.append(sample.region)
            return failing(sample)
        return sample

    rollout, events = roll(replace(made, gates=replace(made.gates, paces=paces)), once)

    assert rollout.outcome is Outcome.COMPLETED, rollout.reason
    reasons = [e.verdict.reason for e in events if isinstance(e, GateJudged)]
    assert any("failure 1 of 1 allowed" in reason for reason in reasons)


def test_a_rollout_is_watched_to_the_end_before_it_counts_as_completed() -> None:
    rollout, events = roll(rules(watch_after=2 * MINUTE))

    order = kinds(events, WaveFinished, WatchStarted, WatchFinished)
    assert order == ["WaveFinished", "WaveFinished", "WatchStarted", "WatchFinished"]
    assert rollout.outcome is Outcome.COMPLETED
    began = next(i for i, event in enumerate(events) if isinstance(event, WatchStarted))
    census = [e for e in events[:began] if isinstance(e, StepFinished) and e.at.step is Step.CENSUS]
    assert not census


@pytest.mark.parametrize("region", [CANARY, NEXT])
def test_a_region_that_breaks_in_the_last_watch_halts_and_may_be_rolled_back(
    region: RegionName,
) -> None:
    def late(sample: RegionSample, rollout: Rollout) -> RegionSample:
        is_late = rollout.watch_until is not None and sample.region == region
        return failing(sample) if is_late else sample

    rollout, events = roll(rules(watch_after=MINUTE, on_failure=OnFailure.ROLLBACK), late)

    halted = next(event for event in events if isinstance(event, RolloutHalted))
    assert halted.region == region
    assert rolls_back_by_itself(rollout)
    assert not kinds(events, WatchFinished)


def test_bake_and_watch_are_shown_with_their_clock_and_what_is_closest_to_its_limit() -> None:
    shown: dict[str, str] = {}

    def note(sample: RegionSample, rollout: Rollout) -> RegionSample:
        name = "bake" if is_baking(rollout) else "watch" if rollout.watch_until else ""
        if name:
            shown[name] = ask_of(rollout, sample.at).text
        if rollout.watch_until:
            watch = view_path(rollout, {}, sample.at).watch
            assert watch is not None
            assert watch.elapsed is not None
        return sample

    _, events = roll(rules(watch_after=MINUTE), note)

    for name in ("bake", "watch"):
        assert " s more: every gate must stay good" in shown[name]
        assert "closest to its limit: " in shown[name]
        assert "100% left" in shown[name]
    rollout, _ = roll(rules(watch_after=MINUTE))
    told = [sentence.text for event in events if (sentence := tell(event, rollout))]
    assert "every wave is through; watched for 60 s: every gate must stay good" in told
    assert "2 regions stayed good to the end of the watch" in told
