"""What a look at a region costs in calls, and that a region that hangs holds no other one up."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.client import BaseClient

from console.domain.fleet import RegionName
from console.domain.release import ReleaseLabel
from tests.adapters.aws.test_fleet import REGION, SPEC, beat, launch, make_fleet, make_queues

Client = Callable[[str], Any]
Calls = Counter[str]

OTHER = RegionName("us-west-2")
_PATIENCE = timedelta(minutes=2)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Every call that is made, by its operation; clear it to begin."""
    made, make = Counter[str](), BaseClient._make_api_call  # type: ignore[attr-defined]

    def counted(client: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        made[operation] += 1
        return make(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", counted)
    return made


async def test_a_look_asks_once_for_each_source_and_queue(client: Client, calls: Calls) -> None:
    make_queues(client)
    for slot in range(3):
        beat(client, launch(client, slot=slot), "1")
    fleet = make_fleet()
    await fleet.sample(REGION, ())
    calls.clear()
    await fleet.sample(REGION, ())
    assert calls == {"DescribeInstances": 1, "GetQueueAttributes": 2, "GetMetricData": 1}


async def test_only_more_than_500_series_are_a_second_call(client: Client, calls: Calls) -> None:
    make_queues(client)
    launch(client)
    fleet = make_fleet()
    # Four series each, and one for the digest that the instance's tag names.
    for pairs, wanted in ((124, 1), (125, 2)):
        # Its tag's release is one of them.
        releases = [ReleaseLabel(str(number)) for number in range(1, pairs + 1)]
        await fleet.sample(REGION, releases)
        calls.clear()
        await fleet.sample(REGION, releases)
        assert calls["GetMetricData"] == wanted


async def test_a_region_that_hangs_delays_no_other_regions_numbers(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, make = threading.Event(), BaseClient._make_api_call  # type: ignore[attr-defined]

    def hanging(self: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        if self.meta.region_name == REGION:
            goes_on.wait(2 * _PATIENCE.total_seconds())
        return make(self, operation, arguments)

    make_queues(client)
    monkeypatch.setattr(BaseClient, "_make_api_call", hanging)
    # Nothing is given up in this test: what is shown is that nobody waits for the other.
    fleet = make_fleet(replace(SPEC, deadline=_PATIENCE, heartbeat_deadline=_PATIENCE))
    hangs = asyncio.create_task(fleet.sample(REGION, ()))
    try:
        await asyncio.sleep(0)
        for _ in range(3):
            sample = await fleet.sample(OTHER, ())
            assert sample.instances.error is None
        assert not hangs.done()
    finally:
        goes_on.set()
    assert (await hangs).region == REGION
