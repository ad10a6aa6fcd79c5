"""How does a source that blocks answer without holding up anybody?

Each look runs in a thread of the source's own and ends at the source's deadline. Regions are asked
apart, so that one whose source hangs delays no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Protocol

from console.adapters.heartbeats.http import Deadline
from console.adapters.heartbeats.report import Report, SourceError, sum_up
from console.domain.fleet import Heartbeat, Instance, Reading, RegionName
from console.domain.release import ReleaseLabel

# Threads are made when they are needed; a region that hangs holds one for each look under way.
_THREADS = 64


class Reports(Protocol):
    """A source that blocks."""

    def look(self, region: str, at: datetime, deadline: Deadline) -> Iterable[Report]:
        """Yield what was reported from `region`; raises SourceError."""


class ThreadedHeartbeats:
    """Implements `ports.HeartbeatSource` on a source that blocks."""

    def __init__(self, name: str, reports: Reports, window: timedelta, timeout: timedelta) -> None:
        """Ask nothing yet.

        Args:
            name: what people call the source.
            reports: the source.
            window: how far back reports count.
            timeout: for one look at one region.
        """
        self.name = name
        self._reports = reports
        self._window = window
        self._timeout = timeout
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="heartbeats")

    async def read(
        self,
        region: RegionName,
        instances: Sequence[Instance],
        releases: Sequence[ReleaseLabel],
        at: datetime,
    ) -> Reading[tuple[Heartbeat, ...]]:
        """Return what the living of `instances` did, or why nobody can tell."""
        loop = asyncio.get_running_loop()
        asked = loop.run_in_executor(self._executor, self._look, region, instances, releases, at)
        return await asked

    def _look(
        self,
        region: RegionName,
        instances: Sequence[Instance],
        releases: Sequence[ReleaseLabel],
        at: datetime,
    ) -> Reading[tuple[Heartbeat, ...]]:
        try:
            reports = list(self._reports.look(region, at, Deadline.after(self._timeout)))
            beats = sum_up(reports, instances, releases, at=at, window=self._window)
        except SourceError as error:
            return Reading(at, error=f"{self.name} in {region}: {error.text}")
        return Reading(at, beats)
