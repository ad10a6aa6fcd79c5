"""The chart: axes near what they measure, no gap at the left edge, and what it costs to draw."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from console.domain.chart import Column, Point, ceiling, columns
from console.domain.figures import Figures, ReleaseFigures
from console.domain.fleet import RegionName
from console.domain.policy import Approve as Approvals
from console.domain.release import ReleaseLabel
from console.domain.signs import Mode
from console.tui.screens.replay import ReplayScreen, policy_of

from .fleets import one_region
from .paper import Paper, console

EAST = RegionName("us-east-1")
NOW = datetime(2026, 1, 2, 17, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("value", "end"),
    [(0, 1), (1, 2), (4, 5), (9, 10), (12, 15), (24, 25), (180, 200), (250, 300), (999, 1000)],
)
def test_an_axis_ends_at_a_round_number_near_what_it_measures(value: int, end: int) -> None:
    assert ceiling(value) == end


def test_what_was_true_before_the_left_edge_is_true_at_it() -> None:
    points = [
        Point(NOW - 9 * MINUTE, 0, 1, 3),
        Point(NOW - 5 * MINUTE, 0, 2, 4),
        Point(NOW - MINUTE, 1, 1, None),
    ]
    old, new = Column(0, 2, 4), Column(1, 1, None)
    assert columns(points, 4, 4 * MINUTE, NOW) == (old, old, new, None)


def test_the_first_look_of_all_stands_at_the_left_edge() -> None:
    points = [Point(NOW - 4 * MINUTE, 0, 2, 4)]
    assert columns(points, 4, 4 * MINUTE, NOW)[0] == Column(0, 2, 4)


def kept(paper: Paper, rollout: str) -> list[Figures]:
    """Return figures of a rollout from its first fact on: two workers, then one of them new."""
    begun = paper.journal.read(rollout, 0)[0].at
    old, new = ReleaseLabel("0.9.0"), ReleaseLabel("0.9.1")
    looks = [((old, 2),), ((old, 1), (new, 1))]
    return [
        Figures(
            EAST,
            begun + place * timedelta(microseconds=1),
            tuple(ReleaseFigures(label, healthy) for label, healthy in look),
        )
        for place, look in enumerate(looks)
    ]


async def test_a_replay_charts_what_was_kept_as_far_as_it_goes_then() -> None:
    paper = one_region(approve=Approvals.ONCE)
    async with console(paper, figures=lambda rollout: kept(paper, rollout)) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.say_yes()
        await shown.sees("completed")
        await shown.pilot.press("h")
        await shown.sees("✓ completed")
        await shown.pilot.press("enter")
        await shown.until(lambda: isinstance(shown.app.screen, ReplayScreen))
        replay = shown.app.screen
        assert isinstance(replay, ReplayScreen)

        def charted() -> list[tuple[int, int]]:
            return [(point.new, point.old) for point in replay.scene.points.get(EAST, ())]

        assert charted() == [(0, 2)]
        await shown.pilot.press("end")
        await shown.until(lambda: charted() == [(0, 2), (1, 1)])


async def test_a_key_that_comes_before_a_replay_is_laid_out_counts_all_the_same() -> None:
    paper = one_region(approve=Approvals.ONCE)
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.say_yes()
        await shown.sees("completed")
        entries = paper.journal.read("r1", 0)
        policy = policy_of(entries)
        assert policy is not None
        replay = ReplayScreen(entries, policy, shown.app.scene.around)
        shown.app.push_screen(replay)
        assert not replay.is_laid_out
        # The app itself takes the keys of a replay: none of them waits for the screen.
        await shown.app.run_action(f"step({len(entries)})", replay)
        await shown.sees("REPLAY")
        await shown.sees("completed: 1 region runs 0.9.1")


async def test_a_watch_that_is_opened_late_charts_what_was_kept_before() -> None:
    paper = one_region()
    async with console(paper) as operator:
        await operator.sees("Ship 0.9.1?")
        begun = next(iter(paper.journal.kept.values()))[0].at
        watching = {"mode": Mode.WATCH, "choice": None, "roll_out": None}
        late = {"figures": lambda rollout: kept(paper, rollout)}
        async with console(paper, **watching, **late) as watcher:  # type: ignore[arg-type]
            points = watcher.app.scene.points
            await watcher.until(lambda: bool(points) and points[EAST][0].at == begun)
            await watcher.until(lambda: len(points[EAST]) > 2)
            times = [point.at for point in points[EAST]]
            assert times == sorted(times)
