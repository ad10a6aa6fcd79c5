"""Heartbeats from a real Prometheus server, and what is asked of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from console.adapters.heartbeats.http import Bearer, JsonApi
from console.adapters.heartbeats.prometheus import (
    PrometheusReports,
    PrometheusSpec,
    increases,
    quoted,
)
from console.domain.fleet import Heartbeat
from tests.prometheus_server import prometheus

from .looks import DIGEST, REGION, WINDOW, beats_of, read, running
from .web import Web, running_web

SPEC = PrometheusSpec(
    url="",
    fleet="checks",
    match={"fleet": "{fleet}", "region": "{region}"},
    interval=timedelta(seconds=1),
    window=WINDOW,
)


class Workers:
    """What the workers of a fleet expose, on one page."""

    def __init__(self, page: Web, url: str) -> None:
        self.url = url
        self._page = page

    def expose(self, *lines: str) -> None:
        text = "\n".join(lines) + "\n"
        self._page.answer = lambda _: (200, text)

    def reports(self, **change: object) -> PrometheusReports:
        spec = replace(SPEC, url=self.url, **change)  # type: ignore[arg-type]  # names of fields
        return PrometheusReports(spec, JsonApi("Prometheus", "heartbeat.prometheus"))

    def awaited(
        self, is_there: Callable[[Heartbeat], bool], instance: str, release: str = "1"
    ) -> Heartbeat:
        """Look until `is_there`."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = beats_of(read(self.reports(), running(instance, release)))
            mine = next(beat for beat in found if beat.release == release)
            if is_there(mine):
                return mine
            time.sleep(0.3)
        raise AssertionError(f"last seen: {mine}")


def labels(instance: str, release: str = "1", *more: str, region: str = REGION) -> str:
    named = {"fleet": "checks", "region": region, "instance_id": instance, "release": release}
    return ",".join([*(f"{name}={json.dumps(value)}" for name, value in named.items()), *more])


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    directory: Path = tmp_path_factory.mktemp("prometheus")
    targets = directory / "targets"
    targets.mkdir()
    with running_web() as page, prometheus(directory / "server", targets) as url:
        page.answer = lambda _: (200, "")
        target = [{"targets": [page.url.removeprefix("http://")]}]
        (targets / "page.json").write_text(json.dumps(target))
        yield Workers(page, url)


def beat(instance: str, at: float, *more: str) -> str:
    return f"worker_heartbeat_timestamp_seconds{{{labels(instance, '1', *more)}}} {at}"


def test_the_gauge_tells_the_beat_and_the_counters_tell_what_came_in(workers: Workers) -> None:
    at = time.time() - 3
    digest = f'digest="{DIGEST}"'
    runs, failures = (f"worker_{what}_total{{{labels('i-1')}}}" for what in ("runs", "failures"))
    workers.expose(beat("i-1", at, digest), f"{runs} 4", f"{failures} 1")
    # The gauge is asked first, and one scrape brings all: whoever sees it sees the counters too.
    first = workers.awaited(lambda seen: seen.digest is not None, "i-1")
    # What a new counter begins with was counted since it was born.
    assert (first.runs, first.failures, first.digest) == (4, 1, DIGEST)
    assert first.last_at is not None
    assert abs(first.last_at.timestamp() - at) < 0.01
    workers.expose(beat("i-1", at), f"{runs} 9", f"{failures} 1")
    grown = workers.awaited(lambda seen: seen.runs != 4, "i-1")
    assert (grown.runs, grown.failures) == (9, 1)
    assert grown.worked_at is not None


def test_a_worker_that_is_gone_is_as_old_as_its_last_beat_and_not_as_its_last_scrape(
    workers: Workers,
) -> None:
    at = time.time() - 200
    workers.expose(beat("i-2", at))
    workers.awaited(lambda seen: seen.last_at is not None, "i-2")
    workers.expose("")
    seen = workers.awaited(lambda seen: seen.last_at is not None, "i-2")
    assert seen.last_at is not None
    assert abs(seen.last_at.timestamp() - at) < 0.01


