"""Which heartbeats does CloudWatch know?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from console.adapters.aws.heartbeats import Heartbeats, pairs_of
from console.adapters.aws.metrics import Workers, ask
from console.adapters.aws.session import AwsSession, AwsTrouble
from console.domain.fleet import Heartbeat, Instance, Reading, RegionName
from console.domain.release import ReleaseLabel

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient


class CloudWatchHeartbeats:
    """Implements `ports.HeartbeatSource` on GetMetricData."""

    name = "CloudWatch"

    def __init__(
        self, session: AwsSession, workers: Workers, interval: timedelta, window: timedelta
    ) -> None:
        """Ask nothing yet; see `Heartbeats`."""
        self._session = session
        self._heartbeats = Heartbeats(workers, interval, window)

    async def read(
        self,
        region: RegionName,
        instances: Sequence[Instance],
        releases: Sequence[ReleaseLabel],
        at: datetime,
    ) -> Reading[tuple[Heartbeat, ...]]:
        """Return what the living of `instances` did, or why nobody can tell."""
        pairs = pairs_of(instances, releases)

        def look(client: CloudWatchClient) -> tuple[Heartbeat, ...]:
            return self._heartbeats.read(partial(ask, client), region, pairs, at)

        told = await self._session.call("cloudwatch", region, look)
        if isinstance(told, AwsTrouble):
            return Reading(at, error=told.text)
        return Reading(at, told)
