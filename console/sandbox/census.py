"""How many instances of each region are healthy, and what was the fewest at any moment?

Healthy: the launcher's process lives, the instance was not told to stop, and it has worked: a
result came from it, or it has published metrics.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.sandbox.machines import Machines

SAMPLE_SECONDS = 0.5
"""How often the healthy instances are counted."""


class Census:
    """Counts healthy instances from the moment a region is complete for the first time."""

    def __init__(self, machines: Machines, regions: Mapping[str, int]) -> None:
        self._machines = machines
        self._regions = regions
        self._proven: set[str] = set()
        self.is_counting = True
        """Set to False when the world goes down, which is no loss of health."""
        self.min_healthy: dict[str, int] = {}
        """Per region; a region is absent until it was complete once."""

    def note_work(self, instance: str) -> None:
        """An instance has shown that it works."""
        self._proven.add(instance)

    def healthy(self, region: str) -> int:
        """How many instances of a region are healthy now."""
        return sum(
            machine.runs_its_launcher and machine.identity in self._proven
            for machine in self._machines.of_region(region)
        )

    def has_worker(self, region: str) -> bool:
        """Whether any instance of a region is healthy now."""
        return self.healthy(region) > 0

    def has_launcher(self, region: str) -> bool:
        """Whether any instance of a region runs its launcher, whatever that has shown so far."""
        return any(machine.runs_its_launcher for machine in self._machines.of_region(region))

    async def count_for_ever(self) -> None:
        """Count until cancelled."""
        while self.is_counting:
            self.count()
            await asyncio.sleep(SAMPLE_SECONDS)

    def count(self) -> None:
        """Count once."""
        for region, wanted in self._regions.items():
            now = self.healthy(region)
            if region in self.min_healthy:
                self.min_healthy[region] = min(now, self.min_healthy[region])
            elif now >= wanted:
                self.min_healthy[region] = wanted
