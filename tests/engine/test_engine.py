"""The engine keeps its order (journal, tell, act) whatever fails around it."""

from __future__ import annotations

import asyncio
import itertools
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain import effects
from console.domain.commands import Abort, InterruptNow, Recover
from console.domain.events import (
    ApprovalRequested,
    BakeStarted,
    Entry,
    RolloutFinished,
    RolloutHalted,
    StepStarted,
    WaveFinished,
)
from console.domain.evolve import replay
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName, UnitName
from console.domain.machine import decide
from console.domain.observations import Failed, Observation, Sampled
from console.domain.outcome import Outcome, RegionPhase
from console.domain.policy import Policy
from console.domain.recovery.move import Move
from console.domain.recovery.remedies import Remedy
from console.domain.rollout import Rollout
from console.domain.steps import At, Step
from console.engine.ports import JournalError, Progress, ProgressKind
from tests.rollout.world import NEW, OLD, PaperWorld, policy, started

from .paper import EFFECT_S, Listener, PaperPerformer, Stage

pytestmark = pytest.mark.looptime(start=0, end=100_000)

EU, US = RegionName("eu-west-1"), RegionName("us-west-1")
EU_UNIT = UnitName(EU)


def two_waves() -> tuple[PaperWorld, Policy]:
    return PaperWorld({"us-east-1": [OLD], "eu-west-1": [OLD, OLD]}), policy(
        us_east_1=1, eu_west_1=2
    )


def one_wave() -> tuple[PaperWorld, Policy]:
    """Two regions that change at the same time."""
    rules = policy(us_west_1=1, eu_west_1=1)
    together = replace(
        rules,
        regions=tuple(replace(r, wave=1) for r in rules.regions),
        units=tuple(replace(u, wave=1) for u in rules.units),
        max_parallel=2,
    )
    return PaperWorld({"us-west-1": [OLD], "eu-west-1": [OLD]}), together


async def test_a_rollout_with_a_long_bake_comes_to_its_end_by_itself() -> None:
    world, rules = two_waves()
    stage = Stage(world)

    rollout = await stage.run(started(replace(rules, bake=timedelta(minutes=30))))

    assert (rollout.outcome, rollout.exit_code) == (Outcome.COMPLETED, 0)
    assert world.slots == {"us-east-1": [NEW], "eu-west-1": [NEW, NEW]}
    bakes = [e for e in stage.journal.entries if isinstance(e.event, BakeStarted | WaveFinished)]
    for begun, ended in zip(bakes[::2], bakes[1::2], strict=True):
        assert timedelta(minutes=30) <= ended.at - begun.at < timedelta(minutes=31)


async def test_the_journal_tells_the_rollout_that_was_live() -> None:
    world, rules = two_waves()
    stage = Stage(world)

    rollout = await stage.run(started(rules))

    assert replay(stage.journal.entries) == rollout == stage.engine.rollout
    assert [e.seq for e in stage.journal.entries] == list(range(1, rollout.seq + 1))


async def test_no_effect_begins_before_its_step_is_on_record() -> None:
    world, rules = two_waves()
    stage = Stage(world)

    await stage.run(started(rules))

    assert len(stage.performer.begun) > 8
    assert stage.performer.unrecorded == []


async def test_audiences_hear_a_fact_only_when_it_is_on_record() -> None:
    world, rules = two_waves()
    stage = Stage(world)
    unrecorded: list[Entry] = []
    listener = Listener(
        lambda entry: None if entry in stage.journal.entries else unrecorded.append(entry)
    )
    stage.stream.join(listener)

    await stage.run(started(rules))

    assert listener.entries == stage.journal.entries
    assert unrecorded == []


async def test_a_journal_that_fails_starts_nothing_more_whenever_it_fails() -> None:
    world, rules = two_waves()
    whole = Stage(world)
    await whole.run(started(rules))

    for fails_at in range(1, whole.journal.appends + 1):
        world, rules = two_waves()
        stage = Stage(world, fails_at=fails_at)

        with pytest.raises(JournalError, match="the disk is full"):
            await stage.run(started(rules))

        assert stage.performer.unrecorded == []
        assert stage.performer.ended == stage.performer.begun
        assert len(stage.performer.begun) < len(whole.performer.begun) or (
            fails_at == whole.journal.appends
        )


async def test_a_journal_that_fails_is_told_only_when_running_effects_have_ended() -> None:
    world, rules = one_wave()
    stage = Stage(world)

    def takes(effect: effects.Effect) -> float:
        if isinstance(effect, effects.ApplyPlan) and effect.unit == EU_UNIT:
            # The other region's apply is over by then, and cannot be written down.
            stage.journal.fails_at = stage.journal.appends + 1
            return 600.0
        return EFFECT_S

    stage.performer.takes = takes
    with pytest.raises(JournalError):
        await stage.run(started(rules))

    (apply,) = [
        e for e in stage.performer.ended if isinstance(e, effects.ApplyPlan) and e.unit == EU_UNIT
    ]
    assert apply in stage.performer.begun
    assert asyncio.get_running_loop().time() >= 600


