"""How does a watcher read what the tools of another console print?

From their logs, where they are on the same disk: a rollout's journal has no room for them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.domain.events import Entry
    from console.domain.fleet import RegionSample
    from console.domain.rollout import Rollout
    from console.engine.ports import Progress
    from console.engine.stream import Audience
    from console.tui.bridge import Bridge
    from console.tui.surroundings import Surroundings

_EVERY_S = 0.5


class Overhearing:
    """Reads along from the start of the rollout that is shown."""

    def __init__(self, around: Surroundings, bridge: Bridge) -> None:
        """Read through `around` and tell `bridge`."""
        self._around = around
        self._bridge = bridge
        self._heard: Counter[Progress] = Counter()

    def successor(self) -> Audience:
        """Return who hears the engine that takes the rollout up, in place of the bridge.

        It reads the log of what still runs from its beginning; no line is told twice.
        """
        return _Successor(self._bridge, self._heard)

    async def listen(self) -> None:
        """Read along until cancelled."""
        while True:
            rollout = self._bridge.rollout
            if rollout is not None:
                # Off the loop: a log may be large when it is first seen.
                printed = await asyncio.to_thread(self._around.overhear, rollout.started_at)
                for progress in printed:
                    self._heard[progress] += 1
                    self._bridge.progress(progress)
            await asyncio.sleep(_EVERY_S)


class _Successor:
    """Passes on to the bridge what was not overheard before."""

    def __init__(self, bridge: Bridge, heard: Counter[Progress]) -> None:
        self._bridge = bridge
        self._heard = heard
        self._reads_logs = True

    def entry(self, entry: Entry, rollout: Rollout) -> None:
        """Pass a fact on: with the first one, everything has been read that was in a log."""
        self._reads_logs = False
        self._bridge.entry(entry, rollout)

    def progress(self, progress: Progress) -> None:
        """Pass a line on, unless it is a known one that is read once more."""
        if self._reads_logs and self._heard[progress] > 0:
            self._heard[progress] -= 1
            return
        self._bridge.progress(progress)

    def sample(self, sample: RegionSample) -> None:
        """Pass a look on."""
        self._bridge.sample(sample)
