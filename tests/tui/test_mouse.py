"""Everything that a key does can be done by mouse, and no click is a yes by accident."""

from __future__ import annotations

from textual.widgets import TabbedContent

from console.domain.commands import Approve, Pause
from console.domain.policy import Approve as Approvals
from console.tui.screens.help import HelpScreen
from console.tui.screens.history import HistoryScreen
from console.tui.screens.operate import OperateScreen
from console.tui.screens.region import RegionScreen
from console.tui.screens.replay import ReplayScreen
from tests.tui.fleets import one_region, two_waves
from tests.tui.paper import Shown, console


def at(shown: Shown, text: str) -> tuple[int, int]:
    """Where `text` stands on the screen, column and row."""
    for row, line in enumerate(shown.text().splitlines()):
        if text in line:
            return line.index(text) + 1, row
    raise AssertionError(f"{text!r} is not on the screen:\n{shown.text()}")


async def click(shown: Shown, text: str) -> None:
    await shown.sees(text)
    await shown.pilot.click(offset=at(shown, text))
    await shown.pilot.pause(0.1)


async def test_a_tab_is_opened_by_a_click() -> None:
    async with console(two_waves()) as shown:
        await shown.sees("Ship 0.9.1?")
        tabs = shown.app.screen.query_one(TabbedContent)
        for name in ("Plan", "Gates", "Timeline", "Chart", "Output"):
            await click(shown, f"{name} ")
            await shown.until(lambda name=name: tabs.active == f"tab-{name.lower()}")  # type: ignore[misc]


async def test_a_region_is_opened_by_a_click_on_the_row_under_the_cursor() -> None:
    async with console(two_waves()) as shown:
        await shown.sees("▒▒▒ 3/3")
        row = at(shown, "▒▒▒ 3/3")
        await shown.pilot.click(offset=row)
        await shown.pilot.click(offset=row)
        await shown.until(lambda: isinstance(shown.app.screen, RegionScreen))
        await shown.sees("us-west-1")
        await click(shown, "Back")
        await shown.until(lambda: isinstance(shown.app.screen, OperateScreen))


async def test_the_footer_is_pressed_by_a_click_and_a_dim_key_says_why() -> None:
    paper = two_waves()
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.sees("a Answer")
        await click(shown, "Continue")
        await shown.until(
            lambda: any("it is not paused" in str(n.message) for n in shown.app._notifications)
        )
        await click(shown, "Help")
        await shown.until(lambda: isinstance(shown.app.screen, HelpScreen))
        await click(shown, "esc Close")
        await shown.until(lambda: isinstance(shown.app.screen, OperateScreen))
        assert paper.sent == []
        await click(shown, "Pause")
        await shown.until(lambda: any(isinstance(c, Pause) for c in paper.sent))


async def test_a_question_is_answered_by_its_buttons() -> None:
    paper = one_region()
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.sees("a Answer")
        await click(shown, "Answer")
        await shown.reads_the_question()
        await shown.pilot.click("#no")
        await shown.until(lambda: isinstance(shown.app.screen, OperateScreen))
        assert paper.sent == []

        await click(shown, "Answer")
        await shown.reads_the_question()
        await shown.pilot.click("#yes")
        await shown.sees("Build the image")
    assert [type(command) for command in paper.sent] == [Approve]


async def test_no_click_says_yes_to_a_dangerous_question_before_the_name_is_typed() -> None:
    paper = one_region("prod")
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.pilot.press("a")
        await shown.sees("type checks to say yes")
        yes = shown.app.screen.query_one("#yes")
        await shown.reads_the_question()
        await shown.pilot.click("#yes")
        await shown.pilot.pause(0.2)
        assert paper.sent == []
        assert yes.disabled
        await shown.pilot.click("#typed")
        await shown.pilot.press(*"checks")
        await shown.until(lambda: not yes.disabled)
        await shown.pilot.click("#yes")
        await shown.sees("Build the image")


async def test_an_earlier_rollout_is_opened_by_a_double_click() -> None:
    paper = one_region(approve=Approvals.ONCE)
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.say_yes()
        await shown.sees("completed")
        await click(shown, "History")
        await shown.until(lambda: isinstance(shown.app.screen, HistoryScreen))
        await shown.sees("✓ completed")
        for _ in range(2):
            await click(shown, "✓ completed")
        await shown.until(lambda: isinstance(shown.app.screen, ReplayScreen))
