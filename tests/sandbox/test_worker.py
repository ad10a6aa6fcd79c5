"""The sample worker keeps its contract: no job is lost, whatever happens to the worker."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from console.sandbox.spec import SAMPLE_WORKER
from tests.sandbox.conftest import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from types_boto3_sqs import SQSClient

    from tests.sandbox.conftest import Operator

REGION = "us-east-1"


@pytest.fixture
def client(operator: Operator) -> SQSClient:
    return operator.sqs(REGION)


@pytest.fixture
def queues(operator: Operator, request: pytest.FixtureRequest) -> dict[str, str]:
    return operator.make_queues(
        REGION, prefix=f"{request.node.name.strip(']').replace('[', '-')[-50:]}-", visibility=60
    )


@pytest.fixture
def start_worker(
    operator: Operator, queues: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(**settings: str) -> subprocess.Popen[bytes]:
        environment = {
            **operator.environment,
            "AWS_REGION": REGION,
            "WORK_QUEUE": queues["work"],
            "RESULTS_QUEUE": queues["results"],
            "FLEET": "fleet",
            "RELEASE": "1.0.0",
            "INSTANCE_ID": "i-00000000000000001",
            "WORKERS": "2",
            "HEARTBEAT_NAMESPACE": "tests",
            "HEARTBEAT_INTERVAL": "0.5",
            "PYTHONDONTWRITEBYTECODE": "1",
            **settings,
        }
        with (tmp_path / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-u", "launcher.py"],
                cwd=SAMPLE_WORKER,
                env=environment,
                stdout=log,
                stderr=log,
            )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def send(client: SQSClient, queues: dict[str, str], **job: object) -> None:
    client.send_message(QueueUrl=queues["work"], MessageBody=json.dumps(job))


def depth(client: SQSClient, url: str) -> tuple[int, int]:
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return (
        int(attributes["ApproximateNumberOfMessages"]),
        int(attributes["ApproximateNumberOfMessagesNotVisible"]),
    )


def results(client: SQSClient, queues: dict[str, str]) -> list[dict[str, Any]]:
    messages = client.receive_message(
        QueueUrl=queues["results"], MaxNumberOfMessages=10, VisibilityTimeout=0
    ).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


def test_a_job_is_done_posted_and_deleted(
    client: SQSClient, queues: dict[str, str], start_worker: Callable[..., Any]
) -> None:
    send(client, queues, id="a")
    start_worker()
    posted = eventually(lambda: results(client, queues), "a result")
    assert (posted[0]["id"], posted[0]["release"]) == ("a", "1.0.0")
    assert posted[0]["instance"] == "i-00000000000000001"
    eventually(lambda: depth(client, queues["work"]) == (0, 0), "the message's end")


def test_a_job_in_hand_is_finished_after_sigterm(
    client: SQSClient, queues: dict[str, str], start_worker: Callable[..., Any]
) -> None:
    send(client, queues, id="a", seconds=6)
    worker = start_worker(STOP_GRACE="60")
    eventually(lambda: depth(client, queues["work"]) == (0, 1), "the job in hand")
    worker.terminate()
    assert worker.wait(60) == 0
    assert [each["id"] for each in results(client, queues)] == ["a"]
    assert depth(client, queues["work"]) == (0, 0)


def test_a_job_too_long_for_the_grace_is_given_back_at_once(
    client: SQSClient, queues: dict[str, str], start_worker: Callable[..., Any]
) -> None:
    send(client, queues, id="a", seconds=600)
    worker = start_worker(STOP_GRACE="0.2")
    eventually(lambda: depth(client, queues["work"]) == (0, 1), "the job in hand")
    worker.terminate()
    assert worker.wait(60) == 0
    assert depth(client, queues["work"]) == (1, 0)
    assert results(client, queues) == []


def test_a_job_that_comes_while_the_worker_stops_is_not_taken_in_vain(
    client: SQSClient, queues: dict[str, str], start_worker: Callable[..., Any], tmp_path: Path
) -> None:
    worker = start_worker()
    log = tmp_path / "worker.log"
    eventually(lambda: "consumers take jobs" in log.read_text(), "the worker's polls")
    worker.terminate()
    send(client, queues, id="a")
    assert worker.wait(60) == 0
    if not results(client, queues):
        left = client.receive_message(
            QueueUrl=queues["work"], AttributeNames=["ApproximateReceiveCount"]
        )["Messages"]
        assert left[0]["Attributes"]["ApproximateReceiveCount"] == "1"


def test_a_killed_worker_leaves_its_job_to_another(
    client: SQSClient, queues: dict[str, str], start_worker: Callable[..., Any]
) -> None:
    client.set_queue_attributes(QueueUrl=queues["work"], Attributes={"VisibilityTimeout": "15"})
    send(client, queues, id="a", seconds=6)
    worker = start_worker()
    eventually(lambda: depth(client, queues["work"]) == (0, 1), "the job in hand")
    worker.kill()
    start_worker(INSTANCE_ID="i-00000000000000002")
    posted = eventually(lambda: results(client, queues), "a result by the other worker")
    assert [(each["id"], each["instance"]) for each in posted] == [("a", "i-00000000000000002")]


def test_a_poll_ends_with_its_worker_and_takes_no_message(
    client: SQSClient, queues: dict[str, str], start_worker: Callable[..., Any], tmp_path: Path
) -> None:
    worker = start_worker()
    log = tmp_path / "worker.log"
    eventually(lambda: "consumers take jobs" in log.read_text(), "the worker's polls")
    worker.kill()
    worker.wait()
    send(client, queues, id="a")
    received = client.receive_message(QueueUrl=queues["work"], WaitTimeSeconds=1)
    assert len(received["Messages"]) == 1


@pytest.mark.parametrize(
    "body", ['{"id": "a", "fail": true}', "no job at all"], ids=["asked", "rubbish"]
)
def test_a_job_that_fails_every_time_ends_in_the_dead_letter_queue(
    client: SQSClient, queues: dict[str, str], start_worker: Callable[..., Any], body: str
) -> None:
    client.set_queue_attributes(QueueUrl=queues["work"], Attributes={"VisibilityTimeout": "1"})
    client.send_message(QueueUrl=queues["work"], MessageBody=body)
    start_worker()
    eventually(lambda: depth(client, queues["dead"]) == (1, 0), "the dead letter")
    assert results(client, queues) == []


def test_a_worker_waits_for_a_queue_that_is_not_there_yet(
    client: SQSClient, start_worker: Callable[..., Any], tmp_path: Path, queues: dict[str, str]
) -> None:
    late = queues["work"] + "-late"
    start_worker(WORK_QUEUE=late)
    eventually(lambda: "waiting for" in (tmp_path / "worker.log").read_text(), "the wait")
    client.create_queue(QueueName=late.rpartition("/")[2])
    client.send_message(QueueUrl=late, MessageBody='{"id": "late"}')
    assert eventually(lambda: results(client, queues), "a result")[0]["id"] == "late"


def test_missing_settings_are_named() -> None:
    ended = subprocess.run(
        [sys.executable, "launcher.py"],
        cwd=SAMPLE_WORKER,
        env={"AWS_REGION": REGION, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "WORK_QUEUE, RESULTS_QUEUE" in ended.stderr
