"""The proof that Terraform's provisioner waits for."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from console.adapters.aws.await_ready import Wanted, await_ready
from console.adapters.aws.metrics import Workers
from console.adapters.aws.signed import signed_cloudwatch

from .test_fleet import DIGEST, beat, put

Client = Callable[[str], Any]

KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "a token",
}


def wanted(completions: int = 1, within: float = 1.0, digest: str | None = None) -> Wanted:
    return Wanted(
        region="eu-west-1",
        instance="i-0a",
        release="2",
        workers=Workers("heartbeats", "checks"),
        completions=completions,
        within=timedelta(seconds=within),
        digest=digest,
    )


EVERY = timedelta(seconds=0.1)


def test_an_instance_that_beats_and_works_is_ready(client: Client) -> None:
    beat(client, "i-0a", "2", runs=3, failures=1)
    assert await_ready(wanted(completions=2), every=EVERY) is None


def test_it_is_awaited_until_it_is_ready(client: Client) -> None:
    told: list[str] = []

    def tell(sentence: str) -> None:
        told.append(sentence)
        beat(client, "i-0a", "2", runs=len(told) - 1)

    assert await_ready(wanted(within=30), every=EVERY, tell=tell) is None
    assert told[0] == "no heartbeat as 2"
    assert told[1] == "it beats as 2, 0 of 1 jobs finished"


def test_silence_is_no_proof(aws: str) -> None:
    failure = await_ready(wanted(), every=EVERY)
    assert failure is not None
    assert failure.message == "i-0a was not ready within 1 s: no heartbeat as 2"
    assert "old instance is kept" in failure.hint


def test_another_release_is_no_proof(client: Client) -> None:
    beat(client, "i-0a", "1", runs=9)
    assert await_ready(wanted(), every=EVERY) is not None


def test_a_heartbeat_without_a_finished_job_is_no_proof(client: Client) -> None:
    beat(client, "i-0a", "2", runs=4, failures=4)
    failure = await_ready(wanted(), every=EVERY)
    assert failure is not None
    assert "0 of 1 jobs finished, 4 failed" in failure.message


def test_a_heartbeat_alone_will_do_where_no_jobs_are_asked_for(client: Client) -> None:
    beat(client, "i-0a", "2")
    assert await_ready(wanted(completions=0), every=EVERY) is None


def test_an_instance_is_ready_with_the_digest_that_it_is_to_run(client: Client) -> None:
    beat(client, "i-0a", "2", runs=1)
    put(client, "i-0a", "2", {"digest": 0xAAAAAAAAAAAA}, ago=1)
    put(client, "i-0a", "2", {"heartbeat": 1}, ago=1, digest=DIGEST)
    assert await_ready(wanted(digest=DIGEST), every=EVERY) is None


def test_an_image_that_reports_no_digest_is_believed_by_its_label(client: Client) -> None:
    beat(client, "i-0a", "2", runs=1)
    assert await_ready(wanted(digest=DIGEST), every=EVERY) is None


def test_another_image_under_the_same_label_is_no_proof(client: Client) -> None:
    beat(client, "i-0a", "2", runs=9)
    put(client, "i-0a", "2", {"digest": 0xBBBBBBBBBBBB}, ago=1)
    failure = await_ready(wanted(digest=DIGEST), every=EVERY)
    assert failure is not None
    assert "reports the digest bbbbbbbbbbbb, announced was aaaaaaaaaaaa" in failure.message


def test_a_worker_that_stopped_beating_is_not_ready(client: Client) -> None:
    beat(client, "i-0a", "2", ago=50, runs=9)
    failure = await_ready(wanted(), every=EVERY)
    assert failure is not None
    assert "it did beat as 2, and stopped" in failure.message


def test_an_endpoint_that_is_gone_is_told_at_the_end(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    failure = await_ready(wanted(), every=EVERY)
    assert failure is not None
    assert "refused" in failure.message


def test_without_keys_in_the_environment_boto3_finds_them(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    beat(client, "i-0a", "2", runs=1)
    shared = tmp_path / "credentials"
    shared.write_text("[default]\naws_access_key_id = x\naws_secret_access_key = y\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(shared))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert await_ready(wanted(), every=EVERY) is None


def test_the_signature_is_the_one_that_botocore_makes() -> None:
    signed = signed_cloudwatch("eu-west-1", KEYS)
    assert signed is not None
    body = b'{"MetricDataQueries": []}'
    credentials = Credentials(*KEYS.values())
    while True:
        mine = signed.headers(body, datetime.now(UTC))
        request = AWSRequest(
            "POST",
            "https://monitoring.eu-west-1.amazonaws.com/",
            {name: mine[name] for name in ("content-type", "x-amz-target")},
            body,
        )
        SigV4Auth(credentials, "monitoring", "eu-west-1").add_auth(request)
        if request.headers["X-Amz-Date"] == mine["x-amz-date"]:
            break  # else the second changed in between
    assert mine["authorization"] == request.headers["Authorization"]


@pytest.mark.parametrize(
    ("region", "change"),
    [
        ("eu-west-1", {"AWS_PROFILE": "prod"}),
        ("eu-west-1", {"HTTPS_PROXY": "http://proxy"}),
        ("eu-west-1", {"AWS_SECRET_ACCESS_KEY": ""}),
        ("cn-north-1", {}),
        ("us-gov-west-1", {}),
    ],
)
def test_whatever_is_not_plain_is_left_to_boto3(region: str, change: dict[str, str]) -> None:
    assert signed_cloudwatch(region, KEYS | change) is None


def test_neither_boto3_nor_asyncio_is_imported_for_it() -> None:
    code = (
        "import sys, console.adapters.aws.await_ready\n"
        "print([name for name in ('boto3', 'botocore', 'asyncio', 'pydantic', 'click')"
        " if name in sys.modules])"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_looking_does_not_depend_on_the_thread(client: Client) -> None:
    beat(client, "i-0a", "2", runs=1)
    answers: list[object] = []
    threads = [
        threading.Thread(target=lambda: answers.append(await_ready(wanted(), every=EVERY)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [None, None, None]
