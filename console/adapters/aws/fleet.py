"""What does AWS show of a fleet?

Implements `ports.Fleet`. The sources of a sample are asked at the same time, each with a deadline
of its own, and each answers for itself: trouble with one hides nothing of the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from console.adapters.aws.instances import read_console, read_instances, read_user_data
from console.adapters.aws.queues import Queues
from console.adapters.aws.session import AwsSession
from console.adapters.aws.trouble import AwsTrouble
from console.adapters.tags import started_target
from console.domain.fleet import (
    Heartbeat,
    Instance,
    InstanceId,
    QueueSample,
    Reading,
    RegionName,
    RegionSample,
    SlotTarget,
)
from console.domain.release import ReleaseLabel
from console.engine.ports import HeartbeatSource

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient
    from types_boto3_sts import STSClient

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FleetSpec:
    """What the settings say of the fleet in AWS."""

    fleet: str
    home: RegionName
    """Where STS is asked who we are."""
    ami_parameter: str | None = None
    """SSM parameter with the machine image to pin; None to pin none."""
    deadline: timedelta = timedelta(seconds=10)
    """For each source of a sample."""
    heartbeat_deadline: timedelta = timedelta(seconds=10)
    """For the heartbeats."""


class AwsFleet:
    """AWS, region by region, read only."""

    def __init__(
        self, spec: FleetSpec, session: AwsSession, queues: Queues, heartbeats: HeartbeatSource
    ) -> None:
        """Ask nothing yet."""
        self._spec = spec
        self._session = session
        self._queues = queues
        self._heartbeats = heartbeats
        self._known: dict[RegionName, tuple[Instance, ...]] = {}

    async def identity(self) -> Reading[str]:
        """Return the ARN that AWS knows us by, with the account in it."""

        def who(client: STSClient) -> str:
            return client.get_caller_identity()["Arn"]

        return await self._read("STS", self._session.call("sts", self._spec.home, who))

    async def sample(self, region: RegionName, releases: Sequence[ReleaseLabel]) -> RegionSample:
        """Look at a region's instances, heartbeats (of these releases too) and queues."""
        at = datetime.now(UTC)
        machines = asyncio.ensure_future(self._instances(region))
        instances, heartbeats, queue = await asyncio.gather(
            machines, self._beats(region, releases, machines, at), self._queue(region)
        )
        return RegionSample(region, at, instances, heartbeats, queue)

    async def ami(self, region: RegionName) -> Reading[str | None]:
        """Return the machine image that new instances take today; None where nothing is to pin."""
        name = self._spec.ami_parameter
        if name is None:
            return Reading(datetime.now(UTC))

        def look_up(client: SSMClient) -> str | None:
            return client.get_parameter(Name=name)["Parameter"].get("Value")

        return await self._read(f"SSM in {region}", self._session.call("ssm", region, look_up))

    async def console_output(self, region: RegionName, instance: InstanceId) -> Reading[str]:
        """Return the last lines of an instance's console. Foreign text, control codes and all."""
        told = self._session.call("ec2", region, lambda client: read_console(client, instance))
        return await self._read(f"EC2 in {region}", told)

    async def user_data(
        self, region: RegionName, instance: InstanceId
    ) -> Reading[SlotTarget | None]:
        """Return what an instance's user data starts; None where it does not tell."""
        told = self._session.call(
            "ec2", region, lambda client: started_target(read_user_data(client, instance))
        )
        return await self._read(f"EC2 in {region}", told)

    async def _instances(self, region: RegionName) -> Reading[tuple[Instance, ...]]:
        fleet = self._spec.fleet
        told = self._session.call("ec2", region, lambda client: read_instances(client, fleet))
        reading = await self._read(f"EC2 in {region}", told)
        if reading.value is not None:
            self._known[region] = reading.value
        return reading

    async def _beats(
        self,
        region: RegionName,
        releases: Sequence[ReleaseLabel],
        machines: Awaitable[Reading[tuple[Instance, ...]]],
        at: datetime,
    ) -> Reading[tuple[Heartbeat, ...]]:
        instances = (await machines).value
        if instances is None:
            # EC2 is silent; those it knew a moment ago can still prove that they live.
            instances = self._known.get(region)
        if instances is None:
            return Reading(at, error="no heartbeat was asked for: the instances are not known")
        deadline = self._spec.heartbeat_deadline
        try:
            async with asyncio.timeout(deadline.total_seconds()):
                return await self._heartbeats.read(region, instances, releases, at)
        except TimeoutError:
            return Reading(at, error=_late(f"{self._heartbeats.name} in {region}", deadline))

    async def _queue(self, region: RegionName) -> Reading[QueueSample]:
        depth, oldest = await asyncio.gather(
            self._read(f"SQS in {region}", self._queues.depth(region)),
            self._read(f"CloudWatch in {region}", self._queues.oldest(region)),
        )
        if depth.value is None:
            return depth
        return replace(depth, value=replace(depth.value, oldest=oldest.value))

    async def _read(self, source: str, answer: Awaitable[T | AwsTrouble]) -> Reading[T]:
        at = datetime.now(UTC)
        try:
            async with asyncio.timeout(self._spec.deadline.total_seconds()):
                told = await answer
        except TimeoutError:
            return Reading(at, error=_late(source, self._spec.deadline))
        if isinstance(told, AwsTrouble):
            return Reading(at, error=told.text)
        return Reading(at, told)


def _late(source: str, deadline: timedelta) -> str:
    return f"{source} did not answer within {deadline.total_seconds():g} s"
