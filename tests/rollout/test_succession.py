"""Another console goes on: what became of an apply, and what is done again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from console.domain import effects
from console.domain.commands import Approve, Pause, TakeUp
from console.domain.events import ApprovalRequested, Entry, RolloutHalted, TakenUp
from console.domain.evolve import replay
from console.domain.fleet import (
    Instance,
    InstanceId,
    Reading,
    RegionName,
    StateLock,
    UnitName,
)
from console.domain.machine import Decision, begin, decide
from console.domain.observations import RegionSurvey
from console.domain.outcome import RegionPhase
from console.domain.reconciliation import Found, reconcile
from console.domain.rollout import Rollout, UnitPhase
from console.domain.steps import Asks, At, Result, Step

from .world import NEW, OLD, PaperWorld, policy, started

REGION = RegionName("us-east-1")
UNIT = UnitName("us-east-1")
APPLY = At(Step.APPLY, UNIT)


def up_to(world: PaperWorld, stop: Callable[[Decision], bool]) -> tuple[Rollout, list[Entry]]:
    """Run a rollout of one region until a decision satisfies `stop`, and leave it there."""
    decision = begin(started(policy(us_east_1=len(world.slots["us-east-1"]))), world.now)
    entries = list(decision.entries)
    while not stop(decision):
        rollout = decision.rollout
        if decision.effects:
            answer = world.answer(decision.effects[0])
            assert answer is not None
            decision = decide(rollout, answer, world.now)
        else:
            decision = decide(rollout, Approve(rollout.waiting_for[0], "ada"), world.now)
        entries += decision.entries
    return decision.rollout, entries


def begins(effect: type) -> Callable[[Decision], bool]:
    return lambda decision: any(isinstance(e, effect) for e in decision.effects)


def asks(subject: Asks) -> Callable[[Decision], bool]:
    return lambda decision: any(s.asks is subject for s in decision.rollout.waiting_for)


def survey(world: PaperWorld, **changes: object) -> RegionSurvey:
    state = replace(world.state("us-east-1"), **changes)  # type: ignore[arg-type]
    return RegionSurvey(REGION, state, world.sample(REGION))


def finished(world: PaperWorld) -> RegionSurvey:
    world.slots["us-east-1"] = [NEW] * len(world.slots["us-east-1"])
    world.tainted.clear()
    return survey(world, serial=world.serial + 1)


def with_object(seen: RegionSurvey, **changes: object) -> RegionSurvey:
    """Return the survey with one more object in slot 0, or another one there."""
    assert seen.state is not None
    extra = replace(seen.state.objects[0], **changes)  # type: ignore[arg-type]
    return replace(seen, state=replace(seen.state, objects=(*seen.state.objects, extra)))


def with_orphan(seen: RegionSurvey) -> RegionSurvey:
    known = seen.sample.instances.value or ()
    instances = Reading(seen.sample.at, (*known, Instance(InstanceId("i-new"), "running")))
    return replace(seen, sample=replace(seen.sample, instances=instances))


LOCK = StateLock("1", "ada@host", "OperationTypeApply", None)


@pytest.mark.parametrize(
    ("name", "see", "found", "told"),
    [
        ("all is done", finished, Found.APPLIED, "everything"),
        ("nothing has begun", survey, Found.UNTOUCHED, "not moved"),
        (
            "one slot is tainted",
            lambda world: with_tainted(finished(world)),
            Found.HALFWAY,
            "slot 0: i-us-east-1-0-0.9.1 is tainted",
        ),
        (
            "an old one is still there",
            lambda world: with_object(
                finished(world), deposed_key="d1", instance=InstanceId("i-old"), target=OLD
            ),
            Found.HALFWAY,
            "i-old is deposed",
        ),
        (
            "an instance was created and is in no state",
            lambda world: with_orphan(survey(world)),
            Found.HALFWAY,
            "i-new runs and is in no state",
        ),
        (
            "the state has moved and shows the old release",
            lambda world: unmarked(world),
            Found.HALFWAY,
            "still runs 0.9.0",
        ),
        (
            "a slot is empty",
            lambda world: survey(world, serial=world.serial + 1, objects=()),
            Found.HALFWAY,
            "no current object",
        ),
        (
            "the lock is still there",
            lambda world: survey(world, lock=LOCK),
            Found.HALFWAY,
            "locked by ada@host",
        ),
        (
            "the state cannot be read",
            lambda world: replace(survey(world), state=None),
            Found.HALFWAY,
            "cannot be read",
        ),
    ],
)
def test_what_became_of_an_apply_is_read_from_state_and_ec2(
    name: str, see: Callable[[PaperWorld], RegionSurvey], found: Found, told: str
) -> None:
    world = PaperWorld({"us-east-1": [OLD, OLD]})
    rollout, _ = up_to(world, begins(effects.ApplyPlan))

    end = reconcile(rollout, APPLY, [see(world)])

    assert (end.found, end.at) == (found, APPLY), end.message
    assert told in end.message


@pytest.mark.parametrize(
    ("see", "found"), [(finished, Found.APPLIED), (survey, Found.UNTOUCHED)], ids=["all", "nothing"]
)
def test_an_orphan_that_stood_there_before_is_no_end_of_the_apply(
    see: Callable[[PaperWorld], RegionSurvey], found: Found
) -> None:
    world = PaperWorld({"us-east-1": [OLD, OLD]})
    rollout, _ = up_to(world, begins(effects.ApplyPlan))
    known = tuple(replace(r, orphans=(InstanceId("i-new"),)) for r in rollout.regions)

    end = reconcile(replace(rollout, regions=known), APPLY, [with_orphan(see(world))])

    assert end.found is found, end.message


def unmarked(world: PaperWorld) -> RegionSurvey:
    world.tainted.clear()
    return survey(world, serial=world.serial + 1)


def with_tainted(seen: RegionSurvey) -> RegionSurvey:
    assert seen.state is not None
    first, *rest = seen.state.objects
    objects = (replace(first, is_tainted=True), *rest)
    return replace(seen, state=replace(seen.state, objects=objects))


def test_an_apply_that_is_done_is_verified_and_not_run_again() -> None:
    world = PaperWorld({"us-east-1": [OLD]})
    rollout, _ = up_to(world, begins(effects.ApplyPlan))
    end = reconcile(rollout, APPLY, [finished(world)])

    decision = decide(rollout, TakeUp("bob", (end,)), world.now)

    assert decision.effects == ()
    assert decision.rollout.region(REGION).phase is RegionPhase.VERIFYING
    assert decision.rollout.has_changed


def test_an_apply_that_never_began_loses_its_yes_and_its_plan() -> None:
    world = PaperWorld({"us-east-1": [OLD]})
    rollout, _ = up_to(world, begins(effects.ApplyPlan))
    end = reconcile(rollout, APPLY, [survey(world)])

    decision = decide(rollout, TakeUp("bob", (end,)), world.now)

    assert [type(e) for e in decision.effects] == [effects.MakePlan]
    assert not any(s.asks is Asks.APPLY for s in decision.rollout.approved)
    assert not decision.rollout.has_changed


def test_an_apply_that_stopped_half_way_halts_as_inconclusive() -> None:
    world = PaperWorld({"us-east-1": [OLD]})
    rollout, _ = up_to(world, begins(effects.ApplyPlan))
    end = reconcile(rollout, APPLY, [with_orphan(survey(world))])

    decision = decide(rollout, TakeUp("bob", (end,)), world.now)

    halted = [e.event for e in decision.entries if isinstance(e.event, RolloutHalted)]
    assert len(halted) == 1
    assert "i-new" in halted[0].failure.message
    assert decision.rollout.has_changed


@pytest.mark.parametrize(
    ("effect", "step"),
    [
        (effects.Survey, At(Step.PREFLIGHT)),
        (effects.Build, At(Step.BUILD)),
        (effects.Test, At(Step.TEST)),
        (effects.Push, At(Step.PUSH)),
        (effects.MarkSlots, At(Step.TAINT, UNIT)),
        (effects.MakePlan, At(Step.PLAN, UNIT)),
    ],
)
def test_any_other_step_is_done_again(effect: type, step: At) -> None:
    world = PaperWorld({"us-east-1": [OLD]})
    rollout, entries = up_to(world, begins(effect))

    decision = decide(rollout, TakeUp("bob"), world.now)

    taken = decision.entries[0].event
    assert isinstance(taken, TakenUp)
    assert taken.lost == (step,)
    assert [type(e) for e in decision.effects] == [effect]
    records = [s for s in decision.rollout.steps if s.at == step]
    assert [s.result for s in records] == [Result.LOST, None]
    assert replay((*entries, *decision.entries)) == decision.rollout


@pytest.mark.parametrize("subject", [Asks.START, Asks.BUILD, Asks.PUSH, Asks.TAINT])
def test_an_open_question_is_asked_again(subject: Asks) -> None:
    world = PaperWorld({"us-east-1": [OLD]})
    rollout, _ = up_to(world, asks(subject))

    decision = decide(rollout, TakeUp("bob"), world.now)

    asked = [e.event for e in decision.entries if isinstance(e.event, ApprovalRequested)]
    assert [a.subject.asks for a in asked] == [subject]


def test_a_plan_that_waited_for_its_yes_is_made_again() -> None:
    world = PaperWorld({"us-east-1": [OLD]})
    rollout, _ = up_to(world, asks(Asks.APPLY))
    assert rollout.unit(UNIT).phase is UnitPhase.PLANNED

    decision = decide(rollout, TakeUp("bob"), world.now)

    assert [type(e) for e in decision.effects] == [effects.MakePlan]


def test_a_pause_ends_with_the_console_that_was_paused() -> None:
    world = PaperWorld({"us-east-1": [OLD]})
    rollout, _ = up_to(world, asks(Asks.TAINT))
    paused = decide(rollout, Pause("ada"), world.now).rollout
    assert paused.paused_by == "ada"

    decision = decide(paused, TakeUp("bob"), world.now)

    assert decision.rollout.paused_by is None
    assert decision.rollout.waiting_for
