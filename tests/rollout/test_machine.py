"""The rollout machine, on a fleet on paper: what is done, in which order, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain import effects
from console.domain.commands import Abort, Continue, Interrupt, Pause, Refuse
from console.domain.events import (
    ApprovalRequested,
    ApprovalVoid,
    BakeStarted,
    Entry,
    Event,
    GuardRefused,
    Paused,
    StepFinished,
    StepStarted,
    WaveFinished,
)
from console.domain.evolve import replay
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName
from console.domain.machine import Input
from console.domain.outcome import Outcome, RegionPhase
from console.domain.policy import Approve as ApprovePolicy
from console.domain.policy import Mark, OnFailure, Policy, Share, Unit
from console.domain.steps import Asks, At, Step

from .world import BROKEN, LOCKED, NEW, OLD, START, PaperWorld, policy, run, started, yes


def two_regions() -> tuple[PaperWorld, Policy]:
    return PaperWorld({"us-east-1": [OLD], "eu-west-1": [OLD, OLD]}), policy(
        us_east_1=1, eu_west_1=2
    )


US_EAST = RegionName("us-east-1")


def kinds(world: PaperWorld) -> list[str]:
    return [type(effect).__name__ for effect in world.asked]


def test_a_good_release_goes_through_every_wave_in_order() -> None:
    world, rules = two_regions()

    rollout = run(world, started(rules), yes)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.COMPLETED, 0)
    assert world.slots == {"us-east-1": [NEW], "eu-west-1": [NEW, NEW]}
    wave = ["MarkSlots", "MakePlan", "ApplyPlan"]
    assert kinds(world) == ["Survey", "Build", "Test", "Push", *wave, *wave, "TakeCensus"]
    assert all(region.phase is RegionPhase.DONE for region in rollout.regions)


def test_a_fleet_that_runs_the_digest_already_is_left_alone() -> None:
    world = PaperWorld({"us-east-1": [NEW]})

    rollout = run(world, started(policy(us_east_1=1)), yes)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.COMPLETED, 0)
    assert "nothing to do" in rollout.reason
    assert kinds(world) == ["Survey", "Build", "TakeCensus"]


def test_refresh_replaces_what_already_runs_the_digest() -> None:
    world = PaperWorld({"us-east-1": [NEW]})

    rollout = run(world, started(policy(us_east_1=1), refresh=True), yes)

    assert rollout.exit_code == 0
    assert "ApplyPlan" in kinds(world)


def test_only_slots_that_do_not_run_the_digest_are_replaced() -> None:
    world = PaperWorld({"us-east-1": [NEW, OLD, NEW]})

    run(world, started(policy(us_east_1=3)), yes)

    marks = [e for e in world.asked if isinstance(e, effects.MarkSlots)]
    assert [m.addresses for m in marks] == [(("us-east-1", 1),)]


def test_batches_change_a_region_in_parts_and_keep_what_the_rest_runs() -> None:
    world = PaperWorld({"us-east-1": [OLD, OLD, OLD]})
    rules = replace(policy(us_east_1=3), batch=Share(count=2))

    rollout = run(world, started(rules), yes)

    plans = [dict(e.slots)[US_EAST] for e in world.asked if isinstance(e, effects.MakePlan)]
    assert plans == [(NEW, NEW, OLD), (NEW, NEW, NEW)]
    assert rollout.exit_code == 0


def test_empty_slots_are_filled_with_the_first_batch() -> None:
    world = PaperWorld({"us-east-1": [OLD]})
    rules = replace(policy(us_east_1=3), batch=Share(count=1))

    run(world, started(rules), yes)

    plans = [dict(e.slots)[US_EAST] for e in world.asked if isinstance(e, effects.MakePlan)]
    assert plans == [(OLD, NEW, NEW), (NEW, NEW, NEW)]


def test_replace_marks_at_plan_time_and_taints_nothing() -> None:
    world, rules = two_regions()

    run(world, started(replace(rules, mark=Mark.REPLACE)), yes)

    assert "MarkSlots" not in kinds(world)
    plans = [e for e in world.asked if isinstance(e, effects.MakePlan)]
    assert [p.replace for p in plans] == [
        (("us-east-1", 0),),
        (("eu-west-1", 0), ("eu-west-1", 1)),
    ]


def test_an_image_that_is_pushed_is_neither_built_nor_tested_nor_pushed() -> None:
    world, rules = two_regions()

    rollout = run(world, started(rules, image=NEW.image), yes)

    assert rollout.exit_code == 0
    assert not {"Test", "Push"} & set(kinds(world))


@pytest.mark.parametrize("step", [effects.Survey, effects.Build, effects.Test, effects.Push])
def test_a_failure_before_the_first_region_refuses_and_touches_none(step: type) -> None:
    world, rules = two_regions()
    world.failures[step] = BROKEN

    rollout = run(world, started(rules), yes)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.REFUSED, 3)
    assert not {"MarkSlots", "MakePlan", "ApplyPlan"} & set(kinds(world))
    assert rollout.next


def test_a_held_lock_is_told_apart_from_other_refusals() -> None:
    world, rules = two_regions()
    world.failures[effects.Survey] = LOCKED

    assert run(world, started(rules), yes).exit_code == 4


def test_a_failed_canary_halts_and_leaves_the_other_waves_alone() -> None:
    world, rules = two_regions()
    world.failures[effects.ApplyPlan] = BROKEN

    rollout = run(world, started(rules), yes)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.PARTIAL, 5)
    assert [e.unit for e in world.asked if isinstance(e, effects.MarkSlots)] == ["us-east-1"]
    assert rollout.region(rules.regions[1].name).phase is RegionPhase.WAITING
    assert "it broke" in rollout.reason


def test_a_canary_halts_even_where_failures_are_to_be_passed_over() -> None:
    world, rules = two_regions()
    world.sick.add("us-east-1")

    rollout = run(world, started(replace(rules, on_failure=OnFailure.CONTINUE)), yes)

    assert rollout.exit_code == 5
    assert world.slots["eu-west-1"] == [OLD, OLD]


def test_a_region_after_the_canary_may_fail_and_the_others_go_on() -> None:
    world = PaperWorld({"us-east-1": [OLD], "us-west-1": [OLD], "eu-west-1": [OLD]})
    world.sick.add("us-west-1")
    rules = policy(us_east_1=1, us_west_1=1, eu_west_1=1)

    rollout = run(world, started(replace(rules, on_failure=OnFailure.CONTINUE)), yes)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.PARTIAL, 5)
    assert world.slots["eu-west-1"] == [NEW]
    assert "us-west-1 failed" in rollout.reason


def test_a_release_that_finishes_no_job_fails_its_gate_at_the_deadline() -> None:
    world, rules = two_regions()
    world.sick.add("us-east-1")

    rollout = run(world, started(rules), yes)

    assert rollout.exit_code == 5
    assert "completions" in rollout.reason
    assert world.now - START >= rules.gates.completions_within


def test_a_wave_bakes_before_the_next_begins() -> None:
    world, rules = two_regions()

    run(world, started(replace(rules, bake=timedelta(minutes=5))), yes)

    order = [e for e in world.events if isinstance(e, BakeStarted | WaveFinished)]
    assert [type(e).__name__ for e in order] == ["BakeStarted", "WaveFinished"] * 2
    assert world.now - START >= timedelta(minutes=10)


def test_a_gate_that_breaks_in_the_bake_halts() -> None:
    world, rules = two_regions()

    def break_in_bake(event: Event) -> Input | None:
        if isinstance(event, BakeStarted):
            world.slots["us-east-1"] = []
        return yes(event)

    rules = replace(rules, bake=timedelta(minutes=1))
    rollout = run(world, started(rules), break_in_bake)

    assert rollout.exit_code == 5
    assert world.slots["eu-west-1"] == [OLD, OLD]


def test_a_refused_question_aborts_and_takes_the_marks_back() -> None:
    world, rules = two_regions()

    def no_to_apply(event: Event) -> Input | None:
        if isinstance(event, ApprovalRequested) and event.subject.asks is Asks.APPLY:
            return Refuse(event.subject, "ada")
        return yes(event)

    rollout = run(world, started(rules), no_to_apply)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.ABORTED, 7)
    assert world.tainted == set()
    assert "ApplyPlan" not in kinds(world)


def test_an_interrupt_finishes_the_region_that_is_being_applied_and_starts_no_other() -> None:
    world, rules = two_regions()

    def interrupt_in_apply(event: Event) -> Input | None:
        if event == StepStarted(At(Step.APPLY, rules.units[0].name)):
            return Interrupt(2)
        return yes(event)

    rollout = run(world, started(rules), interrupt_in_apply)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.PARTIAL, 130)
    assert world.slots == {"us-east-1": [NEW], "eu-west-1": [OLD, OLD]}
    assert rollout.regions[0].phase is RegionPhase.VERIFIED


def test_an_interrupt_before_the_apply_takes_the_marks_back() -> None:
    world, rules = two_regions()

    def interrupt_in_plan(event: Event) -> Input | None:
        if event == StepStarted(At(Step.PLAN, rules.units[0].name)):
            return Interrupt(15)
        return yes(event)

    rollout = run(world, started(rules), interrupt_in_plan)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.ABORTED, 143)
    assert world.tainted == set()


def test_a_pause_starts_nothing_until_continued() -> None:
    world, rules = two_regions()

    def pause_at_wave(event: Event) -> Input | None:
        return Pause("ada") if isinstance(event, WaveFinished) else yes(event)

    paused = run(world, started(rules), pause_at_wave, most_s=100)

    assert not paused.is_finished
    assert paused.paused_by == "ada"
    assert world.slots["eu-west-1"] == [OLD, OLD]


def test_a_continued_rollout_completes() -> None:
    world, rules = two_regions()

    def pause_and_go_on(event: Event) -> Input | None:
        match event:
            case WaveFinished():
                return Pause("ada")
            case Paused():
                return Continue("ada")
            case _:
                return yes(event)

    assert run(world, started(rules), pause_and_go_on).exit_code == 0


def test_a_stale_plan_voids_the_yes_and_is_made_afresh() -> None:
    world, rules = two_regions()
    stale = Failure(FailureKind.STALE, "the state has moved")
    world.failures[effects.ApplyPlan] = stale

    def mend(event: Event) -> Input | None:
        if isinstance(event, ApprovalVoid):
            world.failures.clear()
        return yes(event)

    rollout = run(world, started(rules), mend)

    assert rollout.exit_code == 0
    asked = [
        e.subject.plan
        for e in world.events
        if isinstance(e, ApprovalRequested) and e.subject.asks is Asks.APPLY
    ]
    assert len(set(asked)) == len(asked) == 3


def test_a_plan_that_never_stays_fresh_halts_and_has_changed_nothing() -> None:
    world, rules = two_regions()
    world.failures[effects.ApplyPlan] = Failure(FailureKind.STALE, "the state has moved")

    rollout = run(world, started(rules), yes)

    assert rollout.exit_code == 3
    assert world.tainted == set()


def test_the_guard_refuses_before_anything_is_changed() -> None:
    world, rules = two_regions()
    original = world._planned

    def planned_with_more(effect: effects.MakePlan) -> object:
        seen = original(effect)
        other = replace(seen.plan.changes[0], address="aws_sqs_queue.work", slot=None, region=None)
        return replace(seen, plan=replace(seen.plan, changes=(*seen.plan.changes, other)))

    world._planned = planned_with_more  # type: ignore[method-assign, assignment]
    rollout = run(world, started(rules), yes)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.REFUSED, 3)
    assert any(isinstance(event, GuardRefused) for event in world.events)
    assert world.tainted == set()


@pytest.mark.parametrize(
    ("approve", "asked"),
    [
        (
            ApprovePolicy.EACH_STEP,
            ["start", "build", "push", "taint", "apply", "taint", "apply"],
        ),
        (ApprovePolicy.EACH_WAVE, ["start", "wave", "wave"]),
        (ApprovePolicy.ONCE, ["start"]),
    ],
)
def test_a_person_is_asked_as_often_as_the_policy_says(
    approve: ApprovePolicy, asked: list[str]
) -> None:
    world, rules = two_regions()

    run(world, started(replace(rules, approve=approve)), yes)

    questions = [e.subject.asks.value for e in world.events if isinstance(e, ApprovalRequested)]
    assert questions == asked


def test_regions_of_a_wave_change_no_more_than_max_parallel_at_once() -> None:
    names = ["us-east-1", "us-west-1", "eu-west-1", "eu-west-2"]
    world = PaperWorld({name: [OLD] for name in names})
    rules = policy(**{name.replace("-", "_"): 1 for name in names})
    together = replace(
        rules,
        regions=tuple(replace(r, wave=1) for r in rules.regions),
        units=tuple(Unit(u.name, 1, u.regions) for u in rules.units),
        max_parallel=2,
    )

    in_flight: set[str] = set()
    most = 0

    def count(event: Event) -> Input | None:
        nonlocal most
        match event:
            case StepStarted(At(Step.TAINT, unit)):
                in_flight.add(str(unit))
                most = max(most, len(in_flight))
            case StepFinished(At(Step.VERIFY, unit)):
                in_flight.discard(str(unit))
            case _:
                pass
        return yes(event)

    rollout = run(world, started(together), count)

    assert rollout.exit_code == 0
    assert most == 2


def test_an_abort_is_not_an_interrupt() -> None:
    world, rules = two_regions()

    def abort_in_apply(event: Event) -> Input | None:
        if event == StepStarted(At(Step.APPLY, rules.units[0].name)):
            return Abort("ada")
        return yes(event)

    rollout = run(world, started(rules), abort_in_apply)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.ABORTED, 7)
    assert world.slots["us-east-1"] == [NEW]  # what ran was finished, nothing was reverted


def test_replaying_the_journal_gives_the_same_rollout() -> None:
    world, rules = two_regions()
    rollout = run(world, started(rules), yes)

    # Times are the world's own: entries are made again from the events, at one moment.
    entries = [Entry("r1", i, START, event) for i, event in enumerate(world.events, start=1)]
    again = replay(entries)

    assert again is not None
    assert (again.outcome, again.outcomes, again.seq) == (
        rollout.outcome,
        rollout.outcomes,
        rollout.seq,
    )
