"""What does a worker do? Take jobs, post results, beat, and leave without losing a job.

The reference for the worker contract: standard library and boto3 only, one file, so that it can be
read in one sitting and copied. Several consumers share this process, each with one job at a time.

A message is deleted only after its job is done and its result is posted. A job that fails is left
alone: SQS shows it again after the visibility timeout, and hands it to the dead-letter queue once
it has failed often enough.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_cloudwatch.type_defs import MetricDatumTypeDef
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef

RECEIVE_WAIT_SECONDS = 5
"""One long poll. Also the longest time that an idle consumer needs to notice a stop."""
RETRY_SECONDS = 1.0
VISIBILITY_MARGIN_SECONDS = 30
"""How much longer than its own estimate a job stays hidden from the other workers."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The worker's settings, all of them from the environment."""

    region: str
    work_queue: str
    results_queue: str
    fleet: str
    release: str
    digest: str
    instance: str
    workers: int
    namespace: str
    interval: float
    stop_grace: float
    metrics_port: int | None
    """Where Prometheus finds the heartbeats instead of CloudWatch; 0: any free port."""
    metrics_targets: str
    """Directory of a Prometheus's file_sd, to be listed in; empty to be listed nowhere."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings.

        Raises:
            SystemExit: a variable is missing; the message names it.
        """
        needed = ("AWS_REGION", "WORK_QUEUE", "RESULTS_QUEUE", "FLEET", "RELEASE", "INSTANCE_ID")
        missing = [name for name in needed if not environment.get(name)]
        if missing:
            raise SystemExit(f"launcher: not set in the environment: {', '.join(missing)}")
        return cls(
            region=environment["AWS_REGION"],
            work_queue=environment["WORK_QUEUE"],
            results_queue=environment["RESULTS_QUEUE"],
            fleet=environment["FLEET"],
            release=environment["RELEASE"],
            digest=environment.get("IMAGE_DIGEST", ""),
            instance=environment["INSTANCE_ID"],
            workers=int(environment.get("WORKERS", "5")),
            namespace=environment.get("HEARTBEAT_NAMESPACE", "checks"),
            interval=float(environment.get("HEARTBEAT_INTERVAL", "10")),
            stop_grace=float(environment.get("STOP_GRACE", "8")),
            metrics_port=int(port) if (port := environment.get("METRICS_PORT")) else None,
            metrics_targets=environment.get("METRICS_TARGETS", ""),
        )


