"""A region gets another number of workers, with keys alone."""

from __future__ import annotations

from dataclasses import replace

from console.domain.policy import Approve as Approvals
from console.domain.policy import GateRules
from console.tui.screens.scale import ScaleScreen
from tests.rollout.world import NEW
from tests.tui.fleets import one_region
from tests.tui.paper import Shown, console


async def at_rest(shown: Shown) -> None:
    await shown.sees("Ship 0.9.1?")
    await shown.say_yes()
    await shown.sees("completed")


async def asked_for_a_number(shown: Shown) -> None:
    await shown.pilot.press("enter")
    await shown.sees("2 of 2 healthy")
    # The state may not have been read yet, and nobody can be asked before that.
    await shown.sees("current")
    await shown.pilot.press("s")
    await shown.sees("It has 2 workers. How many shall it have?")


async def test_a_region_is_scaled_through_the_question_and_the_gates_of_a_rollout() -> None:
    paper = one_region(approve=Approvals.ONCE)
    async with console(paper) as shown:
        await at_rest(shown)
        await asked_for_a_number(shown)
        await shown.pilot.press("backspace", "1", "enter")
        await shown.sees("Scale us-east-1 from 2 slots to 1?")
        assert paper.world.slots == {"us-east-1": [NEW, NEW]}

        await shown.say_yes()

        await shown.sees("us-east-1 has 1 slot, it had 2")
        assert paper.world.slots == {"us-east-1": [NEW]}


async def test_no_number_of_workers_is_no_scale() -> None:
    paper = one_region(approve=Approvals.ONCE)
    async with console(paper) as shown:
        await at_rest(shown)
        await asked_for_a_number(shown)
        await shown.pilot.press("backspace", "0", "enter")
        await shown.sees("a region has at least one worker")
        await shown.pilot.press("escape")
        await shown.sees("2 of 2 healthy")
        assert len(paper.journal.rollouts()) == 1


async def test_nothing_is_scaled_while_a_rollout_is_under_way() -> None:
    paper = one_region()
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.sees("▒▒ 2/2")
        await shown.pilot.press("enter")
        await shown.sees("2 of 2 healthy")
        await shown.pilot.press("s")
        await shown.pilot.pause()
        assert not isinstance(shown.app.screen, ScaleScreen)


async def test_a_region_tells_what_its_backlog_would_need() -> None:
    paper = one_region()
    paper.policy = replace(paper.policy, gates=GateRules(backlog_per_worker=1))
    async with console(paper) as shown:
        await shown.sees("▒▒ 2/2")
        await shown.pilot.press("enter")
        await shown.sees("2 waiting per healthy worker, 1 accepted: 3 workers would be needed")
