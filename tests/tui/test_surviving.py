"""The engine is the screen's sibling: whatever becomes of the screen, an apply comes to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from console.domain import effects
from console.domain.commands import Approve, Interrupt, InterruptNow, Pause
from console.domain.events import Entry
from console.domain.fleet import RegionSample
from console.domain.outcome import Outcome
from console.domain.policy import Approve as Approvals
from console.domain.rollout import Rollout
from console.engine.ports import Progress
from console.tui.leaving import Leaving
from console.tui.widgets.regions import Regions
from tests.tui.fleets import one_region, two_waves
from tests.tui.paper import Paper, Shown, console


class Listener:
    """What the headless end of a rollout is told to."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def entry(self, entry: Entry, rollout: Rollout) -> None:
        self.heard.append(type(entry.event).__name__)

    def progress(self, progress: Progress) -> None: ...

    def sample(self, sample: RegionSample) -> None: ...


async def applying(shown: Shown) -> None:
    await shown.sees("Ship 0.9.1?")
    await shown.say_yes()
    await shown.sees("applying")


def held(make: Callable[..., Paper] = one_region, **rules: object) -> Paper:
    """Return a fleet whose applies wait for the test."""
    paper = make(approve=Approvals.ONCE, **rules)
    paper.performer.holds.add(effects.ApplyPlan)
    return paper


async def answer_leaving(shown: Shown, how: str) -> None:
    """Leave while a rollout runs, and choose by a key what becomes of it."""
    await shown.pilot.press("q")
    await shown.sees("No way out stops it half-way")
    await shown.pilot.press(how)


async def end(shown: Shown, paper: Paper, leaving: Leaving) -> Rollout:
    """Go on without a screen, and wait for the end."""
    shown.conductor.go_on(leaving, Listener())
    await asyncio.sleep(0.3)
    paper.performer.holds.clear()
    rollout = await asyncio.to_thread(shown.conductor.wait)
    assert rollout is not None
    return rollout


async def test_a_widget_that_raises_does_not_stop_an_apply(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paper = held()

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a defect of the screen")

    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the screen's end raises it again
        async with console(paper) as shown:
            await applying(shown)
            monkeypatch.setattr(Regions, "show", broken)
            try:
                await shown.until(lambda: shown.app.failure is not None)
            finally:
                assert isinstance(shown.app.failure, ZeroDivisionError)
                assert shown.app.leaving is Leaving.LOST
                assert shown.conductor.is_under_way
                rollout = await end(shown, paper, Leaving.LOST)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.COMPLETED, 0)


async def test_without_its_screen_nothing_is_approved_and_what_was_begun_is_finished() -> None:
    paper = two_waves(approve=Approvals.EACH_WAVE)
    paper.performer.holds.add(effects.ApplyPlan)
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.say_yes()
        await shown.sees("Go on with wave 1")
        await shown.say_yes()
        await shown.sees("applying")
        rollout = await end(shown, paper, Leaving.LOST)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.PARTIAL, 129)
    assert [r.phase.value for r in rollout.regions] == ["done", "waiting", "waiting"]
    assert rollout.next


async def test_left_running_the_policy_says_yes() -> None:
    paper = held(two_waves)
    async with console(paper) as shown:
        await applying(shown)
        await answer_leaving(shown, "h")
        await shown.until(lambda: shown.app.leaving is Leaving.RUNNING)
        rollout = await end(shown, paper, Leaving.RUNNING)

    assert rollout.outcome is Outcome.COMPLETED


async def test_left_paused_what_runs_is_finished_and_the_rollout_stays_open() -> None:
    paper = held(two_waves)
    async with console(paper) as shown:
        await applying(shown)
        await answer_leaving(shown, "p")
        await shown.until(lambda: shown.app.leaving is Leaving.PAUSED)
        rollout = await end(shown, paper, Leaving.PAUSED)

    assert not rollout.is_finished
    assert rollout.paused_by == "ada@host"
    assert not rollout.running
    assert [c for c in paper.sent if isinstance(c, Pause)]


async def test_leaving_asks_first_and_staying_changes_nothing() -> None:
    paper = held()
    async with console(paper) as shown:
        await applying(shown)
        sent = list(paper.sent)
        await answer_leaving(shown, "k")
        await shown.until(lambda: "keep watching" not in shown.text())
        assert paper.sent == sent
        paper.performer.holds.clear()
        await shown.sees("completed")


async def test_the_first_ctrl_c_finishes_regions_and_the_second_interrupts_terraform() -> None:
    paper = held(two_waves)
    async with console(paper) as shown:
        await applying(shown)
        await shown.pilot.press("ctrl+c")
        await shown.sees("stopped by signal 2")
        assert paper.performer.interrupted == 0
        await shown.pilot.press("ctrl+c")
        await shown.until(lambda: paper.performer.interrupted == 1)
        await shown.pilot.press("ctrl+c")
        await shown.sees("Still waiting for")
        assert paper.performer.interrupted == 1
        paper.performer.holds.clear()
        assert await asyncio.to_thread(paper.is_ended.wait, 60)

    kinds = [type(c) for c in paper.sent if not isinstance(c, Approve)]
    assert kinds == [Interrupt, InterruptNow]


async def test_a_console_that_cannot_roll_out_says_why_and_can_be_left() -> None:
    paper = one_region()
    paper.failure = RuntimeError("the fleet is held by [bob] on host")
    async with console(paper) as shown:
        await shown.sees("the fleet is held by [bob] on host")
        await shown.until(lambda: not shown.conductor.is_under_way)
        await shown.pilot.press("q")
        await shown.until(lambda: shown.app.leaving is Leaving.ENDED)
        with pytest.raises(RuntimeError):
            await asyncio.to_thread(shown.conductor.wait)
