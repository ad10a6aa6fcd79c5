"""Ctrl-C, SIGTERM and SIGHUP during each step: what is finished, what is not begun, how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain import effects
from console.domain.commands import Interrupt, InterruptNow, Recover
from console.domain.events import BakeStarted, Entry, RecoveryStarted, StepStarted
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName, UnitName
from console.domain.observations import Failed, Observation, Recovered
from console.domain.outcome import Outcome
from console.domain.policy import Policy
from console.domain.recovery.move import Move
from console.domain.recovery.remedies import Remedy
from console.domain.rollout import Rollout
from console.domain.steps import Step
from console.headless.output import Narrator
from console.headless.runner import with_signals
from tests.rollout.world import NEW, OLD, START, PaperWorld, policy, started

from .paper import Listener, PaperPerformer, Stage

pytestmark = pytest.mark.looptime(start=0, end=100_000)

CANARY, SECOND = UnitName("us-east-1"), UnitName("eu-west-1")
SIGINT, SIGTERM = int(signal.SIGINT), int(signal.SIGTERM)
BAKE = timedelta(minutes=30)
BEFORE_THE_APPLY = (Step.PREFLIGHT, Step.BUILD, Step.TEST, Step.PUSH, Step.TAINT, Step.PLAN)
ALL = (*BEFORE_THE_APPLY, Step.APPLY, Step.VERIFY)


class Terraform(PaperPerformer):
    """An apply that gets its SIGINT ends as Terraform does: half-way, and saying so."""

    async def perform(self, effect: effects.Effect, rollout: Rollout) -> Observation:
        """Do `effect`, or a part of it."""
        before = self.interrupts
        answer = await super().perform(effect, rollout)
        if isinstance(effect, effects.ApplyPlan) and self.interrupts > before:
            stopped = Failure(FailureKind.INTERRUPTED, "Terraform was interrupted")
            return Failed(effect.at, stopped)
        return answer


def stage() -> tuple[Stage, PaperWorld]:
    """Return an engine over a canary and a second region."""
    world = PaperWorld({CANARY: [OLD], SECOND: [OLD, OLD]})
    made = Stage(world)
    made.performer = made.engine._performer = Terraform(world, made.clock, made.journal)
    return made, world


def is_it(entry: Entry, moment: Step | None) -> bool:
    """Whether `entry` is the begin of that step; for None, of a bake."""
    if moment is None:
        return isinstance(entry.event, BakeStarted)
    return isinstance(entry.event, StepStarted) and entry.event.at.step is moment


async def interrupted(step: Step | None, *signals: int) -> tuple[Stage, PaperWorld, Rollout]:
    """Return what became of a rollout that gets `signals` as soon as `step` has begun.

    Args:
        step: the step; None for the canary's bake.
        signals: the numbers, the first one first.
    """
    made, world = stage()
    left = list(signals)

    def on_entry(entry: Entry) -> None:
        if is_it(entry, step) and left:
            made.engine.send(Interrupt(left.pop(0)))
            for number in left:
                made.engine.send(InterruptNow(number))
            left.clear()

    made.stream.join(Listener(on_entry))
    rollout = await made.run(started(rules(step)))
    assert not left, f"{step or 'the bake'} was never begun"
    return made, world, rollout


def rules(step: Step | None) -> Policy:
    """Return a canary and a second wave, with a bake where it is about one."""
    waves = policy(us_east_1=1, eu_west_1=2)
    return waves if step is not None else replace(waves, bake=BAKE)


def applied(made: Stage) -> list[UnitName]:
    return [e.unit for e in made.performer.begun if isinstance(e, effects.ApplyPlan)]


def begun_after(made: Stage, step: Step) -> list[Step]:
    """The steps that were begun after the first `step`."""
    steps = [e.event.at.step for e in made.journal.entries if isinstance(e.event, StepStarted)]
    return steps[steps.index(step) + 1 :]


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
@pytest.mark.parametrize("step", BEFORE_THE_APPLY)
async def test_before_an_apply_nothing_is_changed_and_marks_are_taken_back(
    step: Step, number: int
) -> None:
    made, world, rollout = await interrupted(step, number)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.ABORTED, 128 + number)
    assert applied(made) == []
    assert set(begun_after(made, step)) <= {Step.UNTAINT, Step.CENSUS}
    assert world.tainted == set()
    assert world.slots == {CANARY: [OLD], SECOND: [OLD, OLD]}


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
@pytest.mark.parametrize("step", [Step.APPLY, Step.VERIFY])
async def test_a_region_that_was_begun_is_finished_and_no_other_is_begun(
    step: Step, number: int
) -> None:
    made, world, rollout = await interrupted(step, number)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.PARTIAL, 128 + number)
    assert applied(made) == [CANARY]
    assert made.performer.interrupts == 0
    assert world.slots == {CANARY: [NEW], SECOND: [OLD, OLD]}
    assert "release-console" in rollout.next


@pytest.mark.parametrize("step", ALL)
async def test_the_second_one_interrupts_terraform_once_and_begins_nothing(step: Step) -> None:
    made, world, rollout = await interrupted(step, SIGINT, SIGINT, SIGTERM)

    assert made.performer.interrupts == 1
    assert rollout.exit_code == 130
    assert rollout.outcome is (Outcome.ABORTED if step in BEFORE_THE_APPLY else Outcome.PARTIAL)
    assert applied(made) == ([] if step in BEFORE_THE_APPLY else [CANARY])
    assert world.slots[SECOND] == [OLD, OLD]
    assert world.tainted == set()


@pytest.mark.parametrize("signals", [(SIGINT,), (SIGTERM,), (SIGINT, SIGINT), (SIGTERM, SIGINT)])
async def test_a_bake_is_not_waited_for_and_no_wave_is_begun_after_it(
    signals: tuple[int, ...],
) -> None:
    made, world, rollout = await interrupted(None, *signals)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.PARTIAL, 128 + signals[0])
    assert applied(made) == [CANARY]
    assert made.performer.interrupts == len(signals) - 1
    assert world.slots == {CANARY: [NEW], SECOND: [OLD, OLD]}
    assert made.clock.now() - START < BAKE
    assert "release-console" in rollout.next


async def test_one_that_comes_when_all_is_done_changes_nothing_about_the_end() -> None:
    _, world, rollout = await interrupted(Step.CENSUS, SIGINT)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.COMPLETED, 0)
    assert world.slots == {CANARY: [NEW], SECOND: [NEW, NEW]}


@pytest.fixture
def handlers() -> Iterator[None]:
    """Leave the signals as they were."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("sent", "exit_code", "interrupts"),
    [
        ((signal.SIGHUP,), 0, 0),
        ((signal.SIGINT,), 130, 0),
        ((signal.SIGTERM,), 143, 0),
        ((signal.SIGTERM, signal.SIGINT), 143, 1),
        ((signal.SIGINT, signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGINT), 130, 1),
    ],
    ids=lambda value: "+".join(s.name for s in value) if isinstance(value, tuple) else str(value),
)
@pytest.mark.parametrize("step", [Step.PLAN, Step.APPLY, None], ids=["plan", "apply", "bake"])
@pytest.mark.usefixtures("handlers")
async def test_signals_become_what_was_promised(
    step: Step | None, sent: tuple[signal.Signals, ...], exit_code: int, interrupts: int
) -> None:
    made, _ = stage()
    with_signals(made.engine, Narrator(), made.clock)
    loop, left = asyncio.get_running_loop(), list(sent)

    def one_after_another() -> None:
        if left:
            os.kill(os.getpid(), left.pop(0))
            loop.call_soon(one_after_another)

    def on_entry(entry: Entry) -> None:
        if is_it(entry, step):
            one_after_another()

    made.stream.join(Listener(on_entry))
    rollout = await made.run(started(rules(step)))

    assert rollout.exit_code == exit_code
    assert made.performer.interrupts == interrupts
    assert applied(made) == (
        [CANARY, SECOND] if exit_code == 0 else [] if step is Step.PLAN else [CANARY]
    )


