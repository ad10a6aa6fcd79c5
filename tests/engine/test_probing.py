"""When probes are asked: in their interval, one at a time, and of what was applied by then."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from console.domain.changes import with_region
from console.domain.fleet import RegionName
from console.domain.policy import Pace
from console.domain.probe import Answer, ProbeAnswer
from console.domain.rollout import Rollout
from console.engine.ports import Probed
from console.engine.probing import Probing, Timed
from tests.rollout.world import OLD, START, PaperWorld, policy, run, started, yes

EU, US = RegionName("eu-west-1"), RegionName("us-east-1")
SECOND = timedelta(seconds=1)


@dataclass
class HandClock:
    """A clock that a test winds."""

    time: datetime = START

    def now(self) -> datetime:
        """Return what it was wound to."""
        return self.time


@dataclass
class PaperProbe:
    """Answers when a test says so."""

    clock: HandClock
    gate: str = "command smoke"
    asked: list[Probed] = field(default_factory=list)
    waiting: list[asyncio.Future[ProbeAnswer]] = field(default_factory=list)
    given_up: int = 0

    @property
    def gates(self) -> tuple[str, ...]:
        """Its one gate."""
        return (self.gate,)

    async def ask(self, probed: Probed) -> tuple[ProbeAnswer, ...]:
        """Wait for the test's answer."""
        self.asked.append(probed)
        self.waiting.append(asyncio.get_running_loop().create_future())
        try:
            return (await self.waiting[-1],)
        except asyncio.CancelledError:
            self.given_up += 1
            raise

    async def answer(self, answer: Answer = Answer.GOOD, **changes: object) -> None:
        """Answer the newest question."""
        told = ProbeAnswer(self.gate, self.clock.now(), answer, "exit 0")
        self.waiting[-1].set_result(replace(told, **changes))  # type: ignore[arg-type]
        await turn()


async def turn() -> None:
    """Let everything that can go on do so."""
    for _ in range(5):
        await asyncio.sleep(0)


def applied(at: datetime = START, **paces: Pace) -> Rollout:
    """Return a rollout of two regions, both applied at `at`."""
    rules = policy(us_east_1=1, eu_west_1=1)
    rules = replace(
        rules,
        gates=replace(rules.gates, paces=tuple((f"command {n}", p) for n, p in paces.items())),
    )
    rollout = run(PaperWorld({US: [OLD], EU: [OLD]}), started(rules), yes)
    for region in (US, EU):
        rollout = with_region(rollout, region, verify_since=at)
    return rollout


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def probe(clock: HandClock) -> PaperProbe:
    return PaperProbe(clock)


async def test_a_probe_is_told_what_it_is_asked_about(probe: PaperProbe, clock: HandClock) -> None:
    Probing([Timed(probe)], clock).ask(EU, applied())
    await turn()
    (probed,) = probe.asked
    assert (probed.region, probed.fleet, probed.release) == (EU, "checks", "0.9.1")
    assert probed.digest == "sha256:" + "b" * 64


async def test_nothing_is_asked_before_the_region_was_applied(
    probe: PaperProbe, clock: HandClock
) -> None:
    probing, rollout = Probing([Timed(probe)], clock), with_region(applied(), EU, verify_since=None)
    probing.ask(EU, rollout)
    await turn()
    assert probe.asked == []
    assert probing.answers(EU, rollout) == ()


async def test_a_probe_is_not_asked_again_while_it_is_asked(
    probe: PaperProbe, clock: HandClock
) -> None:
    probing, rollout = Probing([Timed(probe)], clock), applied()
    for _ in range(3):
        probing.ask(EU, rollout)
        await turn()
        clock.time += 100 * SECOND
    assert len(probe.asked) == 1
    assert probing.answers(EU, rollout) == ()
    await probe.answer()
    probing.ask(EU, rollout)
    await turn()
    assert len(probe.asked) == 2


