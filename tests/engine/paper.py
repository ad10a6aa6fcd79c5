"""An engine on paper: effects take time on a clock that the tests wind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from console.domain import effects
from console.domain.events import Entry, RolloutStarted, StepStarted
from console.domain.fleet import RegionName, RegionSample
from console.domain.observations import Observation, Sampled
from console.domain.rollout import Rollout
from console.engine.autopilot import Autopilot
from console.engine.engine import Engine
from console.engine.ports import Journal, JournalError, Progress
from console.engine.stream import Stream
from tests.rollout.world import START, PaperWorld

EFFECT_S = 2.0


class LoopClock:
    """The event loop's time, from the start of the paper world on."""

    def __init__(self) -> None:
        self._begun = asyncio.get_running_loop().time()

    def now(self) -> datetime:
        """Return the time that the loop has come to."""
        return START + timedelta(seconds=asyncio.get_running_loop().time() - self._begun)


@dataclass
class PaperJournal:
    """Keeps entries in memory; may fail at one append and at all after it."""

    fails_at: int | None = None
    """Which append fails, counted from 1."""
    entries: list[Entry] = field(default_factory=list)
    appends: int = 0

    def append(self, entries: Sequence[Entry]) -> None:
        """Keep `entries`, or none of them."""
        self.appends += 1
        if self.fails_at is not None and self.appends >= self.fails_at:
            raise JournalError("the disk is full")
        self.entries += entries

    def has_begun(self, effect: effects.Effect) -> bool:
        """Whether the step that `effect` belongs to is on record."""
        assert not isinstance(effect, effects.InterruptTerraform)
        return any(entry.event == StepStarted(effect.at) for entry in self.entries)


@dataclass
class PaperPerformer:
    """Does effects on the paper world, each in a few seconds."""

    world: PaperWorld
    clock: LoopClock
    journal: PaperJournal
    takes: Callable[[effects.Effect], float] = lambda _: EFFECT_S
    """Seconds that an effect takes."""
    begun: list[effects.Effect] = field(default_factory=list)
    ended: list[effects.Effect] = field(default_factory=list)
    unrecorded: list[effects.Effect] = field(default_factory=list)
    """Effects that began before the journal knew of them."""
    interrupts: int = 0
    seen: dict[str, list[datetime]] = field(default_factory=dict)
    """When each region was looked at."""

    async def perform(self, effect: effects.Effect, rollout: Rollout) -> Observation:
        """Do `effect` after its time."""
        self.begun.append(effect)
        if not self.journal.has_begun(effect):
            self.unrecorded.append(effect)
        await asyncio.sleep(self.takes(effect))
        self.ended.append(effect)
        self.world.now = self.clock.now()
        answer = self.world.answer(effect)
        assert answer is not None
        return answer

    async def sample(self, region: RegionName, rollout: Rollout) -> Sampled:
        """Look at a region of the paper world."""
        self.world.now = self.clock.now()
        self.seen.setdefault(region, []).append(self.world.now)
        return Sampled(self.world.sample(region))

    def interrupt(self) -> None:
        """Count the SIGINTs."""
        self.interrupts += 1


class Listener:
    """An audience that remembers, and does something on each entry where a test wants that."""

    def __init__(self, on_entry: Callable[[Entry], None] = lambda _: None) -> None:
        self.entries: list[Entry] = []
        self.samples: list[RegionSample] = []
        self._on_entry = on_entry

    def entry(self, entry: Entry, rollout: Rollout) -> None:
        """Remember a fact."""
        self.entries.append(entry)
        self._on_entry(entry)

    def progress(self, progress: Progress) -> None:
        """Take no note of progress."""

    def sample(self, sample: RegionSample) -> None:
        """Remember a look."""
        self.samples.append(sample)


class Stage:
    """Everything that an engine needs, put together for one test."""

    def __init__(
        self,
        world: PaperWorld,
        *,
        fails_at: int | None = None,
        may_act: Callable[[], bool] = lambda: True,
    ) -> None:
        self.world = world
        self.clock = LoopClock()
        self.journal = PaperJournal(fails_at)
        self.performer = PaperPerformer(world, self.clock, self.journal)
        self.stream = Stream()
        journal: Journal = self.journal
        self.engine = Engine(journal, self.performer, self.stream, self.clock, may_act=may_act)
        self.stream.join(Autopilot(self.engine.send))

    async def run(self, start: RolloutStarted) -> Rollout:
        """Run a rollout to its end."""
        return await self.engine.run(start)
