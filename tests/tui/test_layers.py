"""Steps of a build and layers of a push are drawn in place."""

from __future__ import annotations

import re

from console.domain.fleet import UnitName
from console.domain.policy import Approve as Approvals
from console.engine.ports import Progress, ProgressKind
from tests.tui.fleets import one_region
from tests.tui.paper import Paper, console


def layer(name: str, tenths: int) -> Progress:
    kind = ProgressKind.RUNNING
    return Progress(kind, f"{name} pushing {tenths * 10}%", None, name, "push", tenths=tenths)


def pushed(name: str) -> Progress:
    return Progress(ProgressKind.FINISHED, f"{name} pushed", None, name, "push")


def tell(paper: Paper, progress: Progress) -> None:
    assert paper.performer.stream is not None
    paper.performer.stream.progress(progress)


async def test_each_layer_has_one_line_and_the_newest_counts() -> None:
    paper = one_region(approve=Approvals.ONCE)
    lines = [layer("aaa", 1), layer("bbb", 2), layer("aaa", 3), pushed("bbb"), layer("aaa", 7)]
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        for progress in lines:
            tell(paper, progress)
        await shown.pilot.press("2")
        await shown.sees("1 of 2 layers pushed")
        text = shown.text()
        assert "━━━━━━━─── aaa pushing 70%" in text
        assert len(re.findall("aaa", text)) == 1
        assert "1 lines" in text, "only what has ended is printed for good"


async def test_many_layers_leave_room_and_those_under_way_are_seen() -> None:
    paper = one_region(approve=Approvals.ONCE)
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.pilot.press("2")
        tell(paper, layer("slow", 4))
        for number in range(30):
            tell(paper, pushed(f"quick{number}"))
        await shown.sees("30 of 31 layers pushed")
        assert "slow pushing 40%" in shown.text()


async def test_terraform_takes_the_room_back() -> None:
    paper = one_region(approve=Approvals.ONCE)
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.pilot.press("2")
        tell(paper, layer("aaa", 1))
        await shown.sees("layers pushed")
        tell(paper, Progress(ProgressKind.OUTPUT, "Creating...", UnitName("us-east-1")))
        await shown.sees("Creating...")
        assert "layers pushed" not in shown.text()


async def test_a_name_is_shown_and_not_obeyed() -> None:
    paper = one_region(approve=Approvals.ONCE)
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.pilot.press("2")
        step = "RUN echo [/] \x1b[31m[bold]"
        tell(paper, Progress(ProgressKind.STARTED, step, None, step, "build"))
        await shown.sees("0 of 1 steps built")
        assert r"RUN echo [/] \x1b[31m[bold]" in shown.text()
