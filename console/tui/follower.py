"""How does a console read along what another one does?

From the journal alone: new entries every quarter of a second, each folded in as the engine did. It
holds no lease, sends no command and starts nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from console.domain.evolve import evolve
from console.engine.ports import JournalError

if TYPE_CHECKING:
    from console.domain.rollout import Rollout
    from console.tui.bridge import Bridge
    from console.tui.lookout import Lookout
    from console.tui.surroundings import Surroundings

_EVERY_S = 0.25


class Follower:
    """Reads the newest rollout's journal, and changes to a newer one when there is one."""

    def __init__(self, around: Surroundings, bridge: Bridge, lookout: Lookout) -> None:
        """Read through `around` and tell `bridge`; `lookout` hears of changed states."""
        self._around = around
        self._bridge = bridge
        self._lookout = lookout
        self._rollout: Rollout | None = None

    async def follow(self, only: str | None = None) -> None:
        """Follow until cancelled.

        Args:
            only: the rollout to follow; None for whichever is the newest.
        """
        is_unreadable = False
        while True:
            try:
                self._read(only)
            except (JournalError, ValueError) as error:
                is_unreadable = True
                self._bridge.trouble(f"the journal cannot be read: {error}")
            else:
                # Only our own trouble is over: why a rollout could not be taken up stays there.
                if is_unreadable:
                    self._bridge.trouble("")
                is_unreadable = False
            await asyncio.sleep(_EVERY_S)

    def _read(self, only: str | None) -> None:
        newest = only or next(iter(self._around.rollouts()), None)
        if newest is None:
            return
        if self._rollout is None or self._rollout.id != newest:
            self._rollout = None
        after = self._rollout.seq if self._rollout is not None else 0
        for entry in self._around.entries(newest, after):
            self._rollout = evolve(self._rollout, entry)
            self._bridge.entry(entry, self._rollout)
            self._lookout.entry(entry, self._rollout)