class Broken:
    """An audience that fails at everything."""

    def __init__(self) -> None:
        self.calls = 0

    def _fail(self, *_: object) -> None:
        self.calls += 1
        raise RuntimeError("a widget broke")

    entry = progress = sample = _fail


async def test_an_audience_that_raises_is_dropped_and_the_rollout_ends_the_same() -> None:
    world, rules = two_waves()
    alone = await Stage(world).run(started(rules))

    world, rules = two_waves()
    stage = Stage(world)
    broken, listener = Broken(), Listener()
    stage.stream.join(broken)
    stage.stream.join(listener)
    rollout = await stage.run(started(rules))

    assert rollout == alone
    assert broken.calls == 1
    assert listener.entries == stage.journal.entries
    assert stage.engine.bug is None


@pytest.mark.parametrize("method", ["progress", "sample"])
async def test_an_audience_that_fails_at_what_is_only_for_eyes_is_dropped_too(method: str) -> None:
    world, _ = two_waves()
    stage = Stage(world)
    broken = Broken()
    stage.stream.join(broken)

    for _ in range(2):
        if method == "progress":
            stage.stream.progress(Progress(ProgressKind.OUTPUT, "line"))
        else:
            stage.stream.sample(world.sample(RegionName("us-east-1")))

    assert broken.calls == 1


class Buggy(PaperPerformer):
    """A performer with a bug in one kind of effect."""

    bug_in: type = effects.Effect  # type: ignore[assignment]

    async def perform(self, effect: effects.Effect, rollout: Rollout) -> Observation:
        if isinstance(effect, self.bug_in):
            self.begun.append(effect)
            raise ZeroDivisionError("in the performer")
        return await super().perform(effect, rollout)


@pytest.mark.parametrize(
    ("bug_in", "outcome"),
    [
        (effects.Survey, Outcome.REFUSED),
        (effects.Build, Outcome.REFUSED),
        (effects.Test, Outcome.REFUSED),
        (effects.Push, Outcome.REFUSED),
        (effects.MarkSlots, Outcome.REFUSED),
        (effects.MakePlan, Outcome.REFUSED),
        (effects.ApplyPlan, Outcome.INCONCLUSIVE),
        (effects.TakeCensus, Outcome.COMPLETED),
    ],
)
async def test_a_bug_in_an_effect_is_kept_and_the_rollout_ends_in_a_named_outcome(
    bug_in: type, outcome: Outcome, caplog: pytest.LogCaptureFixture
) -> None:
    world, rules = two_waves()
    stage = Stage(world)
    buggy = Buggy(world, stage.clock, stage.journal)
    buggy.bug_in = bug_in
    stage.engine._performer = buggy

    rollout = await stage.run(started(rules))

    assert isinstance(stage.engine.bug, ZeroDivisionError)
    assert rollout.outcome is outcome
    assert "a bug in" in caplog.text
    if bug_in is not effects.TakeCensus:
        assert "a bug in release-console stopped" in rollout.reason
        assert rollout.next


async def test_a_bug_in_looking_is_no_data_and_no_pass(caplog: pytest.LogCaptureFixture) -> None:
    world, rules = two_waves()
    stage = Stage(world)

    async def sample(region: RegionName, rollout: Rollout) -> Sampled:
        raise ZeroDivisionError("in the sampler")

    stage.performer.sample = sample  # type: ignore[method-assign]
    caplog.set_level(logging.CRITICAL)
    rollout = await stage.run(started(rules))

    assert isinstance(stage.engine.bug, ZeroDivisionError)
    assert (rollout.outcome, rollout.exit_code) == (Outcome.INCONCLUSIVE, 5)
    assert world.slots["eu-west-1"] == [OLD, OLD]


@pytest.mark.parametrize(
    "until",
    [effects.Survey, effects.Build, effects.MarkSlots, effects.MakePlan, effects.ApplyPlan],
)
async def test_a_holder_that_lost_the_lease_starts_no_further_effect(until: type) -> None:
    world, rules = two_waves()
    is_held = True
    stage = Stage(world, may_act=lambda: is_held)

    def takes(effect: effects.Effect) -> float:
        nonlocal is_held
        if isinstance(effect, until):
            is_held = False
        return EFFECT_S

    stage.performer.takes = takes
    rollout = await stage.run(started(rules))

    assert isinstance(stage.performer.begun[-1], until)
    assert sum(isinstance(e, until) for e in stage.performer.begun) == 1
    assert stage.performer.ended == stage.performer.begun
    assert rollout.outcome in {Outcome.REFUSED, Outcome.PARTIAL}
    assert rollout.exit_code == (5 if until is effects.ApplyPlan else 4)
    assert "the lease on this fleet was lost" in rollout.reason


