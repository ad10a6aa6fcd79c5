"""Details that make the screens clear: the chart's regions, wrapped lines, colours that are off."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from textual.widget import Widget

from console.domain.events import Entry
from console.domain.policy import Approve as Approvals
from console.domain.policy import GateRules, Pace
from console.domain.signs import Mode
from console.tui.screens.replay import ReplayScreen
from console.tui.surroundings import Proposal
from console.tui.widgets.boxes import Box
from console.tui.widgets.regions import Regions
from console.tui.widgets.timeline import Timeline
from tests.tui.fleets import one_region, two_waves
from tests.tui.paper import Shown, console


async def test_a_key_charts_one_region_after_the_other_and_then_all_again() -> None:
    async with console(two_waves()) as shown:
        await shown.sees("▒▒▒ 3/3")
        assert "Region" not in footer(shown)
        await shown.pilot.press("6")
        await shown.sees("all regions: healthy workers")
        await shown.until(lambda: "r Region" in footer(shown))
        for name in ("eu-west-1", "us-east-1", "us-west-1", "all regions"):
            await shown.pilot.press("r")
            await shown.sees(f"{name}: healthy workers")


def footer(shown: Shown) -> str:
    return shown.text().splitlines()[-1]


async def test_the_timeline_wraps_anew_when_the_terminal_is_resized() -> None:
    async with console(one_region(), (160, 36)) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.pilot.press("5")
        await shown.sees("preflight ok")
        timeline = shown.app.screen.query_one(Timeline)
        before = [strip.text.strip() for strip in timeline.lines]
        await shown.pilot.resize_terminal(60, 36)
        await shown.until(lambda: len(timeline.lines) > len(before))
        assert max(len(strip.text.rstrip()) for strip in timeline.lines) <= 58
        await shown.pilot.resize_terminal(160, 36)
        await shown.until(lambda: [strip.text.strip() for strip in timeline.lines] == before)


async def test_a_filter_set_before_the_timeline_was_ever_seen_shows_no_line_twice() -> None:
    async with console(one_region()) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.pilot.press("slash", *"preflight", "enter", "5")
        await shown.sees("preflight ok")
        assert shown.text().count("preflight ok") == 1


async def test_without_colour_all_is_told_by_glyph_and_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    paper = one_region("prod", approve=Approvals.ONCE)
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        for wanted in ("[PROD]", "▶ OPERATE", "✓ preflight", "? start", "▒▒ 2/2", "a answers"):
            await shown.sees(wanted)
        assert coloured(shown) == set()
        await shown.pilot.press("a")
        await shown.sees("type checks to say yes")
        assert coloured(shown) == set()


async def test_with_colour_there_are_colours() -> None:
    async with console(one_region("prod")) as shown:
        await shown.sees("Ship 0.9.1?")
        assert coloured(shown)


def coloured(shown: Shown) -> set[tuple[int, int, int]]:
    """Return the colours on the screen that are no grey."""
    screen = shown.app.screen
    found: set[tuple[int, int, int]] = set()
    for widget in screen.walk_children(Widget):
        for strip in widget.render_lines(widget.size.region):
            for segment in strip:
                style = segment.style
                colours = (style.color, style.bgcolor) if style is not None else ()
                found |= {c.triplet for c in colours if c is not None and c.triplet is not None}
    return {rgb for rgb in found if len(set(rgb)) > 1}


async def test_a_replay_is_read_off_the_screens_thread() -> None:
    paper = one_region(approve=Approvals.ONCE)
    readers: list[str] = []

    def entries(rollout: str, after: int) -> Sequence[Entry]:
        readers.append(threading.current_thread().name)
        return paper.journal.read(rollout, after)

    async with console(paper, entries=entries) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.say_yes()
        await shown.sees("completed")
        await shown.pilot.press("h")
        await shown.sees("✓ completed")
        await shown.pilot.press("enter")
        await shown.until(lambda: isinstance(shown.app.screen, ReplayScreen))
    assert set(readers) == {"backstage"}


async def test_a_watcher_sees_who_rolls_out_and_who_has_the_fleet() -> None:
    paper = one_region()
    async with console(paper) as operator:
        await operator.sees("Ship 0.9.1?")
        watching = {"mode": Mode.WATCH, "choice": None, "roll_out": None, "operator": "bob@desk"}
        async with console(paper, **watching) as watcher:  # type: ignore[arg-type]
            await watcher.sees("by ada@host")
            await watcher.sees("lease: ada@host since 16:58")
            assert "bob@desk" not in watcher.text()


async def test_a_long_identity_gives_way_to_account_and_name() -> None:
    async with console(one_region(), (80, 24)) as shown:
        await shown.sees("by ada@host · 123456789012 release/ada · lease: ada@host since 16:58")
    async with console(one_region(), (120, 36)) as shown:
        await shown.sees("arn:aws:sts::123456789012:assumed-role/release/ada")


async def test_a_filter_is_text_and_no_markup() -> None:
    async with console(two_waves()) as shown:
        await shown.sees("▒▒▒ 3/3")
        await shown.pilot.press("slash", *"[/][red]", "enter")
        await shown.sees("only '[/][red]'")
        await shown.sees("hold '[/][red]'")


async def test_a_box_that_is_off_is_an_empty_one() -> None:
    ticked, empty = "▐X▌", "▐ ▌"
    async with console(two_waves(), choice=None) as shown:
        await shown.sees(f"{empty} Replace also")
        await shown.sees(f"{ticked} us-east-1")
        await shown.sees(f"{ticked} us-west-1")
        shown.app.screen.query_one("#refresh", Box).focus()
        await shown.pilot.press("space")
        await shown.sees(f"{ticked} Replace also")
        await shown.pilot.press("tab", "down", "space")
        await shown.sees(f"{empty} us-west-1")
        await shown.sees(f"{ticked} us-east-1")


async def nothing() -> Proposal:
    return Proposal(note="no label is proposed")


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_what_is_wrong_in_the_form_is_seen_on_every_screen(size: tuple[int, int]) -> None:
    async with console(two_waves(), size, choice=None, propose=nothing) as shown:
        await shown.sees("no label is proposed")
        await shown.pilot.press(*"no label", "ctrl+s")
        await shown.sees("'no label' is no release label")
        await shown.pilot.press(*["backspace"] * 8, *"0.9.1", "tab", "tab", "tab")
        await shown.pilot.press("space", "down", "space", "down", "space", "ctrl+s")
        await shown.sees("choose a region at least")
        await shown.pilot.press("space", "ctrl+s")
        await shown.sees("Ship 0.9.1?")


async def test_what_is_wrong_is_told_where_the_path_stands_instead_of_the_form() -> None:
    async with console(two_waves(), (80, 24), choice=None, propose=nothing) as shown:
        await shown.sees("no label is proposed")
        await shown.pilot.press(*"no label", "ctrl+o")
        await shown.sees("The path, before anything happens")
        await shown.pilot.press("ctrl+s")
        await shown.sees("'no label' is no release label")


async def test_what_is_shipped_is_named_where_what_runs_has_no_room() -> None:
    async with console(two_waves("the-staging-of-the-other-company"), (80, 24)) as shown:
        await shown.sees("[the-staging-of-the-other-company]  → 0.9.1")
        await shown.pilot.resize_terminal(100, 24)
        await shown.sees("[the-staging-of-the-other-company]    0.9.0 → 0.9.1")


async def test_history_tells_reason_and_operator_at_every_width() -> None:
    paper = one_region(approve=Approvals.ONCE)
    async with console(paper, (80, 24)) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.say_yes()
        await shown.sees("completed")
        await shown.pilot.press("h")
        await shown.sees("✓ completed")
        for wanted in ("ada@host", "1 region runs"):
            await shown.sees(wanted)
        await shown.pilot.resize_terminal(160, 36)
        await shown.sees("1 region runs 0.9.1")


async def test_gates_that_have_not_spoken_are_told_in_a_sentence() -> None:
    async with console(one_region()) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.pilot.press("4")
        await shown.sees("No gate has spoken yet")


async def test_what_a_gate_wants_stands_before_its_history() -> None:
    async with console(one_region(approve=Approvals.ONCE)) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.say_yes()
        await shown.sees("completed")
        await shown.pilot.press("4")
        await shown.sees("2 slots, one each")
        await shown.sees("1 or more each by 0.9.1")
        await shown.pilot.resize_terminal(200, 60)
        await shown.sees("history")
        header = next(line for line in shown.text().splitlines() if "verdict" in line)
        assert header.index("measured") < header.index("wanted") < header.index("history")


async def test_a_gate_tells_how_much_of_its_limit_is_left_and_whether_it_decides() -> None:
    gates = GateRules(
        backlog_per_worker=100,
        failures_max_ratio=0.02,
        paces=(("failures", Pace(dry_run=True)),),
    )
    rules: dict[str, Any] = {"gates": gates, "watch_after": timedelta(minutes=9)}
    async with console(one_region(approve=Approvals.ONCE, **rules), (200, 60)) as shown:
        await shown.sees("· watch")
        await shown.sees("Ship 0.9.1?")
        await shown.say_yes()
        await shown.sees("every region is watched for")
        await shown.sees("closest to its limit: us-east-1 backlog")
        await shown.sees("▶ watch")
        await shown.pilot.press("4")
        await shown.sees("margin")
        await shown.sees("% left")
        await shown.sees("pass (dry run)")


async def test_the_cursor_keeps_its_region_when_the_columns_change() -> None:
    async with console(two_waves()) as shown:
        await shown.sees("▒▒▒ 3/3")
        await shown.pilot.press("down", "down")
        regions = shown.app.screen.query_one(Regions)
        chosen, columns = regions.chosen, len(regions.columns)
        await shown.pilot.resize_terminal(200, 60)
        await shown.until(lambda: len(regions.columns) > columns)
        assert regions.chosen == chosen


async def test_the_path_is_a_key_away_where_it_does_not_fit_beside_the_form() -> None:
    async with console(two_waves(), (80, 24), choice=None) as shown:
        await shown.sees("^o Path")
        assert "wave 1 · canary" not in shown.text()
        await shown.pilot.press("ctrl+o")
        await shown.sees("wave 1 · canary")
        await shown.sees("us-west-1  3 → 0.9.1")
        await shown.pilot.press("ctrl+o")
        await shown.sees("Replace also")
        await shown.pilot.resize_terminal(120, 36)
        await shown.until(lambda: "Path" not in footer(shown))


async def test_the_narrow_path_tells_of_the_unit_that_the_question_is_about() -> None:
    paper = two_waves(bake=timedelta(0))
    async with console(paper, (80, 24)) as shown:
        for question in ("Ship 0.9.1?", "Build", "Push", "Mark us-east-1", "us-east-1: create"):
            await shown.sees(question)
            await shown.say_yes()
        for unit in ("us-west-1", "eu-west-1"):
            await shown.sees(f"Mark {unit}")
            await shown.sees(f"wave 2/2  {unit}  ? taint")
            await shown.say_yes()
