"""An error tracker with Sentry's API as a gate, against a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from console.adapters.probes.error_tracker import ErrorTrackerProbe, TrackerSpec
from console.domain.probe import Answer

from .asked import SINCE, answer_of
from .web import Reply, web


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def tracker(url: str, executor: ThreadPoolExecutor, max_new: int = 0) -> ErrorTrackerProbe:
    spec = TrackerSpec(
        "errors",
        url,
        organization="acme",
        project="checks",
        token="hush",
        max_new=max_new,
        release="checks@{release}",
        query="environment:prod",
    )
    assert "hush" not in repr(spec)
    return ErrorTrackerProbe(spec, executor)


def issue(number: int, since: datetime = SINCE) -> dict[str, str]:
    return {
        "id": str(number),
        "shortId": f"CHECKS-{number}",
        "title": f"KeyError: 'job-{number}'",
        "firstSeen": since.isoformat().replace("+00:00", "Z"),
    }


def page(*issues: dict[str, str], following: str = "", has_more: bool = False) -> Reply:
    link = f'<{following}>; rel="next"; results="{str(has_more).lower()}"; cursor="0:100:0"'
    previous = '<http://x/>; rel="previous"; results="false"; cursor="0:0:1"'
    headers = (("Link", f"{previous}, {link}"),) if following else ()
    return Reply(200, json.dumps(issues).encode(), headers)


async def test_a_release_without_new_issues_passes(executor: ThreadPoolExecutor) -> None:
    with web(page()) as served:
        told = await answer_of(tracker(served.url, executor))
    assert (told.gate, told.answer, told.measured) == ("errors", Answer.GOOD, "0 new issues")
    ((method, path, headers),) = served.asked
    assert (method, headers["authorization"]) == ("GET", "Bearer hush")
    assert urlsplit(path).path == "/api/0/projects/acme/checks/issues/"
    assert parse_qs(urlsplit(path).query)["query"] == [
        'firstRelease:"checks@0.9.1" firstSeen:>=2026-01-02T17:00:00 environment:prod'
    ]


@pytest.mark.parametrize(
    ("max_new", "answer"), [(0, Answer.BAD), (1, Answer.BAD), (2, Answer.GOOD)]
)
async def test_new_issues_are_counted_and_named(
    max_new: int, answer: Answer, executor: ThreadPoolExecutor
) -> None:
    with web(page(issue(1), issue(2))) as served:
        told = await answer_of(tracker(served.url, executor, max_new))
    assert (told.answer, told.measured) == (answer, "2 new issues")
    assert ("CHECKS-1 KeyError: 'job-1'" in told.reason) == (answer is Answer.BAD)


async def test_issues_from_before_the_rollout_do_not_count(executor: ThreadPoolExecutor) -> None:
    old = issue(1, SINCE - timedelta(days=1))
    with web(page(old)) as served:
        told = await answer_of(tracker(served.url, executor))
    assert told.measured == "0 new issues"


async def test_every_page_is_read_until_it_is_known(executor: ThreadPoolExecutor) -> None:
    with web(Reply()) as served:
        following = f"{served.url}/api/0/projects/acme/checks/issues/?cursor=0:100:0"
        served.replies[:] = [
            page(issue(1), following=following, has_more=True),
            page(issue(2), following=following, has_more=False),
        ]
        told = await answer_of(tracker(served.url, executor, max_new=5))
    assert told.measured == "2 new issues"
    assert [path for _, path, _ in served.asked][1].endswith("?cursor=0:100:0")


async def test_no_page_is_read_once_there_are_too_many(executor: ThreadPoolExecutor) -> None:
    with web(Reply()) as served:
        served.replies[:] = [page(issue(1), following=f"{served.url}/more", has_more=True)]
        told = await answer_of(tracker(served.url, executor))
    assert told.answer is Answer.BAD
    assert len(served.asked) == 1


async def test_the_token_goes_to_no_other_server(executor: ThreadPoolExecutor) -> None:
    with web(page()) as other, web(Reply()) as served:
        served.replies[:] = [page(following=f"{other.url}/more", has_more=True)]
        told = await answer_of(tracker(served.url, executor))
    assert told.answer is Answer.ERROR
    assert "another server" in told.reason
    assert other.asked == []


@pytest.mark.parametrize(
    ("retry_after", "seconds"), [("7", 7), ("", 60), ("soon", 60), ("0", 1), ("99999", 900)]
)
async def test_a_tracker_that_asks_for_patience_gets_it(
    retry_after: str, seconds: int, executor: ThreadPoolExecutor
) -> None:
    with web(Reply(429, headers=(("Retry-After", retry_after),))) as served:
        told = await answer_of(tracker(served.url, executor))
    assert told.answer is Answer.ERROR
    assert told.ask_again_at == told.asked_at + timedelta(seconds=seconds)


async def test_patience_until_a_date_is_understood(executor: ThreadPoolExecutor) -> None:
    until = datetime.now(UTC) + timedelta(minutes=5)
    with web(
        Reply(429, headers=(("Retry-After", f"{until:%a, %d %b %Y %H:%M:%S} GMT"),))
    ) as served:
        told = await answer_of(tracker(served.url, executor))
    assert told.ask_again_at is not None
    assert timedelta(minutes=4) < told.ask_again_at - told.asked_at <= timedelta(minutes=5)


@pytest.mark.parametrize(
    ("reply", "phrase"),
    [
        (Reply(401), "does not accept the token"),
        (Reply(403), "does not accept the token"),
        (Reply(404), "no such project"),
        (Reply(500), "status 500"),
        (Reply(200, b"<html>"), "no JSON"),
        (Reply(200, b'{"detail": "no"}'), "no list of issues"),
    ],
)
async def test_what_is_no_list_of_issues_is_an_error(
    reply: Reply, phrase: str, executor: ThreadPoolExecutor
) -> None:
    with web(reply) as served:
        told = await answer_of(tracker(served.url, executor))
    assert told.answer is Answer.ERROR
    assert phrase in told.reason
    assert "hush" not in repr(told)


async def test_a_tracker_that_is_not_there_is_an_error(executor: ThreadPoolExecutor) -> None:
    with web(Reply()) as served:
        gone = served.url
    told = await answer_of(tracker(gone, executor))
    assert told.answer is Answer.ERROR
    assert "could not be reached" in told.reason
