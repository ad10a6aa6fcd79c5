"""Instances, and a look at what a source tells of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from console.adapters.heartbeats.threaded import Reports, ThreadedHeartbeats
from console.domain.fleet import (
    Heartbeat,
    Instance,
    InstanceId,
    Reading,
    RegionName,
    SlotTarget,
)
from console.domain.release import ImageRef, ReleaseLabel

DIGEST = f"sha256:{'0123456789ab' * 5}0123"
REGION = RegionName("eu-west-1")
WINDOW = timedelta(minutes=15)


def running(identity: str = "i-0a", release: str = "1") -> Instance:
    target = SlotTarget(ReleaseLabel(release), ImageRef(f"checks@{DIGEST}"))
    return Instance(InstanceId(identity), "running", target=target)


def read(
    reports: Reports,
    *instances: Instance,
    releases: tuple[str, ...] = (),
    timeout: timedelta = timedelta(seconds=60),
    at: datetime | None = None,
) -> Reading[tuple[Heartbeat, ...]]:
    source = ThreadedHeartbeats("the source", reports, WINDOW, timeout)
    labels = [ReleaseLabel(release) for release in releases]
    return asyncio.run(
        source.read(REGION, instances or (running(),), labels, at or datetime.now(UTC))
    )


def beats_of(reading: Reading[tuple[Heartbeat, ...]]) -> tuple[Heartbeat, ...]:
    assert reading.error is None
    return reading.value or ()