async def test_a_probe_is_asked_once_in_its_interval(probe: PaperProbe, clock: HandClock) -> None:
    probing, rollout = Probing([Timed(probe, 10 * SECOND)], clock), applied()
    for second in range(25):
        clock.time = START + second * SECOND
        probing.ask(EU, rollout)
        await turn()
        if not probe.waiting[-1].done():
            await probe.answer()
    assert len(probe.asked) == 3


async def test_an_answer_is_news_once(probe: PaperProbe, clock: HandClock) -> None:
    probing, rollout = Probing([Timed(probe, 10 * SECOND)], clock), applied()
    probing.ask(EU, rollout)
    await turn()
    await probe.answer()
    assert [a.is_news for a in probing.answers(EU, rollout)] == [True]
    assert [a.is_news for a in probing.answers(EU, rollout)] == [False]


async def test_an_answer_from_before_the_next_batch_counts_no_more(
    probe: PaperProbe, clock: HandClock
) -> None:
    probing = Probing([Timed(probe, 600 * SECOND)], clock)
    probing.ask(EU, applied())
    await turn()
    await probe.answer()
    clock.time += 20 * SECOND
    later = applied(clock.time)

    assert probing.answers(EU, later) == ()
    probing.ask(EU, later)
    await turn()
    assert len(probe.asked) == 2
    await probe.answer()
    assert len(probing.answers(EU, later)) == 1


async def test_nothing_is_asked_before_its_initial_delay(
    probe: PaperProbe, clock: HandClock
) -> None:
    probing, rollout = (
        Probing([Timed(probe)], clock),
        applied(smoke=Pace(initial_delay=30 * SECOND)),
    )
    clock.time += 29 * SECOND
    probing.ask(EU, rollout)
    await turn()
    assert probe.asked == []
    clock.time += SECOND
    probing.ask(EU, rollout)
    await turn()
    assert len(probe.asked) == 1


async def test_a_probe_that_asks_for_patience_gets_it(probe: PaperProbe, clock: HandClock) -> None:
    probing, rollout = Probing([Timed(probe)], clock), applied()
    probing.ask(EU, rollout)
    await turn()
    await probe.answer(Answer.ERROR, ask_again_at=START + 60 * SECOND)
    clock.time += 59 * SECOND
    probing.ask(EU, rollout)
    await turn()
    assert len(probe.asked) == 1
    clock.time += SECOND
    probing.ask(EU, rollout)
    await turn()
    assert len(probe.asked) == 2


async def test_each_region_is_asked_about_on_its_own(probe: PaperProbe, clock: HandClock) -> None:
    probing, rollout = Probing([Timed(probe)], clock), applied()
    probing.ask(EU, rollout)
    probing.ask(US, rollout)
    await turn()
    assert [probed.region for probed in probe.asked] == [EU, US]


async def test_one_answer_may_be_for_all_regions(probe: PaperProbe, clock: HandClock) -> None:
    probing, rollout = Probing([Timed(probe, 30 * SECOND, is_of_fleet=True)], clock), applied()
    probing.ask(EU, rollout)
    probing.ask(US, rollout)
    await turn()
    await probe.answer(Answer.BAD)
    assert len(probe.asked) == 1
    for region in (EU, US):
        assert [(a.answer, a.is_news) for a in probing.answers(region, rollout)] == [
            (Answer.BAD, True)
        ]


async def test_a_bug_in_a_probe_is_an_error_and_ends_nothing(
    probe: PaperProbe, clock: HandClock
) -> None:
    probing, rollout = Probing([Timed(probe)], clock), applied()
    probing.ask(EU, rollout)
    await turn()
    probe.waiting[-1].set_exception(ZeroDivisionError("a bug"))
    await turn()
    (told,) = probing.answers(EU, rollout)
    assert (told.answer, told.measured) == (Answer.ERROR, "a bug")
    assert "ZeroDivisionError" in told.reason


async def test_whatever_is_asked_is_given_up_at_the_end(
    probe: PaperProbe, clock: HandClock
) -> None:
    probing = Probing([Timed(probe)], clock)
    probing.ask(EU, applied())
    await turn()
    await probing.close()
    assert probe.given_up == 1
