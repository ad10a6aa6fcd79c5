"""Text that came from outside stands on every screen as it is, and is obeyed on none."""

from __future__ import annotations

from dataclasses import replace

from console.domain import effects
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import Heartbeat, RegionSample
from console.domain.policy import Approve as Approvals
from console.domain.release import ReleaseLabel
from tests.tui.fleets import one_region
from tests.tui.paper import Paper, Shown, console, output

EVIL = "[/] [red] [us-east-1a] \x1b[31m\x07"
SHOWN = "[/] [red] [us-east-1a] \\x1b[31m\\x07"


def evil(sample: RegionSample) -> RegionSample:
    """Let every tag, id's state and heartbeat say something evil, and a source fail evilly."""
    instances = tuple(
        replace(i, state="running", private_address=EVIL) for i in sample.instances.value or ()
    )
    beats = tuple(
        Heartbeat(b.instance, ReleaseLabel(EVIL), b.last_at, b.runs)
        for b in sample.heartbeats.value or ()
    )
    return replace(
        sample,
        instances=replace(sample.instances, value=instances),
        heartbeats=replace(sample.heartbeats, value=beats),
        queue=replace(sample.queue, value=None, error=EVIL),
    )


async def halted(paper: Paper, shown: Shown) -> None:
    await shown.sees("Ship 0.9.1?")
    await shown.say_yes()
    await shown.sees("halted at")


async def test_in_the_question_the_output_and_the_timeline() -> None:
    paper = one_region(approve=Approvals.ONCE)
    paper.performer.lines = [output(EVIL, unit=EVIL)]
    failure = Failure(FailureKind.FAILED, EVIL, EVIL, f"first\n{EVIL}")
    paper.world.failures[effects.ApplyPlan] = failure
    async with console(paper) as shown:
        await halted(paper, shown)
        assert f"halted at us-east-1: {SHOWN}" in shown.text()
        assert f"{SHOWN}  {SHOWN}" in shown.text()
        await shown.pilot.press("5")
        await shown.sees(f"            {SHOWN}")
        await shown.pilot.press("4", "3", "6", "question_mark", "escape", "q")
        await shown.sees("keep watching")


async def test_in_the_regions_table_and_the_region() -> None:
    paper = one_region()
    paper.mangle = evil
    paper.console = f"boot\n{EVIL}\n"
    async with console(paper, (200, 60)) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.sees(SHOWN[:14])
        await shown.pilot.press("1", "enter")
        await shown.sees("Objects")
        await shown.pilot.press("enter")
        await shown.until(lambda: shown.text().count(SHOWN) >= 2)
        assert f"! {SHOWN}" in shown.text()


async def test_in_a_notice_and_a_confirmation() -> None:
    paper = one_region()
    failure = Failure(FailureKind.REFUSED, EVIL, EVIL)
    paper.world.failures[effects.Build] = failure
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.say_yes()
        await shown.sees("Build the image")
        shown.app.scene.around = replace(shown.app.scene.around, operator=EVIL, lease=EVIL)
        await shown.say_yes()
        await shown.sees("refused: ")
        assert SHOWN in shown.text()
        shown.app.notify(f"copied: {EVIL}", markup=False)
        await shown.pilot.pause(0.2)


async def test_in_the_start_form() -> None:
    paper = one_region()
    async with console(paper, choice=None) as shown:
        await shown.sees("0.9.1")
        for key in ("end", *["left_square_bracket", "slash", "right_square_bracket"]):
            await shown.pilot.press(key)
        await shown.pilot.press("ctrl+s")
        await shown.sees("is no release label")
        assert paper.engine is None
