"""The region screen: every object with all that is known of it, at every size."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from console.domain.beat_history import BeatHistory, per_minute
from console.domain.fleet import Heartbeat, InstanceId, Reading, RegionName, RegionSample
from console.domain.policy import Approve as Approvals
from console.domain.release import ReleaseLabel
from tests.rollout.world import OLD, PaperWorld
from tests.tui.fleets import one_region, two_waves
from tests.tui.paper import Paper, console

START = datetime(2026, 1, 2, 17, 0, tzinfo=UTC)
SILENT_AFTER = timedelta(seconds=60)


def worked(sample: RegionSample) -> RegionSample:
    """Let every instance be an hour old, with an address, 300 jobs and 30 failures."""
    launched = sample.at - timedelta(hours=1)
    instances = tuple(
        replace(i, launched_at=launched, private_address="10.0.1.17")
        for i in sample.instances.value or ()
    )
    beats = tuple(replace(b, runs=330, failures=30) for b in sample.heartbeats.value or ())
    return replace(
        sample,
        instances=replace(sample.instances, value=instances),
        heartbeats=replace(sample.heartbeats, value=beats),
    )


async def opened(paper: Paper, size: tuple[int, int]) -> str:
    paper.mangle = worked
    async with console(paper, size, window=timedelta(minutes=15)) as shown:
        await shown.sees("▒▒ 2/2")
        paper.world.tainted.add(("us-east-1", 1))
        await shown.pilot.press("enter")
        await shown.sees("─ tainted")
        await shown.sees("20")
        return shown.text()


@pytest.mark.parametrize("size", [(120, 36), (200, 60)])
async def test_everything_that_is_known_of_an_object_is_shown(size: tuple[int, int]) -> None:
    text = await opened(one_region(), size)
    header, first, second = (
        next(line for line in text.splitlines() if wanted in line)
        for wanted in ("instance ", "0-0.9.0  ─", "1-0.9.0  ─")
    )
    titles = "slot instance object health state tag heartbeat j/min fail age address"
    assert header.split() == titles.split()
    assert first.split()[:7] == [
        "0",
        "i-us-east-1-0-0.9.0",
        "─",
        "current",
        "●",
        "healthy",
        "running",
    ]
    assert first.split()[7:9] == ["0.9.0", "0.9.0"]
    assert first.split()[-4:] == ["20", "30", "1h00", "10.0.1.17"]
    assert "─ tainted" in second


async def test_the_jobs_of_the_last_minute_are_shown_where_they_are_told() -> None:
    paper = one_region()

    def told(sample: RegionSample) -> RegionSample:
        beats = sample.heartbeats.value or ()
        counted = (replace(beat, last_minute=number * 7) for number, beat in enumerate(beats))
        return replace(sample, heartbeats=replace(sample.heartbeats, value=tuple(counted)))

    paper.mangle = told
    async with console(paper, (200, 60)) as shown:
        await shown.sees("▒▒ 2/2")
        await shown.pilot.press("enter")
        await shown.sees("─ current")
        rows = [line.split() for line in shown.text().splitlines() if "─ current" in line]
        assert [row[row.index("running") + 4] for row in rows] == ["0", "7"]


async def test_a_narrow_terminal_shows_what_matters_most() -> None:
    text = await opened(one_region(), (80, 24))
    header = next(line for line in text.splitlines() if "instance " in line)
    assert header.split() == ["slot", "instance", "object", "health", "tag", "heartbeat", "j/min"]
    assert "3 waiting, 1 in flight, 0 dead" in text


async def test_the_heartbeats_of_the_chosen_instance_are_a_strip_of_the_last_minutes() -> None:
    paper = two_waves(approve=Approvals.ONCE)
    async with console(paper) as shown:
        await shown.sees("▒▒▒ 3/3")
        await shown.pilot.press("down", "enter")
        await shown.sees("Heartbeats, 10:00")
        await shown.sees("▒  i-us-west-1-0-0.9.0")
        await shown.pilot.press("down")
        await shown.sees("▒  i-us-west-1-1-0.9.0")


def seen(at: datetime, *beats: tuple[str, str, datetime | None]) -> RegionSample:
    world = PaperWorld({"us-east-1": [OLD, OLD]})
    world.now = at
    sample = world.sample(RegionName("us-east-1"))
    told = tuple(Heartbeat(InstanceId(i), ReleaseLabel(r), last) for i, r, last in beats)
    return replace(sample, heartbeats=Reading(at, told))


def test_a_history_tells_release_and_silence_minute_by_minute() -> None:
    history, name = BeatHistory(), InstanceId("i-us-east-1-0-0.9.0")
    minutes = [START + timedelta(minutes=n) for n in range(6)]
    history.see(seen(minutes[0]), SILENT_AFTER)
    history.see(seen(minutes[1], (name, "0.9.0", minutes[1])), SILENT_AFTER)
    history.see(seen(minutes[2], (name, "0.9.0", minutes[2])), SILENT_AFTER)
    both = ((name, "0.9.1", minutes[3]), (name, "0.9.0", minutes[2]))
    history.see(seen(minutes[3], *both), SILENT_AFTER)
    history.see(seen(minutes[5], *both), SILENT_AFTER)
    strip = history.strip(name, 8, timedelta(minutes=8))
    told = [(beat.release or "silent") if beat else "" for beat in strip]
    assert told == ["", "", "silent", "0.9.0", "0.9.0", "0.9.1", "0.9.1", "silent"]


def test_a_look_that_failed_is_no_silence() -> None:
    history, name = BeatHistory(), InstanceId("i-us-east-1-0-0.9.0")
    history.see(seen(START, (name, "0.9.0", START)), SILENT_AFTER)
    later = START + timedelta(minutes=5)
    failed = replace(seen(later), heartbeats=Reading(later, error="Throttling"))
    history.see(failed, SILENT_AFTER)
    assert [beat.release for beat in history.strip(name, 1, SILENT_AFTER) if beat] == ["0.9.0"]


def test_of_an_instance_that_was_never_seen_nothing_is_known() -> None:
    assert BeatHistory().strip(InstanceId("i-1"), 3, SILENT_AFTER) == (None, None, None)


@pytest.mark.parametrize(
    ("runs", "age", "rate"),
    [(30, None, 2.0), (30, timedelta(hours=2), 2.0), (30, timedelta(minutes=3), 10.0)],
)
def test_jobs_a_minute_are_counted_over_the_time_that_it_has_run(
    runs: int, age: timedelta | None, rate: float
) -> None:
    assert per_minute(runs, timedelta(minutes=15), age) == rate


def test_a_newborn_has_no_rate_yet() -> None:
    assert per_minute(1, timedelta(minutes=15), timedelta(seconds=3)) is None