def test_the_sample_itself_may_be_the_beat(workers: Workers) -> None:
    before = time.time()
    workers.expose(f"worker_up{{{labels('i-3')}}} 1")
    deadline = time.monotonic() + 60
    reports = workers.reports(heartbeat="worker_up", is_time=False)
    while not (found := beats_of(read(reports, running("i-3"))))[0].last_at:
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert found[0].last_at is not None
    assert before - 1 <= found[0].last_at.timestamp() <= time.time()


def test_other_regions_and_other_fleets_are_left_out(workers: Workers) -> None:
    now = time.time()
    there = labels("i-4", region="us-east-1")
    workers.expose(f"worker_heartbeat_timestamp_seconds{{{there}}} {now}", beat("i-5", now))
    workers.awaited(lambda seen: seen.last_at is not None, "i-5")
    (other,) = beats_of(read(workers.reports(), running("i-4")))
    assert other.last_at is None


def test_names_are_escaped_in_a_query(workers: Workers) -> None:
    odd = 'a"b\\c\n{}'
    now = time.time()
    named = labels("i-6", odd)
    workers.expose(f"worker_heartbeat_timestamp_seconds{{{named}}} {now}")
    workers.awaited(lambda seen: seen.last_at is not None, "i-6", odd)
    reports = workers.reports(match={"release": odd})
    found = beats_of(read(reports, running("i-6", odd)))
    assert [b.last_at is not None for b in found] == [True]
    assert quoted(odd) == '"a\\"b\\\\c\\n{}"'


def test_a_label_that_no_series_has_is_named_with_those_that_there_are(workers: Workers) -> None:
    workers.expose(beat("i-7", time.time()))
    workers.awaited(lambda seen: seen.last_at is not None, "i-7")
    names = replace(SPEC.labels, instance="ec2_id")
    error = read(workers.reports(labels=names)).error
    assert error is not None
    assert "no series of worker_heartbeat_timestamp_seconds has the label ec2_id" in error
    assert "instance_id" in error
    assert error.endswith("name the right one: heartbeat.prometheus.labels.instance")


def test_milliseconds_are_no_heartbeat(workers: Workers) -> None:
    metric = "worker_heartbeat_milliseconds"
    workers.expose(f"{metric}{{{labels('i-8')}}} {time.time() * 1000}")
    reports = workers.reports(heartbeat=metric)
    deadline = time.monotonic() + 60
    while (told := read(reports, running("i-8"))).error is None:
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert "lies in the future" in told.error


def test_a_query_that_the_server_refuses_is_told_with_its_reason(workers: Workers) -> None:
    error = read(workers.reports(heartbeat="1nonsense")).error
    assert error is not None
    assert "answers with 400: " in error


def test_a_look_is_three_requests_however_many_instances_there_are(web: Web) -> None:
    result = {"status": "success", "data": {"resultType": "vector", "result": []}}
    web.answer = lambda _: (200, result)
    reports = PrometheusReports(
        replace(SPEC, url=f"{web.url}/"),
        JsonApi("Prometheus", "heartbeat.prometheus", Bearer("s3cret")),
    )
    found = beats_of(read(reports, *(running(f"i-{number}") for number in range(50))))
    assert len(found) == 50
    paths = ["/api/v1/query", "/api/v1/query_range", "/api/v1/query_range"]
    assert [asked.path for asked in web.asked] == paths
    assert {asked.authorization for asked in web.asked} == {"Bearer s3cret"}


def test_an_answer_that_is_not_prometheus_is_told_as_that(web: Web) -> None:
    web.answer = lambda _: (200, {"hello": "world"})
    error = read(PrometheusReports(replace(SPEC, url=web.url), JsonApi("x", "y"))).error
    assert error is not None
    assert "does not speak Prometheus's API; check heartbeat.prometheus.url" in error


@pytest.mark.parametrize(
    ("points", "rises"),
    [
        ([(0, 5), (10, 5), (20, 8)], [0, 0, 3]),
        ([(10, 5), (20, 8)], [5, 3]),
        ([(0, 5), (10, 2), (20, 3)], [0, 2, 1]),
        ([], []),
    ],
    ids=["it was there before", "born in the window", "restarted", "nothing"],
)
def test_a_counter_tells_what_came_in(points: list[tuple[float, float]], rises: list[int]) -> None:
    assert [rise for _, rise in increases(points, 0)] == rises
