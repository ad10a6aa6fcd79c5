"""An API of metrics that hangs, refuses or sends us elsewhere."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from console.adapters.heartbeats.http import Bearer, Deadline, JsonApi, place_of
from console.adapters.heartbeats.report import Report, SourceError
from console.adapters.heartbeats.threaded import ThreadedHeartbeats
from console.domain.fleet import RegionName

from .looks import WINDOW, running
from .web import Web

API = JsonApi("Prometheus", "heartbeat.prometheus", Bearer("s3cret"))


def trouble(url: str, seconds: float = 10) -> SourceError:
    with pytest.raises(SourceError) as caught:
        API.get(url, {"query": "s3cret-too"}, Deadline.after(timedelta(seconds=seconds)))
    assert "s3cret" not in caught.value.text
    return caught.value


@pytest.mark.parametrize(
    ("status", "sentence", "hint"),
    [
        (401, "refuses us (401)", "check heartbeat.prometheus.token"),
        (403, "refuses us (403)", "check heartbeat.prometheus.token"),
        (404, "has nothing there (404)", "check heartbeat.prometheus.url"),
        (429, "is asked too often (429)", "rollout.sample_every"),
        (500, "answers with 500", ""),
    ],
)
def test_each_refusal_says_what_to_do(web: Web, status: int, sentence: str, hint: str) -> None:
    web.answer = lambda _: (status, "no")
    found = trouble(web.url)
    assert sentence in str(found)
    assert hint in found.hint


def test_a_redirect_is_told_and_not_followed(web: Web) -> None:
    web.headers = {"Location": f"{web.url}/login"}
    web.answer = lambda _: (302, "")
    assert "sends us elsewhere (302)" in str(trouble(web.url))
    assert len(web.asked) == 1


def test_a_page_for_people_is_no_answer(web: Web) -> None:
    web.answer = lambda _: (200, "<html>")
    assert "no JSON" in str(trouble(web.url))


def test_nobody_at_the_address_is_told_without_the_password_in_it() -> None:
    found = trouble("http://me:s3cret@127.0.0.1:9/x")
    assert str(found).startswith("Prometheus at http://127.0.0.1:9 could not be reached: ")
    assert place_of("https://u:p@host:1/path?token=x") == "https://host:1"


def test_one_that_hangs_is_given_up_in_time(web: Web) -> None:
    web.hangs = threading.Event()
    assert "did not answer within 0.5 s" in str(trouble(web.url, 0.5))


def test_a_time_that_is_over_asks_nothing(web: Web) -> None:
    assert "did not answer" in str(trouble(web.url, 0))
    assert web.asked == []


class OneHangs:
    """A source that answers for every region but one."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def look(self, region: str, at: datetime, deadline: Deadline) -> Iterator[Report]:
        if region == "hangs":
            self.released.wait(60)
        yield Report("i-0a", "1", at, True)


async def test_a_region_whose_source_hangs_delays_no_other() -> None:
    reports = OneHangs()
    source = ThreadedHeartbeats("the source", reports, WINDOW, timedelta(seconds=60))
    now = datetime.now(UTC)
    # As many looks as pile up while each new one is given up after some time.
    hanging = [
        asyncio.create_task(source.read(RegionName("hangs"), [running()], [], now))
        for _ in range(20)
    ]
    try:
        began = time.monotonic()
        others = await asyncio.gather(
            *(source.read(RegionName(f"r-{n}"), [running()], [], now) for n in range(20))
        )
        assert all(reading.error is None for reading in others)
        assert not any(task.done() for task in hanging), time.monotonic() - began
    finally:
        reports.released.set()
        await asyncio.gather(*hanging)
