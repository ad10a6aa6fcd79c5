"""A sandbox's first fleet waits for its queues, and says so when they do not come."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName
from console.founding import await_queues

EU = RegionName("eu-west-1")
ABSENT = Failure(FailureKind.FAILED, "there is no queue named checks")
BROKEN = Failure(FailureKind.FAILED, "terraform init failed")
LONG = timedelta(hours=1)


async def ended(answer: Failure | None) -> Failure | None:
    return answer


async def never(region: RegionName) -> object:
    return ABSENT


async def test_it_waits_until_they_are_there() -> None:
    answers: list[object] = [ABSENT, "https://sqs.example.com/1/checks"]

    async def urls(region: RegionName) -> object:
        return answers.pop(0)

    making = asyncio.create_task(ended(None))

    assert await await_queues(urls, EU, making, LONG) is None
    assert answers == []


async def test_it_does_not_wait_for_queues_that_nobody_makes_any_more() -> None:
    making = asyncio.create_task(ended(BROKEN))
    await making

    assert await await_queues(never, EU, making, LONG) is BROKEN


async def test_it_says_which_queues_were_not_there_in_time_and_what_to_do() -> None:
    making = asyncio.create_task(asyncio.sleep(3600, result=None))

    found = await await_queues(never, EU, making, timedelta(milliseconds=10))
    making.cancel()

    assert found is not None
    assert "queues of eu-west-1 were not there within 0 s" in found.message
    assert "--regions" in found.hint
    assert found.evidence == ABSENT.message
