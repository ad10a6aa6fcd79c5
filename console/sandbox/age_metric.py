"""Who publishes `AWS/SQS ApproximateAgeOfOldestMessage`? On AWS, SQS; here, this."""

from __future__ import annotations

import asyncio
import json
import logging
import urllib.request
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from console.sandbox.queue_age_path import AGES_PATH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_cloudwatch import CloudWatchClient

log = logging.getLogger(__name__)

PUBLISH_SECONDS = 5.0
"""How often the metric is published. AWS does it each minute; a sandbox has less time."""


async def publish_ages(sqs_endpoint: str, cloudwatch: Mapping[str, CloudWatchClient]) -> None:
    """Publish the age of each queue's oldest message until cancelled.

    Args:
        sqs_endpoint: URL of the SQS endpoint.
        cloudwatch: a client for each region.
    """
    while True:
        try:
            await asyncio.to_thread(_publish_once, sqs_endpoint, cloudwatch)
        except (BotoCoreError, ClientError, OSError, ValueError) as error:
            log.warning("ages of the oldest messages not published: %s", error)
        await asyncio.sleep(PUBLISH_SECONDS)


def _publish_once(sqs_endpoint: str, cloudwatch: Mapping[str, CloudWatchClient]) -> None:
    with urllib.request.urlopen(sqs_endpoint + AGES_PATH, timeout=5) as answer:  # noqa: S310
        ages: dict[str, dict[str, float]] = json.load(answer)
    for region, queues in ages.items():
        if region in cloudwatch:
            cloudwatch[region].put_metric_data(
                Namespace="AWS/SQS",
                MetricData=[
                    {
                        "MetricName": "ApproximateAgeOfOldestMessage",
                        "Dimensions": [{"Name": "QueueName", "Value": queue}],
                        "Unit": "Seconds",
                        "Value": age,
                    }
                    for queue, age in queues.items()
                ],
            )
