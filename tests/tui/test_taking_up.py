"""A console that opens on a rollout which another one has left: it stands there, and goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from console.domain import effects
from console.domain.commands import Abort, Approve, Recover, TakeUp
from console.domain.events import StepStarted, TakenUp
from console.domain.evolve import replay
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName
from console.domain.machine import begin, beside, decide
from console.domain.observations import Failed, Recovered
from console.domain.outcome import Outcome
from console.domain.plan import PlanId
from console.domain.reconciliation import ApplyEnd, Found
from console.domain.recovery.advice import Advice, advise
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.situation import Liveness, Situation
from console.domain.rollout import Rollout
from console.domain.steps import Step
from console.engine.engine import Engine
from console.engine.ports import Progress
from console.engine.stream import Stream
from console.tui.surroundings import Handle
from console.tui.widgets.moves import Moves
from tests.recovery.situations import LOCK, OLD, WORKS, locked, region, tainted
from tests.rollout.world import started
from tests.tui.fleets import one_region
from tests.tui.paper import Paper, console, output

MARKED = region(tainted(0, WORKS, OLD))


def die_in_apply(paper: Paper) -> str:
    """Journal a rollout up to its apply, as a console that died in it did."""
    decision = begin(started(paper.policy), paper.performer.clock.now())
    paper.journal.append(decision.entries)
    while not any(isinstance(e, effects.ApplyPlan) for e in decision.effects):
        rollout, now = decision.rollout, paper.performer.clock.now()
        if decision.effects:
            answer = paper.world.answer(decision.effects[0])
            assert answer is not None
            decision = decide(rollout, answer, now)
        else:
            decision = decide(rollout, Approve(rollout.waiting_for[0], "ada"), now)
        paper.journal.append(decision.entries)
    return decision.rollout.id


class Successor:
    """Takes the rollout up on paper, as soon as it is asked to."""

    def __init__(self, paper: Paper, found: Found) -> None:
        self.paper = paper
        self.found = found
        self.fails = False
        self.from_the_living: list[bool] = []
        """For each time that it was asked, whether it might take it from one that lives."""
        self.printed: list[Progress] = []
        """What it reads in the log of what still runs."""
        self.stream = Stream()

    async def __call__(self, attach: Callable[[Handle], None], from_the_living: bool) -> Rollout:
        self.from_the_living.append(from_the_living)
        if self.fails:
            raise ConnectionError("us-east-1 does not answer")
        stream, paper = self.stream, self.paper
        engine = paper.engine = Engine(
            paper.journal, paper.performer, stream, paper.performer.clock
        )
        attach(Handle(engine.send, stream.join))
        for progress in self.printed:
            stream.progress(progress)
        rollout = replay(paper.journal.read("r1", 0))
        assert rollout is not None
        applies = [s.at for s in rollout.running if s.at.step is Step.APPLY]
        if self.found is Found.APPLIED:
            assert paper.world.asked
            for effect in [
                effects.ApplyPlan(at, at.unit, PlanId("p"), 1) for at in applies if at.unit
            ]:
                paper.world.answer(effect)
        ends = tuple(ApplyEnd(at, self.found, "seen in the state") for at in applies)
        return await engine.proceed(rollout, TakeUp("bob@host", ends))


async def test_it_stands_where_the_rollout_stood_and_goes_on_after_a_yes() -> None:
    paper = one_region()
    left = die_in_apply(paper)
    successor = Successor(paper, Found.APPLIED)
    async with console(
        paper, choice=None, left_open=left, take_up=successor, holder_lives=lambda: False
    ) as shown:
        await shown.sees("left open in apply of us-east-1")
        await shown.say_yes(opens="u")
        await shown.sees("completed")
    assert successor.from_the_living == [False]
    rollout = replay(paper.journal.read(left, 0))
    assert rollout is not None
    assert rollout.outcome is Outcome.COMPLETED
    starts = [e.event for e in paper.journal.read(left, 0) if isinstance(e.event, StepStarted)]
    assert [s.at.step for s in starts].count(Step.APPLY) == 1
    assert any(isinstance(e.event, TakenUp) for e in paper.journal.read(left, 0))


async def test_an_apply_that_never_began_is_planned_and_asked_for_again() -> None:
    paper = one_region()
    left = die_in_apply(paper)
    async with console(
        paper,
        choice=None,
        left_open=left,
        take_up=Successor(paper, Found.UNTOUCHED),
        holder_lives=lambda: False,
    ) as shown:
        await shown.sees("left open")
        await shown.say_yes(opens="u")
        await shown.sees("Apply?")
        await shown.say_yes()
        await shown.sees("completed")


async def test_a_living_console_is_named_and_its_rollout_is_not_commanded() -> None:
    paper = one_region()
    left = die_in_apply(paper)
    async with console(
        paper, choice=None, left_open=left, take_up=Successor(paper, Found.APPLIED)
    ) as shown:
        await shown.sees("another console runs this")
        await shown.pilot.press("x")
        await shown.sees("not now, another console runs it")
        assert type(shown.app.screen).__name__ == "OperateScreen"


async def test_a_rollout_is_taken_from_a_console_that_lives_by_the_fleets_typed_name() -> None:
    paper = one_region()
    left = die_in_apply(paper)
    successor = Successor(paper, Found.APPLIED)
    async with console(
        paper,
        choice=None,
        left_open=left,
        take_up=successor,
        lease=lambda: "bob@elsewhere since 18:04",
    ) as shown:
        await shown.sees("lease: bob@elsewhere")
        await shown.sees("u Take over")
        await shown.pilot.press("u")
        await shown.reads_the_question()
        assert "Runs it now: bob@elsewhere since 18:04." in shown.text()
        await shown.pilot.press("y", "enter")
        assert successor.from_the_living == []
        await shown.pilot.press("backspace", *"checks", "enter")
        await shown.sees("completed")
    assert successor.from_the_living == [True]


async def test_a_yes_to_take_it_from_the_living_is_none_once_they_are_dead() -> None:
    paper = one_region()
    left = die_in_apply(paper)
    successor = Successor(paper, Found.APPLIED)
    lives = [True]
    async with console(
        paper, choice=None, left_open=left, take_up=successor, holder_lives=lambda: lives[0]
    ) as shown:
        await shown.sees("another console runs this")
        await shown.pilot.press("u")
        await shown.reads_the_question()
        lives[0] = False
        await shown.sees("This is no longer asked")
        await shown.pilot.press(*"checks", "enter", "escape")
        await shown.sees("left open in apply")
    assert successor.from_the_living == []


async def test_what_stands_against_it_is_told_and_it_can_be_tried_again() -> None:
    paper = one_region()
    left = die_in_apply(paper)
    successor = Successor(paper, Found.APPLIED)
    successor.fails = True
    async with console(
        paper, choice=None, left_open=left, take_up=successor, holder_lives=lambda: False
    ) as shown:
        await shown.sees("left open")
        await shown.say_yes(opens="u")
        await shown.sees("us-east-1 does not answer")
        successor.fails = False
        await shown.say_yes(opens="u")
        await shown.sees("completed")


async def test_what_the_tools_of_the_other_console_print_is_read_until_it_is_taken_up() -> None:
    paper = one_region()
    left = die_in_apply(paper)
    told = [output("slot 0: Still creating...")]
    asked: list[datetime] = []

    def overhear(since: datetime) -> Sequence[Progress]:
        asked.append(since)
        return [told.pop()] if told else []

    async with console(
        paper,
        choice=None,
        left_open=left,
        take_up=Successor(paper, Found.UNTOUCHED),
        holder_lives=lambda: False,
        overhear=overhear,
    ) as shown:
        await shown.sees("us-east-1  slot 0: Still creating...")
        await shown.say_yes(opens="u")
        await shown.sees("Apply?")
        times = len(asked)
        await shown.pilot.pause(1.2)
        assert len(asked) == times


async def test_what_was_overheard_is_not_told_once_more_by_who_takes_it_up() -> None:
    paper = one_region()
    left = die_in_apply(paper)
    told = [output("slot 0: Still creating..."), output("slot 0: Still creating...")]
    successor = Successor(paper, Found.UNTOUCHED)
    # The log is read from its beginning, and goes on meanwhile.
    successor.printed = [*told, output("slot 0: Creation complete")]

    async with console(
        paper,
        choice=None,
        left_open=left,
        take_up=successor,
        holder_lives=lambda: False,
        overhear=lambda _: [told.pop()] if told else [],
    ) as shown:
        await shown.until(lambda: shown.text().count("Still creating...") == 2)
        await shown.say_yes(opens="u")
        await shown.sees("Creation complete")
        await shown.sees("Apply?")
        assert shown.text().count("Still creating...") == 2
        paper.performer.lines = [output("slot 0: Still creating...")]
        paper.performer.stream = successor.stream
        await shown.say_yes()
        await shown.until(lambda: shown.text().count("Still creating...") == 3)


async def test_what_cannot_be_taken_up_is_ended_by_keys_alone() -> None:
    paper = one_region()
    left = die_in_apply(paper)
    successor = Successor(paper, Found.APPLIED)
    successor.fails = True

    async def abort_left(attach: Callable[[Handle], None]) -> Rollout:
        stream = Stream()
        engine = paper.engine = Engine(
            paper.journal, paper.performer, stream, paper.performer.clock
        )
        attach(Handle(engine.send, stream.join))
        rollout = replay(paper.journal.read("r1", 0))
        assert rollout is not None
        unknown = Failure(FailureKind.INCONCLUSIVE, "its console died")
        for record in rollout.running:
            engine.send(Failed(record.at, unknown))
        return await engine.proceed(rollout, Abort("bob@host"))

    async with console(
        paper,
        choice=None,
        left_open=left,
        take_up=successor,
        abort_left=abort_left,
        holder_lives=lambda: False,
    ) as shown:
        await shown.sees("left open in apply of us-east-1")
        await shown.say_yes(opens="u")
        await shown.sees("us-east-1 does not answer")
        await shown.pilot.press("x")
        await shown.reads_the_question()
        assert "Its console was gone in: apply of us-east-1." in shown.text()
        await shown.pilot.press("backspace", *"checks", "enter")
        await shown.sees("aborted")
    rollout = replay(paper.journal.read(left, 0))
    assert rollout is not None
    assert (rollout.outcome, rollout.exit_code) == (Outcome.ABORTED, 7)


async def test_a_lock_in_the_way_is_taken_away_by_keys_and_the_rollout_then_taken_up() -> None:
    paper = one_region()
    left = die_in_apply(paper)
    successor = Successor(paper, Found.APPLIED)
    situation = replace(locked(MARKED, Liveness.UNKNOWN), region=RegionName("us-east-1"))
    made: list[Recover] = []

    async def advise_on(_: object) -> Sequence[tuple[Situation, Advice]]:
        return [(situation, advise(situation))]

    async def make_move(command: Recover, attach: Callable[[Handle], None]) -> Rollout:
        made.append(command)
        stream, now = Stream(), paper.performer.clock.now()
        engine = Engine(paper.journal, paper.performer, stream, paper.performer.clock)
        attach(Handle(engine.send, stream.join))
        rollout = replay(paper.journal.read("r1", 0))
        assert rollout is not None
        begun = beside(rollout, command, now)
        at = begun.rollout.recoveries[0].at
        ended = beside(begun.rollout, Recovered(at, "as promised"), now)
        paper.journal.append((*begun.entries, *ended.entries))
        return ended.rollout

    async with console(
        paper,
        choice=None,
        left_open=left,
        take_up=successor,
        advise=advise_on,
        make_move=make_move,
        holder_lives=lambda: False,
    ) as shown:
        await shown.sees("left open in apply of us-east-1")
        await shown.pilot.press("v")
        await shown.sees("unlock")
        await shown.until(lambda: shown.app.screen.query_one(Moves).option is not None)
        moves = shown.app.screen.query_one(Moves)
        while moves.option is not None and moves.option.remedy is not Remedy.UNLOCK:
            await shown.pilot.press("down")
        await shown.pilot.press("enter")
        await shown.reads_the_question()
        await shown.pilot.press("backspace", *LOCK.id, "enter")
        await shown.until(lambda: len(made) == 1)
        await shown.sees("as promised")
        await shown.pilot.press("escape")
        await shown.sees("left open in apply of us-east-1")
        await shown.say_yes(opens="u")
        await shown.sees("completed")
    assert made[0].move.lock == LOCK.id
