"""Whatever comes in whatever order: what the rollout machine always keeps.

The paper world answers effects when the test says so, or they fail; commands, samples and time come
in between, also those that fit no moment.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar, get_args

from hypothesis import HealthCheck, event
from hypothesis import settings as examine
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from console.domain import effects
from console.domain.commands import (
    Abort,
    Approve,
    Close,
    Command,
    Continue,
    Interrupt,
    InterruptNow,
    Pause,
    Recover,
    Refuse,
    Skip,
    TakeUp,
)
from console.domain.events import (
    ApprovalVoid,
    Entry,
    RecoveryFinished,
    RecoveryStarted,
    RolloutFinished,
    Skipped,
    StepStarted,
    TakenUp,
    TerraformInterrupted,
)
from console.domain.evolve import evolve, replay
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import Reading, RegionName, UnitName
from console.domain.machine import Decision, Input, begin, decide
from console.domain.observations import Failed, Recovered, RegionSurvey, Sampled, Ticked
from console.domain.outcome import Outcome, RegionPhase
from console.domain.policy import Approve as Approvals
from console.domain.policy import GateRules, Mark, OnFailure, Policy, RegionSpec, Share, Unit
from console.domain.reconciliation import ApplyEnd, reconcile
from console.domain.recovery.move import Move
from console.domain.recovery.remedies import ROLLOUTS, Remedy
from console.domain.rollout import Rollout
from console.domain.steps import Asks, At, Step, Subject
from tests.rollout.world import NEW, OLD, PaperWorld, started

NAMES = ("us-east-1", "us-west-1", "eu-west-1", "eu-west-2")
# A region goes this way and no other; where it ends is told by DONE, CURRENT or FAILED.
ORDER = (
    RegionPhase.WAITING,
    RegionPhase.MARKING,
    RegionPhase.PLANNING,
    RegionPhase.PLANNED,
    RegionPhase.APPLYING,
    RegionPhase.VERIFYING,
    RegionPhase.VERIFIED,
    RegionPhase.DONE,
)
OF_A_UNIT = {Step.TAINT, Step.PLAN, Step.APPLY, Step.VERIFY}
# What a journal may still tell after the end: a region is led on, and that can be interrupted.
AFTER_THE_END = (RecoveryStarted, RecoveryFinished, TerraformInterrupted)
MADE_AT_ONCE = [remedy for remedy in Remedy if remedy not in ROLLOUTS]
DIED = Failure(FailureKind.INCONCLUSIVE, "its console died before its end")

slots = st.lists(st.sampled_from([OLD, OLD, OLD, NEW, None]), min_size=1, max_size=3)


@st.composite
def policies(draw: st.DrawFn) -> tuple[dict[str, list[Any]], Policy]:
    """Draw regions with what they run, grouped into units and waves, and rules."""
    names = NAMES[: draw(st.integers(1, 4))]
    world = {name: draw(slots) for name in names}
    wave, specs = 1, []
    for place, name in enumerate(names):
        wave += draw(st.booleans()) if place else 0
        specs.append(RegionSpec(RegionName(name), len(world[name]), int(wave)))
    if draw(st.booleans()):
        units = [Unit(UnitName(s.name), s.wave, (s.name,)) for s in specs]
    else:
        units = [
            Unit(UnitName(f"wave-{w}"), w, tuple(s.name for s in specs if s.wave == w))
            for w in sorted({s.wave for s in specs})
        ]
    return world, Policy(
        tuple(specs),
        tuple(units),
        max_parallel=draw(st.integers(1, 3)),
        batch=draw(st.sampled_from([Share(percent=100), Share(count=1), Share(count=2)])),
        bake=draw(st.sampled_from([timedelta(0), timedelta(seconds=30)])),
        watch_after=draw(st.sampled_from([timedelta(0), timedelta(seconds=30)])),
        on_failure=draw(st.sampled_from(OnFailure)),
        approve=draw(st.sampled_from(Approvals)),
        mark=draw(st.sampled_from(Mark)),
        gates=GateRules(completions_min=draw(st.sampled_from([None, 1]))),
        max_replans=1,
    )


class EverySequence(RuleBasedStateMachine):
    """One rollout, and everything that may happen to it."""

    sent: ClassVar[set[type]] = set()
    """Which commands and observations were tried."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self.in_flight: list[effects.Effect] = []
        self.phases: dict[RegionName, tuple[int, RegionPhase]] = {}
        self.is_void = False

    @initialize(
        drawn=policies(),
        unproven=st.sets(st.sampled_from(NAMES)),
        rounds=st.integers(0, 30),
        trouble=st.sampled_from([None, None, FailureKind.FAILED, FailureKind.INCONCLUSIVE]),
    )
    def begin(
        self,
        drawn: tuple[dict[str, list[Any]], Policy],
        unproven: set[str],
        rounds: int,
        trouble: FailureKind | None,
    ) -> None:
        slots_of, rules = drawn
        self.world = PaperWorld(slots_of, unproven=unproven)
        self.rollout: Rollout | None = None
        self.take(begin(started(rules), self.world.now))
        self.all_goes_well(rounds)
        if trouble:
            self.an_apply_fails_behind_the_canary(trouble)

    @rule(rounds=st.integers(1, 4))
    def all_goes_well(self, rounds: int) -> None:
        """Go on as on a good day, so that trouble finds a rollout anywhere on its way."""
        for _ in range(rounds):
            if self.in_flight:
                self.answer(0)
            elif self.now.waiting_for:
                self.send(Approve(self.now.waiting_for[0], "ada"))
            elif self.now.paused_by:
                self.send(Continue("ada"))
            else:
                self.send(Skip("ada"))
                self.world.now += timedelta(seconds=10)
                self.world.sick = set()
                self.send(Ticked())
                for region in self.now.regions:
                    self.send(Sampled(self.world.sample(region.name)))

    def an_apply_fails_behind_the_canary(self, kind: FailureKind) -> None:
        """Come to where a person decides how it goes on, if the fleet has such a place."""
        for _ in range(60):
            if self.now.is_finished:
                return
            effect = next(iter(self.in_flight), None)
            if isinstance(effect, effects.ApplyPlan) and self.now.unit(effect.unit).wave > 1:
                self.fail(0, kind)
                return
            self.all_goes_well(1)

    def answer(self, place: int) -> None:
        answer = self.world.answer(self.in_flight.pop(place))
        assert answer is not None
        self.send(answer)

    def fail(self, place: int, kind: FailureKind) -> None:
        effect = self.in_flight.pop(place)
        assert not isinstance(effect, effects.InterruptTerraform)
        failure = Failure(kind, f"{kind} on purpose")
        is_move = isinstance(effect, effects.Recover)
        self.send(Recovered(effect.at, failure=failure) if is_move else Failed(effect.at, failure))

    @property
    def now(self) -> Rollout:
        assert self.rollout is not None
        return self.rollout

    def send(self, received: Input) -> None:
        decision = decide(self.now, received, self.world.now)
        self.sent.add(type(received))
        if decision.entries:
            event(f"{type(received).__name__} changed something")
        self.take(decision)

    def take(self, decision: Decision) -> None:
        for entry in decision.entries:
            self.fold(entry)
        assert self.rollout == decision.rollout
        self.in_flight += [
            e for e in decision.effects if not isinstance(e, effects.InterruptTerraform)
        ]

    def fold(self, entry: Entry) -> None:
        """Follow one fact, and check what every single step has to keep."""
        before = self.rollout
        self.rollout = evolve(before, entry)
        assert entry.seq == len(self.entries) + 1
        self.entries.append(entry)
        if before is not None:
            self.check_fact(before, entry)
        self.check_phases()

    def check_fact(self, before: Rollout, entry: Entry) -> None:
        if before.is_finished:
            self.check_end(before, entry)
        match entry.event:
            case StepStarted(At(step, unit)) if step in OF_A_UNIT:
                assert unit is not None
                self.check_start(before, step, unit)
            case ApprovalVoid(Subject(unit=unit)) if unit is not None:
                self.start_over(unit)
            case TakenUp() | Skipped():
                assert before.wave > 1 or isinstance(entry.event, TakenUp), "a canary was skipped"
                for known in self.now.units:
                    self.start_over(known.name)
            case RecoveryStarted():
                assert not before.running
                assert before.is_finished or before.halt is not None
            case RolloutFinished():
                assert not self.now.running
            case _:
                pass

    def check_end(self, before: Rollout, entry: Entry) -> None:
        """What has ended stays as it is, whatever is done to lead its regions on."""
        assert isinstance(entry.event, AFTER_THE_END)
        assert self.now.outcome is before.outcome
        assert (self.now.exit_code, self.now.reason) == (before.exit_code, before.reason)
        assert (self.now.regions, self.now.units) == (before.regions, before.units)

    def check_start(self, before: Rollout, step: Step, name: UnitName) -> None:
        unit = before.unit(name)
        assert not before.is_running(name)
        assert unit.wave == before.wave
        assert all(other.is_over for other in before.units if other.wave < unit.wave)
        assert before.paused_by is None
        if step is Step.APPLY:
            assert unit.plan is not None
            asked = Subject(Asks.APPLY, unit.wave, name, unit.batch, unit.plan.id)
            is_asked_for = before.policy.approve is Approvals.EACH_STEP
            assert asked in before.approved or not is_asked_for
            # An apply that was not under way when the rollout was told to end is not begun,
            # unless an interrupt finishes a region that was begun.
            assert before.halt is None
            assert before.stop is None or before.stop.finishes_regions
        if step in {Step.PLAN, Step.APPLY} and before.policy.mark is Mark.TAINT:
            # A slot without its mark is not replaced: only its tag would change, in place.
            assert set(before.batch_slots(unit)) <= self.world.tainted

    def start_over(self, unit: UnitName) -> None:
        """Let a unit whose plan is void go its way again from the plan on."""
        for region in self.now.unit(unit).regions:
            self.phases.pop(region, None)
        self.is_void = True

    def check_phases(self) -> None:
        if self.is_void:
            self.is_void = False
            return
        for region in self.now.regions:
            batch = self.now.unit(region.unit).batch
            old_batch, old = self.phases.get(region.name, (batch, RegionPhase.WAITING))
            self.phases[region.name] = (batch, region.phase)
            if old is RegionPhase.FAILED:
                assert region.phase is RegionPhase.FAILED
            elif old_batch == batch and {old, region.phase} <= set(ORDER):
                assert ORDER.index(region.phase) >= ORDER.index(old)

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def an_effect_answers(self, data: st.DataObject) -> None:
        self.answer(data.draw(st.integers(0, len(self.in_flight) - 1)))

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data(), kind=st.sampled_from(FailureKind), sure=st.integers(0, 1))
    def an_effect_fails(self, data: st.DataObject, kind: FailureKind, sure: int) -> None:
        if sure:  # now and then, or no sequence would come far
            return
        self.fail(data.draw(st.integers(0, len(self.in_flight) - 1)), kind)

    @precondition(lambda self: self.rollout is not None and self.now.waiting_for)
    @rule(data=st.data(), no=st.integers(0, 3))
    def a_person_answers(self, data: st.DataObject, no: int) -> None:
        subject = data.draw(st.sampled_from(self.now.waiting_for))
        self.send(Refuse(subject, "ada") if no == 3 else Approve(subject, "ada"))

    @rule(asks=st.sampled_from(Asks), wave=st.integers(1, 3))
    def a_person_answers_what_was_not_asked(self, asks: Asks, wave: int) -> None:
        subject = Subject(asks, wave, UnitName("us-east-1"))
        if subject not in self.now.waiting_for:
            before = len(self.entries)
            self.send(Approve(subject, "ada"))
            self.send(Refuse(subject, "ada"))
            assert len(self.entries) == before

    @rule(
        command=st.sampled_from(
            [Pause("ada"), Continue("ada"), Continue("ada"), Close("ada"), InterruptNow(2)]
        )
    )
    def a_person_commands(self, command: Input) -> None:
        self.send(command)

    @rule(
        command=st.sampled_from([Abort("ada"), Interrupt(2), Interrupt(15)]), sure=st.integers(0, 9)
    )
    def a_person_ends_it(self, command: Input, sure: int) -> None:
        if sure == 0:  # seldom, or no sequence would come far
            self.send(command)

    @rule()
    def a_person_skips_what_halted_it(self) -> None:
        self.send(Skip("ada"))

    @rule(data=st.data(), remedy=st.sampled_from(MADE_AT_ONCE))
    def a_person_leads_a_region_on(self, data: st.DataObject, remedy: Remedy) -> None:
        """It is a move at halt and after the end, and nothing at any other time."""
        region = data.draw(st.sampled_from(self.now.regions))
        slot = data.draw(st.integers(0, region.count - 1))
        self.send(Recover(Move(region.name, remedy, (slot,)), "as shown", "ada"))

    @rule(seconds=st.sampled_from([1, 5, 30, 400]))
    def time_passes(self, seconds: int) -> None:
        self.world.now += timedelta(seconds=seconds)
        self.send(Ticked())

    @rule(data=st.data(), trouble=st.sampled_from(["none", "none", "none", "sick", "blind"]))
    def a_region_is_seen(self, data: st.DataObject, trouble: str) -> None:
        name = data.draw(st.sampled_from([region.name for region in self.now.regions]))
        self.world.sick = {name} if trouble == "sick" else set()
        sample = self.world.sample(name)
        if trouble == "blind":
            sample = replace(sample, heartbeats=Reading(self.world.now, error="Throttling"))
        self.send(Sampled(sample))

    @precondition(lambda self: self.rollout is not None and not self.now.is_at_rest)
    @rule(terraform_finishes=st.booleans())
    def the_console_dies(self, *, terraform_finishes: bool) -> None:
        """Whoever takes it up knows the journal, and what the state shows of an apply.

        A move that was under way is never believed to be made, whether it was or not.
        """
        for effect in self.in_flight:
            if isinstance(effect, effects.ApplyPlan | effects.Recover) and terraform_finishes:
                self.world.answer(effect)
        self.in_flight.clear()
        self.rollout = replay(self.entries)
        if not self.now.is_finished:
            self.send(TakeUp("bob", tuple(map(self.look_at, self.applies()))))
        for move in self.now.running:
            if move.at.step is Step.RECOVER:
                self.send(Recovered(move.at, failure=DIED))

    def applies(self) -> list[At]:
        return [s.at for s in self.now.running if s.at.step is Step.APPLY]

    def look_at(self, at: At) -> ApplyEnd:
        assert at.unit is not None
        names = self.now.unit(at.unit).regions
        seen = [RegionSurvey(n, self.world.state(n), self.world.sample(n)) for n in names]
        return reconcile(self.now, at, seen)

    @invariant()
    def no_plan_is_applied_twice(self) -> None:
        if self.rollout is not None:
            plans = [e.plan for e in self.world.asked if isinstance(e, effects.ApplyPlan)]
            assert len(plans) == len(set(plans))

    @invariant()
    def what_is_replayed_is_what_is_live(self) -> None:
        assert replay(self.entries) == self.rollout

    @invariant()
    def a_unit_does_one_thing_at_a_time(self) -> None:
        busy = [e.unit for e in self.in_flight if hasattr(e, "unit")]
        assert len(busy) == len(set(busy))

    @invariant()
    def no_more_regions_change_at_once_than_the_policy_admits(self) -> None:
        if self.rollout is None:
            return
        busy = [
            self.now.unit(e.unit)
            for e in self.in_flight
            if isinstance(e, effects.ApplyPlan | effects.MarkSlots | effects.MakePlan)
        ]
        assert len(busy) <= 1 or sum(len(u.regions) for u in busy) <= self.now.policy.max_parallel

    @invariant()
    def a_move_is_made_while_nothing_else_is_done(self) -> None:
        moves = [e for e in self.in_flight if isinstance(e, effects.Recover)]
        assert not moves or len(self.in_flight) == 1

    @invariant()
    def it_ends_once(self) -> None:
        assert sum(isinstance(e.event, RolloutFinished) for e in self.entries) <= 1

    def teardown(self) -> None:
        """Let everybody answer after an abort: it ends, with an outcome and a next step."""
        if self.rollout is None:
            return
        self.send(Abort("ada"))
        for _ in range(60):
            if self.now.is_at_rest:
                break
            if self.in_flight:
                self.answer(0)
            else:
                self.world.now += timedelta(minutes=1)
                self.send(Ticked())
        assert self.now.is_finished, f"still running: {self.now.running}"
        assert not self.now.running
        assert not self.in_flight
        assert replay(self.entries) == self.rollout
        assert self.now.exit_code in {0, 3, 4, 5, 7, 130, 143}
        assert self.now.reason
        assert self.now.next or self.now.outcome is Outcome.COMPLETED


class TestEverySequence(EverySequence.TestCase):  # type: ignore[valid-type, misc]
    """Every sequence of commands, observations and deaths keeps what is promised."""

    settings = examine(
        max_examples=300,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )

    @classmethod
    def tearDownClass(cls) -> None:
        # Of a command that no rule sends nothing would be promised.
        assert set(get_args(Command)) <= EverySequence.sent
