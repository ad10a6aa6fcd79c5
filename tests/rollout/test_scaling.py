"""A region gets another number of workers, on a fleet on paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain import effects
from console.domain.automatic_rollback import rolls_back_by_itself
from console.domain.backlog_hint import backlog_hint
from console.domain.confirmation import is_dangerous
from console.domain.events import PathChosen, PlanReady
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName, SlotTarget
from console.domain.machine import begin
from console.domain.observations import RegionSurvey
from console.domain.outcome import Outcome
from console.domain.policy import OnFailure, Policy, Share
from console.domain.reconciliation import Found, reconcile
from console.domain.rollout import Rollout
from console.domain.scaling import Scale, most_run, rules_of, standing
from console.domain.steps import Asks, At, Step, Subject

from .world import NEW, OLD, PaperWorld, policy, run, started, yes

US = RegionName("us-west-1")


def scaled(
    world: PaperWorld, to: int, target: SlotTarget = OLD, **changes: object
) -> tuple[Rollout, Scale]:
    before = len(world.slots[US])
    scale = Scale(US, to, before, settings=before)
    rules = replace(policy(us_west_1=before), **changes)  # type: ignore[arg-type]
    start = replace(
        started(rules_of(rules, scale), scale=scale), label=target.release, image=target.image
    )
    return run(world, start, yes), scale


def kinds(world: PaperWorld) -> list[str]:
    return [type(effect).__name__ for effect in world.asked]


def test_scaling_down_destroys_the_highest_slots_and_marks_and_builds_nothing() -> None:
    world = PaperWorld({US: [OLD, NEW, OLD]})

    rollout, _ = scaled(world, 1)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.COMPLETED, 0)
    assert world.slots == {US: [OLD]}
    assert kinds(world) == ["Survey", "MakePlan", "ApplyPlan", "TakeCensus"]
    assert rollout.reason == "us-west-1 has 1 slot, it had 3"
    assert "count: 1" in rollout.next
    plan = next(event for event in world.events if isinstance(event, PlanReady))
    (told,) = plan.consequences
    assert told == (
        "us-west-1: create 0, destroy 2 (i-us-west-1-1-0.9.1, i-us-west-1-2-0.9.0), "
        "at least 1 worker stays healthy, 3 jobs waiting"
    )


def test_scaling_down_in_batches_goes_from_the_top() -> None:
    world = PaperWorld({US: [OLD] * 4})

    rollout, _ = scaled(world, 1, batch=Share(count=2))

    path = next(event for event in world.events if isinstance(event, PathChosen))
    assert path.batches == ((US, ((2, 3), (1,))),)
    plans = [effect for effect in world.asked if isinstance(effect, effects.MakePlan)]
    assert [len(dict(plan.slots)[US]) for plan in plans] == [2, 1]
    assert rollout.outcome is Outcome.COMPLETED
    assert world.slots == {US: [OLD]}


def test_scaling_up_gives_new_slots_the_announced_release_and_leaves_the_others() -> None:
    world = PaperWorld({US: [OLD, NEW]})

    rollout, _ = scaled(world, 4, NEW)

    assert rollout.outcome is Outcome.COMPLETED
    assert world.slots == {US: [OLD, NEW, NEW, NEW]}
    assert "MarkSlots" not in kinds(world)


def test_a_scale_to_what_is_there_changes_nothing_and_is_recorded() -> None:
    world = PaperWorld({US: [OLD, OLD]})

    rollout, _ = scaled(world, 2)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.COMPLETED, 0)
    assert kinds(world) == ["Survey", "TakeCensus"]


def test_the_guard_holds_a_scale_that_would_leave_no_healthy_worker() -> None:
    world = PaperWorld({US: [OLD, OLD, OLD]})
    healthy = world.sample

    def silent_in_slot_0(region: RegionName) -> object:
        sample = healthy(region)
        beats = sample.heartbeats.value or ()
        return replace(sample, heartbeats=replace(sample.heartbeats, value=beats[1:]))

    world.sample = silent_in_slot_0  # type: ignore[method-assign,assignment]

    rollout, _ = scaled(world, 1)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.REFUSED, 3)
    assert "0 healthy workers would be left, at least 1 must stay" in rollout.reason
    assert world.slots == {US: [OLD, OLD, OLD]}
    assert "release-console scale us-west-1 1 --yes --confirm checks" in rollout.next


def test_a_scale_that_fails_is_never_rolled_back_by_itself() -> None:
    world = PaperWorld(
        {US: [OLD, OLD, OLD]},
        failures={effects.ApplyPlan: Failure(FailureKind.FAILED, "EC2 is out of sorts")},
    )

    rollout, _ = scaled(world, 1, on_failure=OnFailure.ROLLBACK)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.PARTIAL, 5)
    assert not rolls_back_by_itself(rollout)


def test_a_backlog_does_not_hold_a_scale_that_is_made_because_of_it() -> None:
    rules = policy(us_west_1=2)
    gates = replace(rules.gates, backlog_per_worker=1, oldest=timedelta(seconds=1))

    slow: dict[str, object] = {"bake": timedelta(minutes=5), "watch_after": timedelta(minutes=5)}
    rollout, _ = scaled(PaperWorld({US: [OLD, OLD]}), 3, OLD, gates=gates, **slow)

    assert rollout.outcome is Outcome.COMPLETED
    assert not rollout.policy.bake
    assert not rollout.policy.watch_after
    assert {verdict.gate for verdict in rollout.region(US).verdicts} == {
        "instances",
        "heartbeat",
        "completions",
    }


@pytest.mark.parametrize(("to", "dangerous"), [(1, True), (2, False), (4, False)])
def test_going_below_half_takes_the_fleets_name(to: int, dangerous: bool) -> None:
    scale = Scale(US, to, before=3, settings=3)
    rollout = begin(started(policy(us_west_1=to), scale=scale), PaperWorld({}).now).rollout

    assert scale.is_dangerous is dangerous
    assert is_dangerous(rollout, Subject(Asks.START)) is dangerous
    assert is_dangerous(rollout, Subject(Asks.APPLY)) is dangerous
    assert is_dangerous(rollout, Subject(Asks.WAVE)) is False


def left_in_its_apply(world: PaperWorld) -> Rollout:
    """Return a scale from 3 to 1 whose console died while Terraform applied."""
    world.failures[effects.ApplyPlan] = Failure(FailureKind.FAILED, "never seen")
    rollout, _ = scaled(world, 1)
    return rollout


@pytest.mark.parametrize(
    ("left", "moved", "found"),
    [
        ([OLD], 1, Found.APPLIED),
        ([OLD, OLD], 1, Found.HALFWAY),
        ([OLD, OLD, OLD], 0, Found.UNTOUCHED),
    ],
)
def test_what_became_of_an_apply_shows_in_the_slots_that_were_to_go(
    left: list[SlotTarget | None], moved: int, found: Found
) -> None:
    world = PaperWorld({US: [OLD, OLD, OLD]})
    rollout = left_in_its_apply(world)
    world.slots[US] = left
    world.serial += moved

    end = reconcile(
        rollout,
        At(Step.APPLY, rollout.units[0].name),
        [RegionSurvey(US, world.state(US), world.sample(US))],
    )

    assert end.found is found
    if found is Found.HALFWAY:
        assert "slot 1: i-us-west-1-1-0.9.0 was to go and is still there" in end.message


def counts(rules: Policy) -> tuple[int, int | None]:
    return rules.region(US).count, rules.region(US).in_settings


def test_a_scale_stands_until_the_settings_say_something_new() -> None:
    scale = {US: Scale(US, 1, before=3, settings=3)}

    assert counts(standing(policy(us_west_1=3), scale)) == (1, 3)
    assert counts(standing(policy(us_west_1=5), scale)) == (5, None)
    assert counts(standing(policy(us_west_1=1), scale)) == (1, None)
    assert counts(standing(policy(us_west_1=3), {})) == (3, None)


def test_a_release_after_a_scale_keeps_the_number_of_slots() -> None:
    world = PaperWorld({US: [OLD]})
    rules = standing(policy(us_west_1=3), {US: Scale(US, 1, before=3, settings=3)})

    rollout = run(world, started(rules), yes)

    assert rollout.outcome is Outcome.COMPLETED
    assert world.slots == {US: [NEW]}


@pytest.mark.parametrize(
    ("backlog", "healthy", "told"),
    [
        (41, 1, "41 waiting per healthy worker, 100 accepted"),
        (123, 3, "41 waiting per healthy worker, 100 accepted: 2 workers would do"),
        (380, 1, "380 waiting per healthy worker, 100 accepted: 4 workers would be needed"),
        (300, 3, "100 waiting per healthy worker, 100 accepted"),
        (0, 3, ""),
        (7, 0, "7 jobs wait and no worker is healthy"),
    ],
)
def test_the_backlog_says_how_many_workers_it_takes(backlog: int, healthy: int, told: str) -> None:
    assert backlog_hint(backlog, healthy, 100) == told


def test_most_slots_decide_what_new_ones_get() -> None:
    assert most_run([OLD, NEW, NEW, None]) == NEW
    assert most_run([OLD, NEW]) == OLD
    assert most_run([None]) is None
