"""Confirmations: what is a yes, what is none, and what cannot happen by accident."""

from __future__ import annotations

import pytest

from console.domain import effects
from console.domain.commands import Approve
from console.domain.failure import Failure, FailureKind
from console.domain.plan import PlanId
from console.domain.policy import Approve as Approvals
from console.domain.steps import Asks
from tests.tui.fleets import one_region
from tests.tui.paper import Shown, console


def approvals(sent: list[object]) -> list[Asks]:
    return [c.subject.asks for c in sent if isinstance(c, Approve)]


async def opened(shown: Shown) -> None:
    await shown.pilot.press("a")
    await shown.reads_the_question()


async def test_a_refused_confirmation_changes_nothing() -> None:
    paper = one_region()
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        before = len(paper.journal.kept["r1"])
        for no in ("n", "escape"):
            await opened(shown)
            await shown.pilot.press(no)
            await shown.sees("a answers")

        assert paper.sent == []
        assert len(paper.journal.kept["r1"]) == before


async def test_every_step_is_asked_and_a_yes_leads_to_the_next_one() -> None:
    paper = one_region()
    async with console(paper) as shown:
        for question in (
            "Ship 0.9.1?",
            "Build the image",
            "Push 0.9.1",
            "Mark us-east-1",
            "Apply?",
        ):
            await shown.sees(question)
            await shown.say_yes()
        await shown.sees("completed")

    asked = [Asks.START, Asks.BUILD, Asks.PUSH, Asks.TAINT, Asks.APPLY]
    assert approvals(list(paper.sent)) == asked
    assert paper.rollout.exit_code == 0


async def test_enter_is_no_yes_where_a_key_is_enough() -> None:
    paper = one_region()
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await opened(shown)
        await shown.pilot.press("enter", "enter", "space")

        assert paper.sent == []


async def test_a_dangerous_yes_takes_the_typed_name_and_nothing_else() -> None:
    paper = one_region("prod")
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await opened(shown)
        await shown.pilot.press("enter", "y", "enter")
        await shown.pilot.press("backspace", *"check", "enter")
        assert paper.sent == []

        await shown.pilot.press("s", "enter")
        await shown.sees("Build the image")

    assert approvals(list(paper.sent)) == [Asks.START]


async def test_a_key_that_is_held_down_passes_no_second_prompt() -> None:
    paper = one_region()
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await opened(shown)
        for _ in range(60):
            await shown.pilot.press("y")
            await shown.pilot.pause(0.03)

        assert approvals(list(paper.sent)) == [Asks.START]


async def test_a_key_that_opens_and_is_held_is_no_yes() -> None:
    paper = one_region()
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        for key in ("a", "enter"):
            for _ in range(20):
                await shown.pilot.press(key)
                await shown.pilot.pause(0.03)

        assert paper.sent == []


async def test_y_is_no_yes_before_anybody_can_have_read(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = one_region()
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        # However slow the machine is that this runs on: no time passes between the two keys.
        monkeypatch.setattr("console.tui.screens.confirm.monotonic", lambda: 100.0)
        await shown.pilot.press("a", "y")
        await shown.pilot.pause(0.2)

        assert paper.sent == []


async def test_a_question_that_is_no_longer_asked_takes_no_yes() -> None:
    paper = one_region()
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await opened(shown)
        assert paper.engine is not None
        subject = paper.rollout.questions[0][0]
        shown.conductor.send(Approve(subject, "somebody@else"))
        await shown.sees("no longer asked")
        await shown.pilot.press("y")
        await shown.pilot.pause(0.5)
        await shown.pilot.press("y", "n")

    assert [c.by for c in paper.sent if isinstance(c, Approve)] == ["somebody@else"]


async def test_a_plan_that_went_stale_is_asked_for_again() -> None:
    paper = one_region(approve=Approvals.EACH_STEP)
    stale = Failure(FailureKind.STALE, "the state has moved from serial 1 to 2")
    paper.world.failures[effects.ApplyPlan] = stale
    async with console(paper) as shown:
        for question in (
            "Ship 0.9.1?",
            "Build the image",
            "Push 0.9.1",
            "Mark us-east-1",
            "Apply?",
        ):
            await shown.sees(question)
            await shown.say_yes()
        await shown.until(lambda: len(approvals(list(paper.sent))) == 5)
        approved = {c.subject.plan for c in paper.sent if isinstance(c, Approve)}

        def plans() -> set[PlanId | None]:
            return {subject.plan for subject, _ in paper.rollout.questions}

        await shown.until(lambda: bool(plans() - approved))
        assert not plans() & approved
        await shown.sees("Apply?")
        await shown.pilot.press("5")
        await shown.sees("the approval is void")


async def test_the_plan_review_names_what_is_destroyed_and_has_the_raw_plan_a_key_away() -> None:
    paper = one_region()
    async with console(paper) as shown:
        for question in ("Ship 0.9.1?", "Build the image", "Push 0.9.1", "Mark us-east-1"):
            await shown.sees(question)
            await shown.say_yes()
        await shown.sees("Apply?")
        await opened(shown)
        for told in (
            "slot 1  replace, new first",
            "destroys i-us-east-1-1-0.9.0",
            "the guard found nothing",
        ):
            assert told in shown.text()
        assert "up to 4 instances" in shown.text()

        await shown.pilot.press("r")
        await shown.sees("aws_instance: create then delete")


async def test_an_abort_after_a_change_takes_the_fleets_name() -> None:
    paper = one_region(approve=Approvals.ONCE)
    async with console(paper) as shown:
        paper.performer.holds.add(effects.ApplyPlan)
        await shown.sees("Ship 0.9.1?")
        await shown.say_yes()
        await shown.sees("applying")
        await shown.pilot.press("x")
        await shown.sees("Runs now and is finished: apply of us-east-1")
        await shown.pilot.press("y", "enter", "escape")
        assert [type(c).__name__ for c in paper.sent] == ["Approve"]
        paper.performer.holds.clear()
        await shown.sees("completed")


async def test_what_has_to_be_typed_and_where_stay_in_sight_while_it_is_typed() -> None:
    async with console(one_region("prod")) as shown:
        await shown.sees("Ship 0.9.1?")
        await opened(shown)
        await shown.pilot.press(*"chec")
        await shown.sees("type checks to say yes")
        box = shown.app.screen.query_one("#box")
        assert "─ checks  [PROD] " in shown.text().replace("━", "─")
        assert box.has_class("-production")
