"""Alarms are muted while a batch is applied and verified, and at no other time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from console.domain import effects
from console.domain.commands import (
    Abort,
    Close,
    Interrupt,
    InterruptNow,
    Pause,
    Refuse,
    TakeUp,
)
from console.domain.events import (
    ApprovalRequested,
    BakeStarted,
    Entry,
    Event,
    Noticed,
    RegionSurveyed,
    StepStarted,
)
from console.domain.evolve import replay
from console.domain.failure import Failure, FailureKind
from console.domain.machine import Input
from console.domain.muting import muted
from console.domain.observations import Failed, Observation, RegionSurvey
from console.domain.policy import Policy, Share
from console.domain.reconciliation import ApplyEnd, Found
from console.domain.steps import Asks, At, Step

from .world import BROKEN, NEW, OLD, START, PaperWorld, go_on, policy, run, started, yes

EU, US = "eu-west-1", "us-east-1"
ALARMS = {EU: ("eu-quiet", "eu-late"), US: ("us-quiet",)}


@dataclass
class Listening(PaperWorld):
    """A world with alarms, which remembers what was muted when something else was done."""

    alarms: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(ALARMS))
    """Alarms that are to be muted, by region."""
    muted: set[str] = field(default_factory=set)
    """Those that are."""
    heard: list[tuple[str, frozenset[str]]] = field(default_factory=list)

    def answer(self, effect: effects.Effect) -> Observation | None:
        """Do an effect, and note what was muted before."""
        self.heard.append((type(effect).__name__, frozenset(self.muted)))
        if isinstance(effect, effects.SwitchAlarms) and type(effect) not in self.failures:
            names = {name for _, names in effect.alarms for name in names}
            self.muted = self.muted - names if effect.unmute else self.muted | names
        return super().answer(effect)

    def surveys(self) -> list[RegionSurvey]:
        """Look at every region and its alarms."""
        return [replace(s, alarms=self.alarms.get(s.region, ())) for s in super().surveys()]


def fleet(**changes: object) -> tuple[Listening, Policy]:
    world = Listening({US: [OLD], EU: [OLD, OLD]})
    rules = replace(policy(us_east_1=1, eu_west_1=2), bake=timedelta(seconds=30), **changes)  # type: ignore[arg-type]
    return world, rules


def test_each_region_is_muted_for_its_apply_and_nothing_else() -> None:
    world, rules = fleet(batch=Share(count=1))

    rollout = run(world, started(rules), yes)

    assert rollout.exit_code == 0
    applies = [muted for what, muted in world.heard if what == "ApplyPlan"]
    assert applies == [{"us-quiet"}, {"eu-quiet", "eu-late"}, {"eu-quiet", "eu-late"}]
    others = {what: muted for what, muted in world.heard if muted}
    assert others.keys() == {"ApplyPlan", "SwitchAlarms"}
    assert world.muted == set()


def test_alarms_act_again_before_the_bake_is_over() -> None:
    world, rules = fleet()
    muted_in_bake: list[frozenset[str]] = []

    def listen(event: Event) -> Input | None:
        if isinstance(event, StepStarted) and event.at.step is Step.TAINT and event.at.unit == EU:
            muted_in_bake.append(frozenset(world.muted))
        return yes(event)

    run(world, started(rules), listen)

    kinds = [type(event) for event in world.events]
    baking = kinds.index(BakeStarted)
    unmuting = world.events.index(StepStarted(At(Step.UNMUTE, rules.units[0].name)))
    assert unmuting <= baking + 1
    assert muted_in_bake == [frozenset()]


def test_who_looks_at_the_rollout_is_told_what_is_muted_and_since_when() -> None:
    world, rules = fleet()
    run(world, started(rules), yes)
    entries = journal_of(world)
    applying = next(
        number
        for number, entry in enumerate(entries)
        if entry.event == StepStarted(At(Step.APPLY, rules.units[1].name))
    )
    rollout = replay(entries[: applying + 1])
    assert rollout is not None
    assert [str(found) for found in muted(rollout)] == [
        "muted in eu-west-1 since 17:00:00 UTC: eu-quiet, eu-late"
    ]
    assert muted(replace(rollout, units=())) == ()


def test_a_fleet_without_alarms_to_mute_has_no_such_step() -> None:
    world, rules = fleet()
    world.alarms.clear()
    run(world, started(rules), yes)
    assert "SwitchAlarms" not in {what for what, _ in world.heard}


def test_nothing_is_muted_while_somebody_is_asked() -> None:
    world, rules = fleet()
    asked: list[frozenset[str]] = []

    def listen(event: Event) -> Input | None:
        if isinstance(event, ApprovalRequested):
            asked.append(frozenset(world.muted))
        return yes(event)

    run(world, started(rules), listen)

    assert asked
    assert set(asked) == {frozenset()}


def _at(step: Step, *inputs: Input) -> Callable[[Event], Input | None]:
    """Answer the first beginning of a step with an input, and every question with yes."""
    left = list(inputs)

    def answer(event: Event) -> Input | None:
        if isinstance(event, StepStarted) and event.at.step is step and left:
            return left.pop(0)
        return yes(event)

    return answer


def _no(event: Event) -> Input | None:
    if isinstance(event, ApprovalRequested) and event.subject.asks is Asks.APPLY:
        return Refuse(event.subject, "test")
    return yes(event)


@pytest.mark.parametrize("step", [Step.MUTE, Step.APPLY, Step.VERIFY, Step.UNMUTE, Step.PLAN])
@pytest.mark.parametrize(
    "command",
    [Abort("ada"), Interrupt(2), InterruptNow(2), Pause("ada"), Close("ada")],
    ids=lambda command: type(command).__name__,
)
def test_whoever_stops_it_at_any_step_leaves_no_alarm_muted(step: Step, command: Input) -> None:
    world, rules = fleet()
    run(world, started(rules), _at(step, command), most_s=900)
    assert world.muted == set()


@pytest.mark.parametrize("effect", [effects.ApplyPlan, effects.MakePlan, effects.MarkSlots])
def test_a_step_that_fails_leaves_no_alarm_muted(effect: type) -> None:
    world, rules = fleet()
    world.failures[effect] = BROKEN
    rollout = run(world, started(rules), yes)
    assert rollout.is_finished
    assert rollout.exit_code != 0
    assert world.muted == set()


def test_a_region_that_never_gets_good_lets_its_alarms_act_again() -> None:
    world, rules = fleet()
    world.sick.add(US)
    rollout = run(world, started(rules), yes)
    assert rollout.halt is not None
    assert world.muted == set()


def test_a_refused_plan_mutes_nothing() -> None:
    world, rules = fleet()
    run(world, started(rules), _no)
    assert "SwitchAlarms" not in {what for what, _ in world.heard}


def test_alarms_that_cannot_be_muted_are_told_of_and_stop_nothing() -> None:
    world, rules = fleet()
    world.failures[effects.SwitchAlarms] = Failure(FailureKind.FAILED, "AWS refused")

    rollout = run(world, started(rules), yes)

    assert rollout.exit_code == 0
    told = [event.text for event in world.events if isinstance(event, Noticed)]
    assert f"{US}: AWS refused; they may call while it changes" in told
    by_hand = f"enable-alarm-actions --region {EU} --alarm-names eu-quiet eu-late"
    assert sum(by_hand in text for text in told) == 1


def journal_of(world: PaperWorld) -> list[Entry]:
    return [Entry("r1", seq, START, event) for seq, event in enumerate(world.events, start=1)]


@pytest.mark.parametrize("how", ["taken up", "aborted"])
def test_a_console_that_comes_back_after_any_fact_leaves_no_alarm_muted(how: str) -> None:
    """The alarms are as the effects before that fact left them, done or not."""
    told, rules = fleet(batch=Share(count=1))
    run(told, started(rules), yes)
    entries = journal_of(told)
    assert sum(isinstance(entry.event, RegionSurveyed) for entry in entries) == 2

    for end in range(1, len(entries)):
        rollout = replay(entries[:end])
        assert rollout is not None
        world = Listening({US: [OLD], EU: [OLD, OLD]})
        for region in rollout.regions:
            world.slots[region.name] = list(region.slots) or world.slots[region.name]
        for unit in rollout.units:
            if unit.is_muted:
                world.muted |= {name for _, names in rollout.alarms_of(unit) for name in names}
        applying = [step.at for step in rollout.running if step.at.step is Step.APPLY]
        if how == "taken up":
            ends = tuple(ApplyEnd(at, Found.HALFWAY, "half-way") for at in applying)
            waiting: list[Input] = [TakeUp("bob", ends)]
        else:
            died = Failure(FailureKind.INCONCLUSIVE, "its console died")
            waiting = [Abort("bob"), *(Failed(step.at, died) for step in rollout.running)]

        ended = go_on(world, rollout, waiting, yes)

        assert ended.is_finished, f"after {entries[end - 1].event}"
        assert world.muted == set(), f"after {entries[end - 1].event}"
        assert how == "aborted" or applying or world.slots == {US: [NEW], EU: [NEW, NEW]}
