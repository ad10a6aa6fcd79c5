"""Web addresses as gates, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from console.adapters.probes.http import HttpProbe, HttpSpec
from console.domain.probe import Answer

from .asked import answer_of
from .web import Reply, web


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


JSON = b'{"status": "ok", "release": "0.9.1", "checks": [{"up": true}], "left": 3}'


@pytest.mark.parametrize(
    ("wanted", "reply", "answer", "phrase"),
    [
        ({}, Reply(204), Answer.GOOD, ""),
        ({}, Reply(503, b"too   tired"), Answer.BAD, "too tired"),
        ({}, Reply(302, headers=(("Location", "/other"),)), Answer.BAD, ""),
        ({"status": (301, 302)}, Reply(302, headers=(("Location", "/x"),)), Answer.GOOD, ""),
        ({"status": (404,)}, Reply(200), Answer.BAD, ""),
        ({"pattern": "^ok|ready"}, Reply(200, b"is ready"), Answer.GOOD, ""),
        ({"pattern": "^ready"}, Reply(200, b"is ready"), Answer.BAD, "no match"),
        ({"document": {"status": "ok", "checks.0.up": "true"}}, Reply(200, JSON), Answer.GOOD, ""),
        ({"document": {"release": "{release}", "left": "3"}}, Reply(200, JSON), Answer.GOOD, ""),
        ({"document": {"status": "bad"}}, Reply(200, JSON), Answer.BAD, "status is ok, wanted bad"),
        ({"document": {"checks.1.up": "true"}}, Reply(200, JSON), Answer.BAD, "not there"),
        ({"document": {"status": "ok"}}, Reply(200, b"<html>"), Answer.BAD, "no JSON"),
        (
            {"document": {"status": "ok"}},
            Reply(200, b'"' + b"x" * (2 << 20) + b'"'),
            Answer.BAD,
            "too long",
        ),
        (
            {"pattern": "ok"},
            Reply(200, b"ok", (("Content-Type", "text/plain; charset=no-such"),)),
            Answer.GOOD,
            "",
        ),
    ],
)
async def test_an_answer_is_compared_with_what_is_wanted(
    wanted: dict[str, object],
    reply: Reply,
    answer: Answer,
    phrase: str,
    executor: ThreadPoolExecutor,
) -> None:
    with web(reply) as served:
        spec = HttpSpec("http api", served.url, **wanted)  # type: ignore[arg-type]
        told = await answer_of(HttpProbe(spec, executor))
    assert (told.gate, told.answer) == ("http api", answer), told.reason
    assert told.measured == f"status {reply.status}"
    assert phrase in told.reason


async def test_a_nobody_at_the_address_is_an_error_that_tells_no_secret(
    executor: ThreadPoolExecutor,
) -> None:
    with web(Reply()) as served:
        gone = served.url
    spec = HttpSpec("http api", f"{gone}/?token=hush", headers={"Authorization": "Bearer hush"})
    told = await answer_of(HttpProbe(spec, executor))
    assert (told.answer, told.measured) == (Answer.ERROR, "no answer")
    assert told.reason == "it could not be reached"
    assert "hush" not in repr(told)
    assert "hush" not in repr(spec)


async def test_an_answer_that_only_drips_is_an_error_at_the_timeout(
    executor: ThreadPoolExecutor,
) -> None:
    with web(Reply(drips=True)) as served:
        spec = HttpSpec("http api", served.url, timeout=timedelta(seconds=3))
        told = await answer_of(HttpProbe(spec, executor))
    assert (told.answer, told.measured) == (Answer.ERROR, "no answer")
    assert "in time" in told.reason


async def test_words_in_braces_are_filled_in_and_quoted_for_the_address(
    executor: ThreadPoolExecutor,
) -> None:
    with web(Reply()) as served:
        spec = HttpSpec(
            "http api",
            f"{served.url}/{{region}}?image={{digest}}&other={{braces}}",
            method="POST",
            headers={"X-Release": "{release}"},
        )
        assert (await answer_of(HttpProbe(spec, executor))).answer is Answer.GOOD
    ((method, path, headers),) = served.asked
    assert method == "POST"
    assert path.startswith("/eu-west-1?image=sha256%3Abbb")
    assert headers["x-release"] == "0.9.1"


async def test_a_password_of_netrc_does_not_take_the_place_of_a_header(
    executor: ThreadPoolExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with web(Reply()) as served:
        spec = HttpSpec("http api", served.url, headers={"Authorization": "Bearer right"})
        await answer_of(HttpProbe(spec, executor))
    assert served.asked[0][2]["authorization"] == "Bearer right"
