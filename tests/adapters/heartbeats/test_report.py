"""What reports come to, whatever the source."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from console.adapters.heartbeats.report import Report, SourceError, normal_digest, sum_up
from console.domain.fleet import (
    Heartbeat,
    Instance,
    Reading,
    RegionName,
    RegionSample,
)
from console.domain.view import Health, view_region

from .looks import DIGEST, WINDOW, running

NOW = datetime(2025, 1, 31, 12, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def told(*reports: Report, releases: tuple[str, ...] = ()) -> tuple[Heartbeat, ...]:
    return sum_up(reports, [running()], releases, at=NOW, window=WINDOW)


def test_reports_are_added_up_and_the_newest_beat_counts() -> None:
    (found,) = told(
        Report("i-0a", "1", ago(30), True, runs=3, failures=1),
        Report("i-0a", "1", ago(10), True, runs=2, digest=DIGEST),
        Report("i-0a", "1", ago(20), True),
    )
    assert (found.last_at, found.runs, found.failures) == (ago(10), 5, 1)
    assert (found.digest, found.worked_at) == (DIGEST, ago(10))


def test_jobs_that_failed_are_no_work() -> None:
    (found,) = told(
        Report("i-0a", "1", ago(20), runs=2),
        Report("i-0a", "1", ago(10), runs=2),
        Report("i-0a", "1", ago(10), failures=2),
    )
    assert found.worked_at == ago(20)
    assert found.last_at is None


def test_the_jobs_of_the_last_minute_are_told_apart() -> None:
    (found,) = told(
        Report("i-0a", "1", ago(300), True, runs=40),
        Report("i-0a", "1", ago(50), True, runs=3),
        Report("i-0a", "1", ago(20), True, runs=4, failures=1),
    )
    (stopped,) = told(Report("i-0a", "1", ago(300), True, runs=40))
    assert (found.completions, found.last_minute) == (46, 6)
    assert (stopped.completions, stopped.last_minute) == (40, 0)


def test_an_instance_that_never_reported_is_there_without_a_heartbeat() -> None:
    assert [(b.instance, b.release, b.last_at) for b in told(releases=("2",))] == [
        ("i-0a", "1", None),
        ("i-0a", "2", None),
    ]


def test_a_release_that_nobody_asked_for_is_told() -> None:
    found = told(Report("i-0a", "0.7", ago(5), True))
    assert {b.release: b.last_at for b in found} == {"1": None, "0.7": ago(5)}


def test_others_and_what_is_older_than_the_window_do_not_count() -> None:
    (found,) = told(
        Report("i-gone", "1", ago(5), True),
        Report("i-0a", "1", NOW - WINDOW - timedelta(seconds=1), True, runs=9),
    )
    assert (found.last_at, found.runs) == (None, 0)


def test_a_terminated_instance_is_not_asked_for() -> None:
    gone = replace(running(), state="terminated")
    assert sum_up([], [gone], (), at=NOW, window=WINDOW) == ()


def test_a_clock_that_is_a_little_ahead_is_believed_and_one_that_is_far_ahead_is_not() -> None:
    ahead = Report("i-0b", "1", NOW + timedelta(hours=1), True)
    found = sum_up(
        [Report("i-0a", "1", NOW + timedelta(seconds=5), True), ahead],
        [running(), running("i-0b")],
        (),
        at=NOW,
        window=WINDOW,
    )
    assert [b.last_at is not None for b in found] == [True, False]


def test_a_whole_fleet_in_the_future_is_a_wrong_unit() -> None:
    with pytest.raises(SourceError, match="lies in the future") as caught:
        told(Report("i-0a", "1", datetime.max.replace(tzinfo=UTC), True))
    assert "seconds since 1970" in caught.value.hint


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (None, None),
        ("", None),
        (DIGEST, DIGEST),
        (DIGEST.removeprefix("sha256:"), DIGEST),
        (DIGEST.upper().replace("SHA", "sha"), DIGEST),
        ("0123456789ab", "0123456789ab"),
        ("sha256:0123456789ab01", "0123456789ab"),
        ("dirty", "dirty"),
    ],
)
def test_a_digest_is_read_as_workers_write_it(written: str | None, read: str | None) -> None:
    assert normal_digest(written) == read


@pytest.mark.parametrize(
    ("age", "health"), [(30, Health.BOOTING), (600, Health.SILENT)], ids=["young", "old"]
)
def test_whoever_should_beat_and_never_has_is_silent_after_its_boot_allowance(
    age: float, health: Health
) -> None:
    instance: Instance = replace(running(), launched_at=ago(age))
    beats = sum_up([], [instance], (), at=NOW, window=WINDOW)
    sample = RegionSample(
        RegionName("eu-west-1"), NOW, Reading(NOW, (instance,)), Reading(NOW, beats), Reading(NOW)
    )
    view = view_region(
        sample.region,
        1,
        None,
        sample,
        state_error=None,
        silent_after=timedelta(seconds=60),
        boot_allowance=timedelta(minutes=5),
        now=NOW,
    )
    assert [(o.id, o.health, o.last_beat) for o in view.objects] == [("i-0a", health, None)]
