"""Heartbeats from a metrics API that speaks as AppOptics does."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.adapters.heartbeats.appoptics import AppOpticsReports, AppOpticsSpec, Tags
from console.adapters.heartbeats.http import JsonApi, basic

from .looks import DIGEST, WINDOW, beats_of, read, running
from .web import Asked, Web


def reports(web: Web, tags: Tags | None = None) -> AppOpticsReports:
    spec = AppOpticsSpec(
        url=f"{web.url}/v1",
        fleet="checks",
        tags=tags or Tags(),
        match={"region": "{region}", "fleet": "{fleet}"},
        resolution=timedelta(seconds=10),
        window=WINDOW,
    )
    return AppOpticsReports(spec, JsonApi("the API", "heartbeat.appoptics", basic("s3cret")))


def series(values: dict[int, object], **tags: str) -> dict[str, Any]:
    points = [{"time": at, "value": value} for at, value in values.items()]
    return {"tags": {"region": "eu-west-1"} | tags, "measurements": points}


def answers(web: Web, by_metric: dict[str, list[dict[str, Any]]], **more: object) -> None:
    def answer(asked: Asked) -> tuple[int, object]:
        found = by_metric.get(asked.path.removeprefix("/v1/measurements/"), [])
        return 200, {"series": found, "resolution": 10, "links": [], **more}

    web.answer = answer


def test_measurements_are_told_apart_by_their_tags(web: Web) -> None:
    now = int(time.time())
    one = {"instance": "i-1", "release": "1"}
    answers(
        web,
        {
            "worker.heartbeat": [
                series({now - 20: 1, now - 10: 1, now: 0}, digest=DIGEST, **one),
                series({now - 30: 2}, instance="i-2", release="2"),
                series({now: 1}, host="no instance at all"),
            ],
            "worker.runs": [series({now - 20: 3, now - 10: 2, now: None}, **one)],
            "worker.failures": [series({now - 10: 2}, **one)],
        },
    )
    found = beats_of(read(reports(web), running("i-1"), running("i-2"), running("i-3")))
    assert {(b.instance, b.release): b.last_at and int(b.last_at.timestamp()) for b in found} == {
        ("i-1", "1"): now - 10,
        ("i-2", "1"): None,
        ("i-2", "2"): now - 30,
        ("i-3", "1"): None,
    }
    assert (found[0].runs, found[0].failures, found[0].digest) == (5, 2, DIGEST)
    assert found[0].worked_at == datetime.fromtimestamp(now - 20, UTC)


def test_it_is_asked_for_a_region_by_tag_and_for_sums(web: Web) -> None:
    answers(web, {})
    read(reports(web))
    assert [asked.path for asked in web.asked] == [
        f"/v1/measurements/worker.{what}" for what in ("heartbeat", "runs", "failures")
    ]
    assert web.asked[0].params == {
        "resolution": "10",
        "duration": "900",
        "summary_function": "sum",
        "tags[region]": "eu-west-1",
        "tags[fleet]": "checks",
    }
    token = base64.b64encode(b"s3cret:").decode()
    assert {asked.authorization for asked in web.asked} == {f"Basic {token}"}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"errors": []}, "has no series of measurements; check heartbeat.appoptics.url"),
        ([], "has no series of measurements"),
        (
            {"series": [], "links": [{"rel": "next", "href": "x"}]},
            "do not fit one answer; write a coarser heartbeat.appoptics.resolution",
        ),
        (
            {"series": [series({1: 1}, host="a")]},
            "no measurement of worker.heartbeat has the tag instance; they have host, region",
        ),
    ],
)
def test_an_answer_that_proves_nothing_is_told(web: Web, body: object, sentence: str) -> None:
    web.answer = lambda _: (200, body)
    reading = read(reports(web))
    assert reading.value is None
    assert sentence in str(reading.error)