async def test_a_region_that_hangs_delays_no_other_regions_samples() -> None:
    world, rules = one_wave()
    stage = Stage(world)
    look = stage.performer.sample

    async def sample(region: RegionName, rollout: Rollout) -> Sampled:
        if region == US:
            await asyncio.Event().wait()  # never
        return await look(region, rollout)

    stage.performer.sample = sample  # type: ignore[method-assign]
    rollout = await stage.run(started(replace(rules, bake=timedelta(minutes=1))))

    seen = stage.performer.seen[EU]
    assert seen[0] - stage.journal.entries[0].at < timedelta(seconds=30)
    verified = stage.journal.entries
    (eu,) = [r for r in rollout.regions if r.name == EU]
    assert eu.phase is RegionPhase.VERIFIED
    (halted,) = [e for e in verified if isinstance(e.event, RolloutHalted)]
    assert isinstance(halted.event, RolloutHalted)
    assert halted.event.region == US
    assert rollout.outcome is Outcome.INCONCLUSIVE


async def test_each_region_is_looked_at_as_often_as_the_policy_says() -> None:
    world, rules = two_waves()
    stage = Stage(world)
    rules = replace(rules, bake=timedelta(minutes=10), sample_every=timedelta(seconds=20))

    await stage.run(started(rules))

    times = stage.performer.seen["us-east-1"]
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert len(times) > 25
    assert min(gaps) >= timedelta(seconds=20)
    assert max(gaps) <= timedelta(seconds=22)


async def test_terraform_gets_one_sigint_however_often_it_is_asked_for() -> None:
    world, rules = two_waves()
    stage = Stage(world)

    def insist(entry: Entry) -> None:
        if isinstance(entry.event, StepStarted) and entry.event.at.step is Step.APPLY:
            for _ in range(5):
                stage.engine.send(InterruptNow(2))

    stage.stream.join(Listener(insist))
    await stage.run(started(rules))

    assert stage.performer.interrupts == 1


async def test_a_rollout_read_from_its_journal_is_taken_up_where_it_was() -> None:
    world, rules = two_waves()
    first = Stage(world)
    first.performer.takes = lambda e: 1e6 if isinstance(e, effects.ApplyPlan) else EFFECT_S
    running = asyncio.create_task(first.run(started(rules)))
    await asyncio.sleep(60)
    running.cancel()
    left = replay(first.journal.entries)
    assert left is not None
    (step,) = left.running
    assert step.at.step is Step.APPLY

    second = Stage(world)
    second.journal.entries = list(first.journal.entries)
    second.engine.send(Failed(step.at, Failure(FailureKind.INCONCLUSIVE, "its console died")))
    ended = await second.engine.proceed(left, Abort("ada"))

    assert (ended.outcome, ended.exit_code) == (Outcome.ABORTED, 7)
    assert "its console died" in ended.reason
    assert replay(second.journal.entries) == ended
    assert not any(isinstance(e, effects.ApplyPlan) for e in second.performer.begun)


async def test_the_autopilot_answers_each_question_once() -> None:
    world, rules = two_waves()
    stage = Stage(world)

    await stage.run(started(rules))

    asked = [e.event for e in stage.journal.entries if isinstance(e.event, ApprovalRequested)]
    assert len({question.subject for question in asked}) == len(asked) > 3
    assert isinstance(stage.journal.entries[-1].event, RolloutFinished)


async def test_a_bug_does_not_hide_what_the_step_was() -> None:
    world, rules = two_waves()
    stage = Stage(world)
    buggy = Buggy(world, stage.clock, stage.journal)
    buggy.bug_in = effects.MakePlan
    stage.engine._performer = buggy

    rollout = await stage.run(started(rules))

    assert rollout.halt is not None
    assert rollout.halt.at == At(Step.PLAN, rules.units[0].name)
    assert "ZeroDivisionError" in rollout.reason


async def test_a_move_that_cannot_be_begun_is_waited_for_by_nobody() -> None:
    world, rules = two_waves()
    stage = Stage(world)
    rollout = await stage.run(started(rules))
    move = Recover(Move(RegionName("us-east-1"), Remedy.UNTAINT), "", "ada")
    # As the journal tells it whose console died in a move.
    left = decide(rollout, move, stage.clock.now()).rollout
    kept = len(stage.journal.entries)

    ended = await asyncio.wait_for(stage.engine.proceed(left, move), 60)

    assert ended == left
    assert len(stage.journal.entries) == kept
