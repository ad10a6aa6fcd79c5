"""How old is the oldest message of each queue? Asked inside the process that keeps the queues.

The number behind CloudWatch's `AWS/SQS ApproximateAgeOfOldestMessage`, which no emulator publishes.
As on AWS, a message that was received three times or more does not count.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from __future__ import annotations

import time
from typing import Any

from ministack.core.arn import parse_arn
from ministack.services import sqs

_RECEIVES_THAT_HIDE = 3


def oldest_ages() -> dict[str, dict[str, float]]:
    """Region, then queue name, then the age of its oldest message in seconds; 0 if it is empty."""
    now = time.time()
    ages: dict[str, dict[str, float]] = {}
    # The store itself, past its view of one region: there is no other way to see all regions.
    for queue in list(sqs._queues._data.values()):
        arn = parse_arn(queue["attributes"]["QueueArn"])
        ages.setdefault(arn.region, {})[arn.resource] = _oldest(queue["messages"], now)
    return ages


def _oldest(messages: list[dict[str, Any]], now: float) -> float:
    counted = (each for each in messages if each["receive_count"] < _RECEIVES_THAT_HIDE)
    return max((now - each["sent_at"] for each in counted), default=0.0)
