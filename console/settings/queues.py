"""Which queues do the workers live on?"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from console.settings.fields import Section

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
_QUEUE = re.compile(r"(?=.{1,80}$)[A-Za-z0-9_-]+(?:\.fifo)?")


def _queue(text: str) -> str:
    if "/" in text:
        raise ValueError("an address; write the queue's name alone, it is the same in each region")
    if not _QUEUE.fullmatch(text):
        raise ValueError(
            "no name of a queue; use letters, digits, '-' and '_', at most 80, "
            "and .fifo at the end of a FIFO queue"
        )
    return text


QueueName = Annotated[str, AfterValidator(_queue)]


class Queues(Section):
    """Names of the SQS queues, the same in every region."""

    work: QueueName = Field(examples=["checks"])
    """Queue that the workers take jobs from."""
    results: QueueName = Field(examples=["results"])
    """Queue that the workers send results to."""
    dead_letter: QueueName = Field(examples=["checks-dlq"])
    """Queue that jobs end in when they failed too often."""
