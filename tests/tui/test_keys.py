"""Keys: what does nothing says why, and footer, palette and help tell the same."""

from __future__ import annotations

import pytest

from console.domain import effects
from console.domain.allowed import Action, allowed
from console.domain.policy import Approve as Approvals
from console.domain.signs import Mode
from console.tui.screens.drawn import Drawn
from tests.tui.fleets import one_region, two_waves
from tests.tui.paper import Shown, console


def notes(shown: Shown) -> list[str]:
    return [str(note.message) for note in shown.app._notifications]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("g", "Continue: not now, it is not paused"),
        ("e", "Close: not now, it has not halted"),
        ("i", "Interrupt Terraform: not now, no Terraform runs now"),
    ],
)
async def test_a_key_that_is_not_allowed_does_nothing_and_says_why(key: str, reason: str) -> None:
    paper = one_region()
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.pilot.press(key)
        await shown.until(lambda: any(reason in note for note in notes(shown)))

        assert paper.sent == []


async def test_a_pause_holds_everything_back_until_it_is_continued() -> None:
    paper = one_region(approve=Approvals.ONCE)
    paper.performer.holds.add(effects.ApplyPlan)
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.say_yes()
        await shown.sees("applying")
        await shown.pilot.press("p")
        await shown.sees("paused by ada@host")
        paper.performer.holds.clear()
        await shown.sees("nothing runs")
        await shown.pilot.press("g")
        await shown.sees("completed")


async def test_a_pause_is_told_while_something_is_asked_as_well() -> None:
    paper = one_region(approve=Approvals.ONCE)
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.pilot.press("p")
        await shown.sees("paused by ada@host: nothing runs; still asked: Ship 0.9.1?")
        await shown.sees("a answers   g goes on")
        await shown.pilot.press("g")
        await shown.sees("?  Ship 0.9.1?")
        assert "paused by" not in shown.text()


async def test_help_and_palette_offer_the_same_and_tell_what_is_not_allowed() -> None:
    paper = one_region()
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        assert isinstance(shown.app.screen, Drawn)
        offers = {offer.verb: offer.reason for offer in shown.app.screen.offers()}
        # What takes a rollout up exists only where one was left.
        of_ours = [e for e in allowed(paper.rollout) if e.action is not Action.TAKE_UP]
        assert {e.verb: e.reason for e in of_ours}.items() <= offers.items()

        await shown.pilot.press("question_mark")
        await shown.sees("not now: it is not paused")


async def test_the_watcher_has_no_key_that_changes_anything() -> None:
    paper = one_region(approve=Approvals.ONCE)
    async with console(paper) as operator:
        await operator.sees("Ship 0.9.1?")
        async with console(paper, mode=Mode.WATCH, choice=None, roll_out=None) as watcher:
            await watcher.sees("Ship 0.9.1?")
            assert "WATCH" in watcher.text()
            keys = watcher.app.screen.active_bindings.values()
            assert not [key for key in keys if key.binding.action.startswith("command(")]
            for key in ("a", "p", "g", "x", "e", "n", "i", "y", "enter"):
                await watcher.pilot.press(key)
            await watcher.pilot.pause(0.3)
            assert paper.sent == []


async def test_the_watcher_shows_what_the_operator_does() -> None:
    paper = one_region(approve=Approvals.ONCE)
    paper.performer.holds.add(effects.ApplyPlan)
    async with console(paper) as operator:
        await operator.sees("Ship 0.9.1?")
        async with console(paper, mode=Mode.WATCH, choice=None, roll_out=None) as watcher:
            await watcher.sees("Ship 0.9.1?")
            await operator.say_yes()
            await operator.sees("applying")
            await watcher.sees("applying")
            paper.performer.holds.clear()
            await operator.sees("completed")
            await watcher.sees("completed")


async def test_history_replays_a_rollout_step_by_step() -> None:
    paper = one_region(approve=Approvals.ONCE)
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.say_yes()
        await shown.sees("completed")
        await shown.pilot.press("h")
        await shown.sees("✓ completed")
        await shown.pilot.press("enter")
        await shown.sees("REPLAY")
        assert "completed" not in shown.text()
        await shown.pilot.press("end")
        await shown.sees("completed: 1 region runs 0.9.1")
        await shown.pilot.press("left", "left", "left")
        await shown.until(lambda: "completed: 1 region" not in shown.text())


async def test_only_what_holds_the_text_is_shown() -> None:
    paper = two_waves()
    async with console(paper) as shown:
        await shown.sees("eu-west-1  ")
        await shown.pilot.press("slash", *"west", "enter")
        await shown.until(lambda: shown.app.screen.query_one("#regions").row_count == 2)  # type: ignore[attr-defined]
        await shown.pilot.press("slash", "escape")
        await shown.until(lambda: shown.app.screen.query_one("#regions").row_count == 3)  # type: ignore[attr-defined]


def test_before_it_has_begun_and_after_it_has_ended_nothing_is_allowed() -> None:
    assert {entry.reason for entry in allowed(None)} == {"no rollout has begun"}
    assert len(allowed(None)) == len(Action)


async def test_a_key_at_the_heels_of_the_one_that_opens_a_region_is_meant_for_the_region() -> None:
    async with console(two_waves()) as shown:
        await shown.sees("▒▒▒ 3/3")
        shown.app.simulate_key("enter")
        shown.app.simulate_key("question_mark")
        await shown.sees("Copy the chosen instance's id")
        await shown.pilot.press("escape")
        await shown.sees("Objects")