class Tally:
    """Counts jobs between two beats."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs = self._failures = 0

    def add(self, runs: int, failures: int) -> None:
        with self._lock:
            self._runs, self._failures = self._runs + runs, self._failures + failures

    def take(self) -> tuple[int, int]:
        """The counts so far; they start again from zero."""
        with self._lock:
            counts, self._runs, self._failures = (self._runs, self._failures), 0, 0
            return counts


class JobFailedError(Exception):
    """The job was run and did not succeed."""


class JobAbandonedError(Exception):
    """The worker has to go before the job is done."""


class Consumer(threading.Thread):
    """Takes one job after the other until it is told to stop."""

    def __init__(
        self,
        settings: Settings,
        queues: SQSClient,
        tally: Tally,
        stopping: threading.Event,
        out_of_time: threading.Event,
    ) -> None:
        super().__init__(daemon=True)
        self._settings, self._queues, self._tally = settings, queues, tally
        self._stopping, self._out_of_time = stopping, out_of_time

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._take_jobs()
            except (BotoCoreError, ClientError) as error:
                say(f"queue: {error}")
                self._stopping.wait(RETRY_SECONDS)

    def _take_jobs(self) -> None:
        answer = self._queues.receive_message(
            QueueUrl=self._settings.work_queue,
            MaxNumberOfMessages=1,
            WaitTimeSeconds=RECEIVE_WAIT_SECONDS,
        )
        # Also when it was told to stop in the meantime: a fleet that is replaced at once would pass
        # one job from hand to hand until its receive count sends it to the dead letters.
        for message in answer.get("Messages", []):
            self._handle(message)

    def _handle(self, message: MessageTypeDef) -> None:
        try:
            result = self._work(message)
            # The result first: a crash in between makes a duplicate, never a lost job.
            self._queues.send_message(
                QueueUrl=self._settings.results_queue, MessageBody=json.dumps(result)
            )
            self._queues.delete_message(
                QueueUrl=self._settings.work_queue, ReceiptHandle=message["ReceiptHandle"]
            )
        except JobAbandonedError:
            self._give_back(message)
        except JobFailedError as failure:
            say(f"job failed: {failure}")
            self._tally.add(runs=1, failures=1)
        except (BotoCoreError, ClientError) as error:
            say(f"job done but not booked, it will be seen again: {error}")
            self._tally.add(runs=1, failures=1)
        else:
            self._tally.add(runs=1, failures=0)

    def _work(self, message: MessageTypeDef) -> dict[str, object]:
        try:
            job = json.loads(message["Body"])
            identity, seconds = job["id"], float(job.get("seconds", 0))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise JobFailedError(f"not a job: {message['Body'][:200]!r}") from error
        if seconds > VISIBILITY_MARGIN_SECONDS / 2:
            self._queues.change_message_visibility(
                QueueUrl=self._settings.work_queue,
                ReceiptHandle=message["ReceiptHandle"],
                VisibilityTimeout=int(seconds) + VISIBILITY_MARGIN_SECONDS,
            )
        if self._out_of_time.wait(seconds):
            raise JobAbandonedError
        if job.get("fail"):
            raise JobFailedError(f"{identity} asked for it")
        return {
            "id": identity,
            "release": self._settings.release,
            "instance": self._settings.instance,
            "digest": self._settings.digest,
        }

    def _give_back(self, message: MessageTypeDef) -> None:
        """Show the job to the other workers at once instead of after the visibility timeout."""
        say(f"out of time: message {message['MessageId']} is given back")
        self._queues.change_message_visibility(
            QueueUrl=self._settings.work_queue,
            ReceiptHandle=message["ReceiptHandle"],
            VisibilityTimeout=0,
        )


class Heart(threading.Thread):
    """Publishes a beat at once and then at every interval."""

    def __init__(
        self, interval: float, publisher: Publisher, tally: Tally, stopping: threading.Event
    ) -> None:
        super().__init__(daemon=True)
        self._interval, self._publisher = interval, publisher
        self._tally, self._stopping = tally, stopping

    def run(self) -> None:
        due = time.monotonic()
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            due = time.monotonic() + self._interval
            self.publish(beat=True)

    def publish(self, *, beat: bool) -> None:
        """Tell the counts since the last time, and with `beat` the proof of life."""
        runs, failures = self._tally.take()
        try:
            self._publisher.publish(runs, failures, beat=beat)
        except (BotoCoreError, ClientError) as error:
            self._tally.add(runs, failures)
            say(f"heartbeat: {error}")


class Publisher(Protocol):
    """Where heartbeats go."""

    def publish(self, runs: int, failures: int, *, beat: bool) -> None:
        """Tell the counts since the last time, and with `beat` the proof of life."""


class CloudWatchPublisher:
    """Sends heartbeats to CloudWatch."""

    def __init__(self, settings: Settings, metrics: CloudWatchClient) -> None:
        self._settings, self._metrics = settings, metrics

    def publish(self, runs: int, failures: int, *, beat: bool) -> None:
        digest = self._settings.digest
        values = {"runs": runs, "failures": failures} | (life_of(digest) if beat else {})
        whose = {
            "Fleet": self._settings.fleet,
            "InstanceId": self._settings.instance,
            "Release": self._settings.release,
        }
        data = [datum(name, value, whose) for name, value in values.items()]
        if beat and digest:
            data.append(datum("heartbeat", 1, whose | {"Digest": digest}))
        self._metrics.put_metric_data(Namespace=self._settings.namespace, MetricData=data)


class MetricsPage:
    """Shows heartbeats to Prometheus, on a page that it scrapes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._beat, self._runs, self._failures = 0.0, 0, 0
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                text = page.text().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """A scrape is nothing to tell of."""

        # All addresses: in a container the scrape comes from elsewhere.
        host = "127.0.0.1" if settings.metrics_targets else ""
        self._server = ThreadingHTTPServer((host, settings.metrics_port or 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        if settings.metrics_targets:
            self._list(f"127.0.0.1:{self._server.server_port}")

    def publish(self, runs: int, failures: int, *, beat: bool) -> None:
        self._runs, self._failures = self._runs + runs, self._failures + failures
        if beat:
            self._beat = time.time()

    def text(self) -> str:
        """The page, in Prometheus's text format."""
        whose = {
            "fleet": self._settings.fleet,
            "region": self._settings.region,
            "instance_id": self._settings.instance,
            "release": self._settings.release,
            "digest": self._settings.digest,
        }
        labels = ",".join(f"{name}={json.dumps(value)}" for name, value in whose.items())
        return (
            "# TYPE worker_heartbeat_timestamp_seconds gauge\n"
            f"worker_heartbeat_timestamp_seconds{{{labels}}} {self._beat:.3f}\n"
            "# TYPE worker_runs_total counter\n"
            f"worker_runs_total{{{labels}}} {self._runs}\n"
            "# TYPE worker_failures_total counter\n"
            f"worker_failures_total{{{labels}}} {self._failures}\n"
        )

    def _list(self, address: str) -> None:
        """Let file_sd find the page; the file appears whole, or not at all."""
        directory = Path(self._settings.metrics_targets)
        directory.mkdir(parents=True, exist_ok=True)
        unfinished = directory / f"{self._settings.instance}.new"
        unfinished.write_text(json.dumps([{"targets": [address]}]), encoding="utf-8")
        unfinished.replace(directory / f"{self._settings.instance}.json")


def life_of(digest: str) -> dict[str, int]:
    """The proof of life: a beat, and the head of the image's digest as a number."""
    head = re.match(r"sha256:([0-9a-f]{12})", digest)
    return {"heartbeat": 1} | ({"digest": int(head[1], 16)} if head else {})


def datum(name: str, value: int, whose: Mapping[str, str]) -> MetricDatumTypeDef:
    """A number of now, with its dimensions."""
    return {
        "MetricName": name,
        "Value": value,
        "StorageResolution": 1,
        "Dimensions": [{"Name": key, "Value": text} for key, text in whose.items()],
    }


def say(text: str) -> None:
    """Write a line to standard output, where the instance's console picks it up."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


def wait_for_queue(queues: SQSClient, url: str, stopping: threading.Event) -> None:
    """Return when the queue can be asked, or when the worker is told to stop."""
    while not stopping.is_set():
        try:
            queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        except (BotoCoreError, ClientError) as error:
            say(f"waiting for {url}: {error}")
            stopping.wait(RETRY_SECONDS)
        else:
            return


def main() -> int:
    """Work until SIGTERM or SIGINT. Returns the exit code."""
    settings = Settings.read(os.environ)
    stopping, out_of_time = threading.Event(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    config = Config(
        retries={"mode": "standard", "max_attempts": 3},
        max_pool_connections=settings.workers + 1,
        connect_timeout=3,
        read_timeout=RECEIVE_WAIT_SECONDS + 10,
    )
    queues = boto3.client("sqs", region_name=settings.region, config=config)
    release = f"{settings.release} ({settings.digest or 'no digest'})"
    say(f"launcher: release {release} on {settings.instance} in {settings.region}")

    wait_for_queue(queues, settings.work_queue, stopping)
    tally = Tally()
    consumers = [
        Consumer(settings, queues, tally, stopping, out_of_time) for _ in range(settings.workers)
    ]
    for consumer in consumers:
        consumer.start()
    publisher: Publisher
    if settings.metrics_port is None:
        metrics = boto3.client("cloudwatch", region_name=settings.region, config=config)
        publisher = CloudWatchPublisher(settings, metrics)
    else:
        publisher = MetricsPage(settings)
    heart = Heart(settings.interval, publisher, tally, stopping)
    heart.start()
    say(f"launcher: {settings.workers} consumers take jobs from {settings.work_queue}")

    # A consumer that died of a bug must not hide behind a beating heart.
    while not stopping.wait(1.0):
        if not all(consumer.is_alive() for consumer in consumers):
            say("launcher: a consumer died")
            return 1

    say("launcher: stopping, finishing what is in flight")
    threading.Timer(settings.stop_grace, out_of_time.set).start()
    for consumer in consumers:
        consumer.join(settings.stop_grace + RECEIVE_WAIT_SECONDS)
    heart.join(settings.interval)
    heart.publish(beat=False)
    say("launcher: stopped")
    # Not sys.exit: the grace timer and a poll that never came back must not hold the process.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
