"""What waits in a region's queues?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from console.adapters.aws.metrics import Window, ask, sum_query
from console.adapters.aws.session import AwsSession
from console.adapters.aws.trouble import AwsTrouble
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import QueueSample, RegionName

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.literals import QueueAttributeNameType

_VISIBLE: Literal["ApproximateNumberOfMessages"] = "ApproximateNumberOfMessages"
_IN_FLIGHT: Literal["ApproximateNumberOfMessagesNotVisible"] = (
    "ApproximateNumberOfMessagesNotVisible"
)

_HIDDEN_FOR: Literal["VisibilityTimeout"] = "VisibilityTimeout"

# AWS publishes the age once a minute, and a few minutes late.
_AGE_LOOKBACK = timedelta(minutes=5)
_AGE_KEPT_S = 30.0


@dataclass(frozen=True, slots=True)
class QueueNames:
    """The settings' `queues`; the same names in every region."""

    work: str
    results: str
    dead_letter: str | None = None


@dataclass(frozen=True, slots=True)
class QueueUrls:
    """A region's queues as SQS knows them."""

    work: str
    results: str


class Queues:
    """Reads the queues, and remembers their URLs, which never change."""

    def __init__(self, session: AwsSession, names: QueueNames) -> None:
        """Ask nothing yet."""
        self._session = session
        self._names = names
        self._urls: dict[tuple[str, str], str] = {}
        self._ages: dict[str, tuple[float, timedelta | None]] = {}

    async def urls(self, region: RegionName) -> QueueUrls | Failure:
        """Return the URLs that a Terraform root gets."""
        answer = await self._session.call(
            "sqs",
            region,
            lambda client: QueueUrls(
                self._url(client, region, self._names.work),
                self._url(client, region, self._names.results),
            ),
        )
        if isinstance(answer, AwsTrouble):
            return Failure(FailureKind.FAILED, answer.message, answer.hint)
        return answer

    async def depth(self, region: RegionName) -> QueueSample | AwsTrouble:
        """Return how many jobs wait, run and failed for good; without the age."""
        return await self._session.call("sqs", region, lambda client: self._depth(client, region))

    async def oldest(self, region: RegionName) -> timedelta | None:
        """Return the age of the oldest job; None where CloudWatch has no such datum.

        It leaves out messages that were received three times or more.
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
        """
        asked_at, age = self._ages.get(region, (float("-inf"), None))
        if time.monotonic() - asked_at < _AGE_KEPT_S:
            return age
        answer = await self._session.call("cloudwatch", region, self._age)
        age = None if isinstance(answer, AwsTrouble) else answer
        self._ages[region] = (time.monotonic(), age)
        return age

    def _depth(self, client: SQSClient, region: RegionName) -> QueueSample:
        work = self._attributes(client, region, self._names.work)
        dead = self._names.dead_letter
        letters = int(self._attributes(client, region, dead)[_VISIBLE]) if dead else 0
        hidden = work.get(_HIDDEN_FOR)
        return QueueSample(
            backlog=int(work[_VISIBLE]),
            in_flight=int(work[_IN_FLIGHT]),
            dead_letters=letters,
            visibility=None if hidden is None else timedelta(seconds=int(hidden)),
        )

    def _attributes(
        self, client: SQSClient, region: RegionName, name: str
    ) -> Mapping[QueueAttributeNameType, str]:
        return client.get_queue_attributes(
            QueueUrl=self._url(client, region, name),
            AttributeNames=[_VISIBLE, _IN_FLIGHT, _HIDDEN_FOR],
        )["Attributes"]

    def _url(self, client: SQSClient, region: RegionName, name: str) -> str:
        url = self._urls.get((region, name))
        if url is None:
            url = self._urls[region, name] = client.get_queue_url(QueueName=name)["QueueUrl"]
        return url

    def _age(self, client: CloudWatchClient) -> timedelta | None:
        now = datetime.now(UTC)
        query = sum_query(
            "age",
            "AWS/SQS",
            "ApproximateAgeOfOldestMessage",
            (("QueueName", self._names.work),),
            timedelta(minutes=1),
            "Maximum",
        )
        points = ask(client, [query], Window(now - _AGE_LOOKBACK, now))
        latest = max(points.get("age", ()), key=lambda point: point.at, default=None)
        return None if latest is None else timedelta(seconds=latest.value)
