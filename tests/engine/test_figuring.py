"""Figures are kept of every region, and cost the rollout nothing when they cannot be."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from console.domain.events import Entry, RolloutFinished
from console.domain.evolve import evolve
from console.domain.figures import Figures, ReleaseFigures, figures_of, points
from console.domain.fleet import Reading, RegionName
from console.domain.observations import Sampled
from console.domain.outcome import Outcome
from console.domain.release import ReleaseLabel
from console.domain.rollout import Rollout
from console.engine.figuring import Figurer
from console.engine.stream import Stream
from tests.rollout.world import NEW, OLD, START, PaperWorld, policy, started

from .paper import LoopClock

pytestmark = pytest.mark.looptime(start=0, end=100_000)

EAST, WEST = RegionName("us-east-1"), RegionName("us-west-1")
TEN_S, MINUTE, WINDOW = timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=15)


class Kept:
    """What a figurer keeps of a rollout on paper, and how often it looks."""

    def __init__(self) -> None:
        self.world = PaperWorld({EAST: [OLD], WEST: [OLD, NEW]})
        self.clock = LoopClock()
        self.stream = Stream()
        self.rows: list[Figures] = []
        self.looks: list[RegionName] = []
        self.hanging: set[RegionName] = set()
        self.full_until = START
        """Nothing of an earlier time can be written; by its own time, for a thread writes it."""
        self.rollout: Rollout | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run a rollout that does nothing."""
        figurer = Figurer(self._keep, self._look, self.stream, self.clock, WINDOW)
        async with figurer.figuring():
            self.tell(Entry("r1", 1, START, started(policy(us_east_1=1, us_west_1=2))))
            yield

    def tell(self, entry: Entry) -> None:
        """Let everybody hear a fact."""
        self.rollout = evolve(self.rollout, entry)
        self.stream.entry(entry, self.rollout)

    def of(self, region: RegionName) -> list[Figures]:
        """Return what was kept of a region."""
        return [figures for figures in self.rows if figures.region == region]

    def see(self, region: RegionName) -> None:
        """Let everybody hear of a look that somebody else has taken."""
        self.world.now = self.clock.now()
        self.stream.sample(self.world.sample(region))

    def _keep(self, rollout: str, figures: Figures) -> None:
        assert rollout == "r1"
        if figures.at < self.full_until:
            raise sqlite3.OperationalError("database or disk is full")
        self.rows.append(figures)

    async def _look(self, region: RegionName, _: Rollout) -> Sampled:
        self.looks.append(region)
        while region in self.hanging:
            await asyncio.sleep(1)
        self.world.now = self.clock.now()
        return Sampled(self.world.sample(region))


async def test_every_region_has_a_row_every_ten_seconds_whoever_looks() -> None:
    kept = Kept()
    async with kept.running():
        await asyncio.sleep(60)

    for region in (EAST, WEST):
        times = [figures.at for figures in kept.of(region)]
        assert len(times) >= 6
        assert all(TEN_S <= b - a <= 1.5 * TEN_S for a, b in pairwise(times))


async def test_what_others_look_at_is_kept_thinned_and_not_looked_at_again() -> None:
    kept = Kept()
    async with kept.running():
        await asyncio.sleep(0.5)
        kept.looks.clear()
        for _ in range(60):
            kept.see(EAST)
            await asyncio.sleep(1)

    assert EAST not in kept.looks
    assert WEST in kept.looks
    assert 6 <= len(kept.of(EAST)) <= 7


async def test_a_region_that_hangs_delays_no_other() -> None:
    kept = Kept()
    kept.hanging.add(EAST)
    async with kept.running():
        await asyncio.sleep(60)

    assert kept.of(EAST) == []
    assert kept.looks.count(EAST) == 1
    assert len(kept.of(WEST)) >= 6


async def test_a_full_disk_costs_the_figures_and_nothing_else() -> None:
    kept = Kept()
    kept.full_until = START + timedelta(seconds=30)
    async with kept.running():
        await asyncio.sleep(60)

    assert [figures.at for figures in kept.of(EAST) if figures.at < kept.full_until] == []
    assert len(kept.of(EAST)) >= 2
    assert kept.looks.count(EAST) >= 5


async def test_a_rollout_that_has_ended_is_not_looked_at_any_more() -> None:
    kept = Kept()
    async with kept.running():
        await asyncio.sleep(5)
        kept.tell(Entry("r1", 2, START, RolloutFinished(Outcome.COMPLETED, 0, "done", "")))
        kept.looks.clear()
        await asyncio.sleep(60)

    assert kept.looks == []


def test_figures_count_the_healthy_of_each_release() -> None:
    sample = PaperWorld({WEST: [OLD, NEW, NEW]}).sample(WEST)

    figures = figures_of(sample, MINUTE, WINDOW)

    old, new = ReleaseLabel("0.9.0"), ReleaseLabel("0.9.1")
    assert figures.releases == (ReleaseFigures(old, 1, 20), ReleaseFigures(new, 2, 40))
    assert (figures.backlog, figures.in_flight, figures.dead_letters) == (3, 1, 0)


def test_what_could_not_be_read_is_a_gap_and_no_nought() -> None:
    sample = PaperWorld({WEST: [OLD]}).sample(WEST)
    blind = replace(sample, heartbeats=Reading(START, error="CloudWatch is silent"))

    figures = figures_of(blind, MINUTE, WINDOW)

    assert (figures.releases, figures.healthy, figures.backlog) == (None, None, 3)
    assert points([figures], "0.9.1") == {}


def test_an_instance_that_changed_its_release_counts_once_as_its_newest_beat_says() -> None:
    sample = PaperWorld({WEST: [NEW]}).sample(WEST)
    beats = sample.heartbeats.value
    assert beats is not None
    earlier = replace(beats[0], release=OLD.release, last_at=START - timedelta(seconds=20))
    both = replace(sample, heartbeats=Reading(START, (earlier, *beats)))

    (chart,) = points([figures_of(both, MINUTE, WINDOW)], "0.9.1")[WEST]

    assert (chart.new, chart.old) == (1, 0)
