"""How do jobs reach a region's workers, and how do their results come back?"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from console.sandbox.ledger import Depth, Ledger, Result

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef

    from console.sandbox.spec import QueueNames

log = logging.getLogger(__name__)

TICK_SECONDS = 0.5
"""How often jobs are sent; a batch holds what has become due."""

SAMPLE_SECONDS = 1.0
"""How often results are drained and queues are counted."""

_BATCH = 10
_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class QueueUrls:
    """A region's queues by URL."""

    work: str
    results: str
    dead_letter: str


class RegionTraffic:
    """The producer and the collector of one region."""

    def __init__(
        self,
        region: str,
        client: SQSClient,
        names: QueueNames,
        note_work: Callable[[str], None],
        has_worker: Callable[[], bool],
        poison_share: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.ledger = Ledger()
        self._region = region
        self._client = client
        self._names = names
        self._note_work = note_work
        self._has_worker = has_worker
        self._poison_share = poison_share
        self._next_job = 1
        self._urls: QueueUrls | None = None
        self.is_producing = True
        """Set to False to send nothing more."""

    async def run(self, rate: float, job_time: timedelta) -> None:
        """Wait for the queues, then produce and collect until cancelled.

        The first job waits for the first worker: making queues takes Terraform a minute, and a
        backlog of that minute would be in every measured wait.

        Args:
            rate: jobs a second; 0 sends none.
            job_time: how long a worker works on a job.
        """
        urls = self._urls = await self._find_queues()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._collect(urls))
            if rate > 0:
                group.create_task(self._produce(urls.work, rate, job_time))

    async def settle(self) -> None:
        """Collect once more, when the workers are gone."""
        if self._urls is not None:
            await self._collect_once(self._urls)

    async def _find_queues(self) -> QueueUrls:
        while True:
            try:
                return await asyncio.to_thread(self._queue_urls)
            except (BotoCoreError, ClientError):
                await asyncio.sleep(_RETRY_SECONDS)

    def _queue_urls(self) -> QueueUrls:
        names = (self._names.work, self._names.results, self._names.dead_letter)
        return QueueUrls(
            *(self._client.get_queue_url(QueueName=each)["QueueUrl"] for each in names)
        )

    async def _produce(self, work: str, rate: float, job_time: timedelta) -> None:
        while self.is_producing and not self._has_worker():
            await asyncio.sleep(TICK_SECONDS)
        due, last = 0.0, time.monotonic()
        while self.is_producing:
            now = time.monotonic()
            # After a pause of the whole machine there is no flood to catch up with.
            due, last = min(due + (now - last) * rate, max(_BATCH, 2 * rate)), now
            while due >= 1:
                count = min(int(due), _BATCH)
                due -= count
                await self._send(work, count, job_time)
            await asyncio.sleep(TICK_SECONDS)

    async def _send(self, work: str, count: int, job_time: timedelta) -> None:
        numbers, share = self._take_numbers(count), self._poison_share()
        jobs = [f"{self._region}-{number:07}" for number in numbers]
        bodies = [
            {"id": job, "seconds": job_time.total_seconds()}
            | ({"fail": True} if is_poison(number, share) else {})
            for number, job in zip(numbers, jobs, strict=True)
        ]
        self.ledger.begin(jobs, time.time())
        try:
            answer = await asyncio.to_thread(
                self._client.send_message_batch,
                QueueUrl=work,
                Entries=[
                    {"Id": str(index), "MessageBody": json.dumps(body)}
                    for index, body in enumerate(bodies)
                ],
            )
        except (BotoCoreError, ClientError) as error:
            log.warning("%s: jobs not sent: %s", self._region, error)
            self.ledger.withdraw(jobs)
            return
        taken = [jobs[int(each["Id"])] for each in answer.get("Successful", [])]
        self.ledger.confirm(taken)
        self.ledger.withdraw([job for job in jobs if job not in taken])

    def _take_numbers(self, count: int) -> range:
        first, self._next_job = self._next_job, self._next_job + count
        return range(first, first + count)

    async def _collect(self, urls: QueueUrls) -> None:
        while True:
            started = time.monotonic()
            await self._collect_once(urls)
            await asyncio.sleep(max(0.1, SAMPLE_SECONDS - (time.monotonic() - started)))

    async def _collect_once(self, urls: QueueUrls) -> None:
        before, counted_at = self.ledger.certain(), time.time()
        results: list[Result] = []
        depth = None
        try:
            depth = await asyncio.to_thread(self._count_and_drain, urls, results)
        except (BotoCoreError, ClientError) as error:
            log.warning("%s: queues not read: %s", self._region, error)
        # Also after an error: what was drained until then is deleted from the queue.
        for result in results:
            self._note_work(result.instance)
            self.ledger.take_result(result)
        if depth is not None:
            self.ledger.sample(before, counted_at, depth, results)

    def _count_and_drain(self, urls: QueueUrls, results: list[Result]) -> Depth:
        """In the order that the ledger's proof needs: work queue, dead letters, results."""
        waiting, in_flight = self._count(urls.work)
        dead = sum(self._count(urls.dead_letter))
        self._drain(urls.results, results)
        return Depth(waiting, in_flight, dead)

    def _count(self, url: str) -> tuple[int, int]:
        attributes = self._client.get_queue_attributes(
            QueueUrl=url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesDelayed",
                "ApproximateNumberOfMessagesNotVisible",
            ],
        )["Attributes"]
        visible = int(attributes["ApproximateNumberOfMessages"])
        delayed = int(attributes.get("ApproximateNumberOfMessagesDelayed", "0"))
        return visible + delayed, int(attributes["ApproximateNumberOfMessagesNotVisible"])

    def _drain(self, url: str, drained: list[Result]) -> None:
        while True:
            messages = self._client.receive_message(
                QueueUrl=url, MaxNumberOfMessages=_BATCH, AttributeNames=["SentTimestamp"]
            ).get("Messages", [])
            drained += filter(None, map(_read_result, messages))
            if messages:
                self._client.delete_message_batch(
                    QueueUrl=url,
                    Entries=[
                        {"Id": str(index), "ReceiptHandle": each["ReceiptHandle"]}
                        for index, each in enumerate(messages)
                    ],
                )
            if len(messages) < _BATCH:
                return


def is_poison(number: int, share: float) -> bool:
    """Whether the job with this number is one that no release can do: evenly, never by chance."""
    return int(number * share) > int((number - 1) * share)


def _read_result(message: MessageTypeDef) -> Result | None:
    try:
        body = json.loads(message["Body"])
        return Result(
            job=str(body["id"]),
            release=str(body["release"]),
            instance=str(body["instance"]),
            posted=int(message["Attributes"]["SentTimestamp"]) / 1000,
        )
    except (ValueError, KeyError, TypeError):
        log.warning("not a result: %.200s", message["Body"])
        return None