class Mover(Terraform):
    """Makes a move whose Terraform can be interrupted, as an apply can."""

    async def perform(self, effect: effects.Effect, rollout: Rollout) -> Observation:
        """Do `effect`, or a part of it."""
        if not isinstance(effect, effects.Recover):
            return await super().perform(effect, rollout)
        before = self.interrupts
        await asyncio.sleep(self.takes(effect))
        if self.interrupts > before:
            stopped = Failure(FailureKind.INTERRUPTED, "Terraform was interrupted")
            return Recovered(effect.at, failure=stopped)
        return Recovered(effect.at, "as promised")


@pytest.mark.parametrize(
    ("sent", "interrupts"),
    [
        ((signal.SIGHUP,), 0),
        ((signal.SIGINT,), 0),
        ((signal.SIGTERM,), 0),
        ((signal.SIGTERM, signal.SIGINT), 1),
        ((signal.SIGINT, signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGINT), 1),
    ],
    ids=lambda value: "+".join(s.name for s in value) if isinstance(value, tuple) else str(value),
)
@pytest.mark.usefixtures("handlers")
async def test_a_move_after_the_end_is_finished_at_the_first_and_interrupted_at_the_second(
    sent: tuple[signal.Signals, ...], interrupts: int
) -> None:
    # One that was ended by two interrupts itself: its move gets them all the same.
    made, world, rollout = await interrupted(Step.APPLY, SIGINT, SIGINT)
    mover = made.engine._performer = Mover(world, made.clock, made.journal)
    seen = with_signals(made.engine, Narrator(), made.clock)

    def on_entry(entry: Entry) -> None:
        if isinstance(entry.event, RecoveryStarted):
            for number in sent:
                os.kill(os.getpid(), number)

    made.stream.join(Listener(on_entry))
    move = Recover(Move(RegionName(CANARY), Remedy.ACCEPT, (0,)), "", "ada")
    ended = await made.engine.proceed(rollout, move)

    (recovery,) = ended.recoveries
    is_interrupted = recovery.failure is not None
    assert is_interrupted == bool(interrupts)
    assert mover.interrupts == interrupts
    assert ended.is_at_rest
    assert list(seen) == [int(n) for n in sent if n is not signal.SIGHUP]
    assert (ended.outcome, ended.exit_code) == (rollout.outcome, rollout.exit_code)
