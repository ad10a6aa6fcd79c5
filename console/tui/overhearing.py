"""How does a watcher read what the tools of another console print?

From their logs, where they are on the same disk: a rollout's journal has no room for them.
"""

from __future__ import annotations

import asyncio

from console.tui.bridge import Bridge
from console.tui.surroundings import Surroundings

_EVERY_S = 0.5


class Overhearing:
    """Reads along from the start of the rollout that is shown."""

    def __init__(self, around: Surroundings, bridge: Bridge) -> None:
        """Read through `around` and tell `bridge`."""
        self._around = around
        self._bridge = bridge

    async def listen(self) -> None:
        """Read along until cancelled."""
        while True:
            rollout = self._bridge.rollout
            if rollout is not None:
                # Off the loop: a log may be large when it is first seen.
                printed = await asyncio.to_thread(self._around.overhear, rollout.started_at)
                for progress in printed:
                    self._bridge.progress(progress)
            await asyncio.sleep(_EVERY_S)
