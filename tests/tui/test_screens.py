"""What the screens show: the path, the regions, their chart, and how old everything is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain import effects
from console.domain.fleet import Reading, RegionSample
from console.domain.policy import Approve as Approvals
from console.engine.ports import Progress, ProgressKind
from console.tui.screens.rollout import RolloutScreen
from console.tui.widgets.output import Output
from console.tui.widgets.regions import Regions
from tests.tui.fleets import one_region, two_waves
from tests.tui.paper import console


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_every_size_shows_where_it_stands_what_is_asked_and_how_regions_fare(
    size: tuple[int, int],
) -> None:
    paper = two_waves()
    async with console(paper, size) as shown:
        for wanted in ("checks", "[test]", "0.9.0 → 0.9.1", "OPERATE", "Ship 0.9.1?"):
            await shown.sees(wanted)
        for wanted in ("preflight", "wave 1", "us-west-1", "▒▒▒ 3/3", "Answer", "Timeline"):
            await shown.sees(wanted)


async def test_production_cannot_be_mistaken() -> None:
    async with console(one_region("prod")) as shown:
        await shown.sees("[PROD]")
        assert shown.app.screen.query_one("#masthead").has_class("-production")


async def test_the_path_tells_step_by_step_what_is_under_way() -> None:
    hour = timedelta(hours=1)
    paper = two_waves(approve=Approvals.ONCE, bake=hour)
    paper.performer.holds.add(effects.ApplyPlan)
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.say_yes()
        await shown.sees("▶ apply")
        assert "✓ plan" in shown.text()
        assert "· verify" in shown.text()
        paper.performer.holds.clear()
        for wave in (1, 2):
            await shown.sees(f"wave {wave} bakes for")
            await shown.sees("▶ bake")
            paper.performer.clock.ahead += hour
        await shown.sees("completed: 3 regions run 0.9.1")


async def test_how_long_a_step_takes_is_told_from_earlier_rollouts() -> None:
    paper = one_region(approve=Approvals.ONCE)
    async with console(paper) as first:
        await first.sees("Ship 0.9.1?")
        await first.say_yes()
        await first.sees("completed")
    async with console(paper) as second:
        await second.sees("~0.")


async def test_a_region_that_cannot_be_read_keeps_its_last_numbers_and_says_so() -> None:
    paper = one_region()
    async with console(paper, (200, 60)) as shown:
        await shown.sees("▒▒ 2/2")

        def broken(sample: RegionSample) -> RegionSample:
            return replace(sample, instances=Reading(sample.at, error="ExpiredToken"))

        paper.mangle = broken
        await shown.sees("! us-east-1: ExpiredToken")
        assert "▒▒ 2/2" in shown.text()
        await shown.pilot.press("enter")
        await shown.sees("ExpiredToken")


async def test_of_a_region_whose_heartbeats_were_never_read_nobody_is_called_unwell() -> None:
    paper = one_region()
    paper.mangle = lambda sample: replace(sample, heartbeats=Reading(sample.at, error="Throttling"))
    async with console(paper, (200, 60)) as shown:
        await shown.sees("?? ?/2")
        await shown.pilot.press("enter")
        await shown.sees("nobody can tell how many of 2 are healthy")
        await shown.sees("? unknown")
        assert "silent" not in shown.text()
        assert "never" not in shown.text()
        await shown.pilot.press("escape")
        paper.mangle = lambda sample: sample
        await shown.sees("▒▒ 2/2")


async def test_ten_thousand_lines_do_not_hold_up_a_key() -> None:
    paper = one_region()
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        for number in range(10_000):
            shown.conductor.bridge.progress(Progress(ProgressKind.OUTPUT, f"line {number}"))
        await shown.pilot.press("5")
        await shown.sees("looking at every region")
        await shown.pilot.press("2")
        await shown.sees("line 9999")
        assert shown.app.screen.query_one(Output).line_count == 10_000


async def test_the_cursor_stays_on_its_region_while_numbers_change() -> None:
    paper = two_waves()
    async with console(paper) as shown:
        await shown.sees("▒▒▒ 3/3")
        await shown.pilot.press("down", "down")
        regions = shown.app.screen.query_one(Regions)
        assert regions.chosen == "eu-west-1"
        paper.world.sick.add("eu-west-1")
        await shown.pilot.pause(0.6)
        assert regions.chosen == "eu-west-1"


async def test_the_themes_change_and_no_panel_is_lost() -> None:
    async with console(two_waves()) as shown:
        await shown.sees("▒▒▒ 3/3")
        for _ in range(3):
            await shown.pilot.press("t")
            await shown.sees("▒▒▒ 3/3")
            assert isinstance(shown.app.screen, RolloutScreen)
        await shown.pilot.press("5")
        await shown.sees("preflight ok")


async def test_the_form_proposes_previews_and_starts_what_was_chosen() -> None:
    paper = two_waves()
    async with console(paper, choice=None) as shown:
        await shown.sees("in the registry: 0.9.0, 0.8.7")
        await shown.sees("wave 2")
        await shown.sees("▒▒▒ 3/3")
        assert paper.engine is None
        await shown.pilot.press("ctrl+s")
        await shown.sees("Ship 0.9.1?")
