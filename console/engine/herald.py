"""How do those who are away hear of a rollout, and of a region in which nothing happens?

An audience beside all others: it hears what is published, and no rollout waits for it. Each
recipient has a queue of its own, so that one that hangs holds up no other. No floods: what has
gathered for a recipient is sent as one message, and nothing is told twice within a while.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from console.domain.notification import Message, merged, message_of, of_waiting
from console.domain.vocabulary import Occasion
from console.engine.ports import Clock, Notifications

if TYPE_CHECKING:
    from console.domain.events import Entry
    from console.domain.fleet import RegionSample
    from console.domain.rollout import Rollout
    from console.engine.ports import Progress

_log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(minutes=10)
"""The same occasion of the same rollout is told again only after this."""

WAITED = timedelta(seconds=30)
"""A question that stands for as long waits for somebody who is away."""

_GATHER_S = 0.5
"""What is told within this makes one message: a whole cloud that falls silent, say."""

_CLOSING_S = 15.0


class Herald:
    """Tells every recipient what it asked to be told of."""

    def __init__(
        self,
        notifications: Notifications,
        clock: Clock,
        trouble: Callable[[str], None],
        *,
        waited: timedelta = WAITED,
    ) -> None:
        """Tell nobody yet.

        Args:
            notifications: who is told, and how.
            clock: the only source of time.
            trouble: takes the sentence that says who could not be told.
            waited: how long a question stands before somebody is told that it waits.
        """
        self._notifications = notifications
        self._clock = clock
        self._trouble = trouble
        self._waited = waited
        self._told: dict[tuple[Occasion, str], datetime] = {}
        self._queues: dict[int, list[Message]] = {}
        self._sending: dict[int, asyncio.Task[None]] = {}
        self._rollout: Rollout | None = None
        self._asking: asyncio.Task[None] | None = None
        self._is_closing = False

    def entry(self, entry: Entry, rollout: Rollout) -> None:
        """Tell a fact, if it is one to be told."""
        self._rollout = rollout
        message = message_of(entry.event, rollout)
        if message is not None and self._is_new(message):
            self.tell(message)
        if rollout.questions and (self._asking is None or self._asking.done()):
            self._asking = asyncio.ensure_future(self._ask())

    def progress(self, progress: Progress) -> None:
        """Tell nobody how far a tool is."""

    def sample(self, sample: RegionSample) -> None:
        """Tell nobody of single looks."""

    def tell(self, message: Message) -> None:
        """Tell `message` to everybody who asked to be told of its occasion."""
        for index, recipient in enumerate(self._notifications.recipients):
            if message.occasion in recipient.occasions:
                self._queues.setdefault(index, []).append(message)
                if index not in self._sending or self._sending[index].done():
                    self._sending[index] = asyncio.ensure_future(self._send(index))

    async def close(self, within: float = _CLOSING_S) -> None:
        """Let what is queued go out, for so many seconds; then leave the rest untold."""
        self._is_closing = True
        if self._asking is not None:
            self._asking.cancel()
        if self._sending:
            _, late = await asyncio.wait(self._sending.values(), timeout=within)
            for task in late:
                task.cancel()
            if late:
                self._trouble("not everybody could be notified in time; the journal has it all")

    def _is_new(self, message: Message) -> bool:
        key, now = (message.occasion, message.about), self._clock.now()
        told = self._told.get(key)
        if told is not None and now - told < AGAIN_AFTER:
            return False
        self._told[key] = now
        return True

    async def _ask(self) -> None:
        """Tell that a question waits, once one has waited for long enough."""
        while self._rollout is not None and self._rollout.questions:
            asked = self._rollout.questions[0][0]
            await asyncio.sleep(self._waited.total_seconds())
            is_same = self._rollout.questions[:1] and self._rollout.questions[0][0] == asked
            message = of_waiting(self._rollout) if is_same else None
            if message is not None and self._is_new(message):
                self.tell(message)

    async def _send(self, index: int) -> None:
        """Send what gathers for one recipient, until nothing is left."""
        while self._queues.get(index):
            if not self._is_closing:
                await asyncio.sleep(_GATHER_S)
            message = merged(self._queues.pop(index))
            try:
                failure = await self._notifications.send(index, message)
            except Exception:  # noqa: BLE001 - a bug in a service's plugin costs one message
                _log.exception("a bug while notifying")
                failure = "a bug, which the log tells"
            if failure is not None:
                name = self._notifications.recipients[index].name
                _log.warning("%s was not notified: %s", name, failure)
                self._trouble(
                    f"{name} was not notified ({message.occasion.value}): {failure}; "
                    "release-console notify test tries it"
                )
