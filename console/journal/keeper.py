"""How is a lease kept while a rollout runs?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from console.engine.ports import Clock, JournalError
from console.journal.lease import LEASE_TERM, Lease, LeaseDesk

_log = logging.getLogger(__name__)


class Keeper:
    """Renews a lease, and knows whether it is still ours."""

    def __init__(self, desk: LeaseDesk, lease: Lease, clock: Clock) -> None:
        """Keep `lease`."""
        self._desk = desk
        self._lease = lease
        self._clock = clock
        self._is_held = True
        self._renewed = clock.now()

    def may_act(self) -> bool:
        """Whether the lease is ours now: asked of the store itself, before each effect."""
        if self._is_held:
            self._renew()
        return self._is_held

    @asynccontextmanager
    async def keeping(self, on_lost: Callable[[], None] = lambda: None) -> AsyncIterator[None]:
        """Renew in the background; give the lease back at the end.

        Args:
            on_lost: called once, when the lease turns out to be somebody else's.
        """
        task = asyncio.create_task(self._renew_while_held(on_lost))
        try:
            yield
        finally:
            task.cancel()
            try:
                self._desk.release(self._lease)
            except JournalError as error:
                _log.warning("the lease could not be given back: %s", error)

    async def _renew_while_held(self, on_lost: Callable[[], None]) -> None:
        while self._is_held:
            await asyncio.sleep(LEASE_TERM.total_seconds() / 3)
            self._renew()
        on_lost()

    def _renew(self) -> None:
        now = self._clock.now()
        try:
            self._is_held = self._desk.renew(self._lease, now)
            self._renewed = now
        except JournalError as error:
            # A full disk is the journal's to report; the lease stays ours until it runs out.
            _log.warning("the lease could not be renewed: %s", error)
            self._is_held = now - self._renewed < LEASE_TERM
