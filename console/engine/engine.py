"""How is a rollout run?

One mailbox. For each input: decide, append the events to the journal (durable), tell the audiences,
start the effects. Each effect's result comes back into the mailbox as an observation.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from console.domain.commands import Recover
from console.domain.effects import Effect, InterruptTerraform
from console.domain.events import RolloutStarted
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName, RegionSample
from console.domain.machine import Decision, Input, begin, beside, decide
from console.domain.observations import Failed, Observation, Sampled, Ticked
from console.domain.rollout import Rollout
from console.domain.verification import compared, watched
from console.engine.ports import Clock, Journal, JournalError
from console.engine.stream import Stream

_log = logging.getLogger(__name__)

# Deadlines and bakes are told to the second; nothing finer is shown.
_TICK_S = 1.0


class Performer(Protocol):
    """Does an effect in the world."""

    async def perform(self, effect: Effect, rollout: Rollout) -> Observation:
        """Do it and return what came of it. What this raises is a bug."""

    async def sample(self, region: RegionName, rollout: Rollout) -> Sampled:
        """Look at a region."""

    def interrupt(self) -> None:
        """Send the one SIGINT that running Terraform processes may get."""


class Engine:
    """Runs one rollout to its end."""

    def __init__(
        self,
        journal: Journal,
        performer: Performer,
        stream: Stream,
        clock: Clock,
        *,
        may_act: Callable[[], bool] = lambda: True,
    ) -> None:
        """Put the parts together.

        Args:
            journal: where facts are made durable before anything is done about them.
            performer: does the effects.
            stream: who is told.
            clock: the only source of time.
            may_act: whether the lease is still ours; asked before each effect.
        """
        self._journal = journal
        self._performer = performer
        self._stream = stream
        self._clock = clock
        self._may_act = may_act
        self._mailbox: asyncio.Queue[Input | JournalError] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sampling: dict[RegionName, asyncio.Task[None]] = {}
        self._untouched: dict[RegionName, RegionSample] = {}
        """The newest look at each region that others are compared with."""
        self.rollout: Rollout | None = None
        self.bug: BaseException | None = None
        """What an effect raised; the rollout ends in order all the same."""

    def send(self, received: Input) -> None:
        """Put a command or an observation into the mailbox."""
        self._mailbox.put_nowait(received)

    def give_up(self, reason: JournalError) -> None:
        """Start nothing more, wait for what runs, and raise `reason`."""
        self._mailbox.put_nowait(reason)

    async def run(self, started: RolloutStarted) -> Rollout:
        """Begin a rollout and return it when it is finished.

        Raises:
            JournalError: the journal could not be written. Nothing new was started after that,
                and what ran was waited for.
        """
        return await self._drive(begin(started, self._clock.now()))

    async def proceed(self, rollout: Rollout, received: Input) -> Rollout:
        """Take up a rollout that was read from its journal, with one more input.

        It comes back at once, as it was, where the input means nothing now: nothing is under way
        here whose end could be waited for.
        """
        first = decide(rollout, received, self._clock.now())
        return await self._drive(first) if first.entries or not self._is_idle else rollout

    async def make_beside(self, rollout: Rollout, command: Recover) -> Rollout:
        """Make a move in a rollout that stays as its dead console left it, and come back."""
        first = beside(rollout, command, self._clock.now())
        return await self._drive(first, beside, lambda now: not now.open_moves or self._is_idle)

    @property
    def _is_idle(self) -> bool:
        """Whether nothing is under way here, and nothing has come that was not looked at."""
        return not self._tasks and self._mailbox.empty()

    def _is_over(self, rollout: Rollout) -> bool:
        """Whether nothing is to be waited for: after the end, only what is being done here."""
        return rollout.is_at_rest or (rollout.is_finished and self._is_idle)

    async def _drive(
        self,
        first: Decision,
        follow: Callable[[Rollout, Input, datetime], Decision] = decide,
        is_over: Callable[[Rollout], bool] | None = None,
    ) -> Rollout:
        is_over = is_over or self._is_over
        ticker = asyncio.create_task(self._tick())
        try:
            rollout = self._commit(first)
            while not is_over(rollout):
                received = await self._mailbox.get()
                if isinstance(received, JournalError):
                    raise received
                rollout = self._commit(follow(rollout, received, self._clock.now()))
            return rollout
        finally:
            ticker.cancel()
            for task in self._sampling.values():
                task.cancel()
            # Terraform is never abandoned: whatever was started is waited for.
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _commit(self, decision: Decision) -> Rollout:
        """Journal, then tell, then act: in this order, and never otherwise."""
        if decision.entries:
            self._journal.append(decision.entries)
        self.rollout = decision.rollout
        for entry in decision.entries:
            self._stream.entry(entry, decision.rollout)
        for effect in decision.effects:
            self._start(effect, decision.rollout)
        self._look_around(decision.rollout)
        return decision.rollout

    def _start(self, effect: Effect, rollout: Rollout) -> None:
        if isinstance(effect, InterruptTerraform):
            self._performer.interrupt()
        elif not self._may_act():
            lost = "the lease on this fleet was lost: somebody else took it over"
            self.send(Failed(effect.at, Failure(FailureKind.LOCKED, lost)))
        else:
            self._spawn(self._perform(effect, rollout))

    async def _perform(self, effect: Effect, rollout: Rollout) -> None:
        try:
            self.send(await self._performer.perform(effect, rollout))
        except Exception as bug:  # noqa: BLE001 - kept in `bug`, told in the outcome
            assert not isinstance(effect, InterruptTerraform)  # has no result to wait for  # noqa: S101
            _log.exception("a bug in %s", effect.at)
            self.bug = bug
            message = f"a bug in release-console stopped {effect.at}: {bug!r}"
            self.send(Failed(effect.at, Failure(FailureKind.INCONCLUSIVE, message)))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            if self.rollout is not None and watched(self.rollout):
                self.send(Ticked())
                self._look_around(self.rollout)

    def _look_around(self, rollout: Rollout) -> None:
        """Look at every region that something hangs on now and that nobody is looking at."""
        beside = compared(rollout)
        self._untouched = {
            name: self._untouched[name] for name in beside if name in self._untouched
        }
        for region in (*watched(rollout), *beside):
            if region not in self._sampling or self._sampling[region].done():
                self._sampling[region] = asyncio.create_task(self._sample(region))

    async def _sample(self, region: RegionName) -> None:
        """Look at one region, then rest; each region on its own, so that none waits for another."""
        assert self.rollout is not None  # only sampled while one runs  # noqa: S101
        try:
            seen = await self._performer.sample(region, self.rollout)
        except Exception as bug:  # noqa: BLE001 - no sample is no data, which no gate passes
            _log.exception("a bug while looking at %s", region)
            self.bug = bug
            return
        self._stream.sample(seen.sample)
        if region in compared(self.rollout):
            self._untouched[region] = seen.sample
        self.send(replace(seen, untouched=tuple(self._untouched.values())))
        await asyncio.sleep(self.rollout.policy.sample_every.total_seconds())

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


__all__ = ["Engine", "JournalError", "Performer"]
