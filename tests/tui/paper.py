"""A console over a fleet on paper: the real engine, the real screens, effects that a test holds.

Every effect waits until the test lets it go, so that each moment of a rollout can be looked at.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from textual.pilot import Pilot

from console.domain import effects
from console.domain.commands import Command
from console.domain.events import Entry, RolloutStarted
from console.domain.failure import Failure
from console.domain.fleet import (
    InstanceId,
    Reading,
    RegionName,
    RegionSample,
    RegionState,
    UnitName,
)
from console.domain.observations import Observation, Sampled
from console.domain.policy import Policy
from console.domain.release import ReleaseLabel
from console.domain.rollout import Rollout
from console.domain.scaling import rules_of
from console.domain.signs import Mode
from console.engine.engine import Engine
from console.engine.ports import Progress, ProgressKind
from console.engine.stream import Stream
from console.tui.app import ConsoleApp
from console.tui.conductor import Conductor
from console.tui.leaving import Leaving
from console.tui.screens.confirm import ConfirmScreen
from console.tui.surroundings import Choice, Handle, Proposal, Surroundings
from tests.rollout.world import PaperWorld

BY = "ada@host"

_LOOK_EVERY_S = 0.05
_MOST_LOOKS = 1200
"""A minute of them at least: that ends a test that fails, not one that is slow."""


class SystemClock:
    """The machine's clock, which a test can put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        """Return the time now."""
        return datetime.now(UTC) + self.ahead


class PaperJournal:
    """Keeps entries in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Entry]] = {}

    def append(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self.kept.setdefault(entry.rollout, []).append(entry)

    def rollouts(self) -> Sequence[str]:
        return tuple(reversed(self.kept))

    def read(self, rollout: str, after: int) -> Sequence[Entry]:
        return tuple(e for e in self.kept.get(rollout, ()) if e.seq > after)


@dataclass
class PaperPerformer:
    """Answers effects from the paper world, once each is let go."""

    world: PaperWorld
    clock: SystemClock = field(default_factory=SystemClock)
    holds: set[type] = field(default_factory=set)
    """Effects of these types wait until they are taken out of this set."""
    interrupted: int = 0
    lines: list[Progress] = field(default_factory=list)
    """What every apply prints."""
    stream: Stream | None = None

    async def perform(self, effect: effects.Effect, rollout: Rollout) -> Observation:
        import asyncio

        if isinstance(effect, effects.ApplyPlan) and self.stream is not None:
            for line in self.lines:
                self.stream.progress(line)
        while type(effect) in self.holds:
            await asyncio.sleep(0.01)
        self.world.now = self.clock.now()
        answer = self.world.answer(effect)
        assert answer is not None
        return answer

    async def sample(self, region: RegionName, rollout: Rollout) -> Sampled:
        return Sampled(self.look(region))

    def look(self, region: RegionName) -> RegionSample:
        self.world.now = self.clock.now()
        return self.world.sample(region)

    def interrupt(self) -> None:
        self.interrupted += 1


@dataclass
class Paper:
    """Everything around a console, on paper."""

    world: PaperWorld
    policy: Policy
    environment: str = "test"
    performer: PaperPerformer = field(init=False)
    journal: PaperJournal = field(default_factory=PaperJournal)
    sent: list[Command] = field(default_factory=list)
    """Every command that reached the engine."""
    engine: Engine | None = None
    failure: Exception | None = None
    """What rolling out raises at once."""
    console: str = "launcher started"
    mangle: Callable[[RegionSample], RegionSample] = lambda sample: sample
    is_ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.performer = PaperPerformer(self.world)

    async def roll_out(self, choice: Choice, attach: Callable[[Handle], None]) -> Rollout:
        if self.failure is not None:
            raise self.failure
        stream = Stream()
        self.performer.stream = stream
        clock = self.performer.clock
        engine = self.engine = Engine(self.journal, self.performer, stream, clock)

        def send(command: Command) -> None:
            self.sent.append(command)
            engine.send(command)

        attach(Handle(send, stream.join))
        started = RolloutStarted(
            f"r{len(self.journal.kept) + 1}",
            "checks",
            self.environment,
            choice.label,
            choice.image,
            self.policy if choice.scale is None else rules_of(self.policy, choice.scale),
            BY,
            scale=choice.scale,
        )
        try:
            return await engine.run(started)
        finally:
            self.is_ended.set()

    async def sample(self, region: RegionName, _: Sequence[ReleaseLabel]) -> RegionSample:
        return self.mangle(self.performer.look(region))

    async def state(self, unit: UnitName) -> Mapping[RegionName, RegionState] | Failure:
        regions = next(u.regions for u in self.policy.units if u.name == unit)
        return {region: self.world.state(region) for region in regions}

    async def console_output(self, region: RegionName, instance: InstanceId) -> Reading[str]:
        return Reading(self.performer.clock.now(), self.console)

    async def identity(self) -> str:
        return "arn:aws:sts::123456789012:assumed-role/release/ada"

    async def propose(self) -> Proposal:
        return Proposal("0.9.1", ("0.9.0", "0.8.7"))

    def around(self) -> Surroundings:
        return Surroundings(
            fleet="checks",
            environment=self.environment,
            operator=BY,
            policy=self.policy,
            clock=self.performer.clock,
            sample=self.sample,
            state=self.state,
            console_output=self.console_output,
            rollouts=self.journal.rollouts,
            entries=self.journal.read,
            lease=lambda: f"{BY} since 16:58",
            identity=self.identity,
            propose=self.propose,
            roll_out=self.roll_out,
            sample_every=timedelta(seconds=0.2),
            state_every=timedelta(seconds=0.5),
        )

    @property
    def rollout(self) -> Rollout:
        """The engine's own rollout."""
        assert self.engine is not None
        assert self.engine.rollout is not None
        return self.engine.rollout


@dataclass
class Shown:
    """A console that is on the screen."""

    app: ConsoleApp
    pilot: Pilot[Leaving]
    conductor: Conductor

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until `holds`."""
        for _ in range(_MOST_LOOKS):
            await self.pilot.pause(_LOOK_EVERY_S)
            if holds():
                return
        raise AssertionError(f"not within {_MOST_LOOKS} looks; the screen shows:\n{self.text()}")

    def text(self) -> str:
        """Return what is on the screen, line by line."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    async def sees(self, text: str) -> None:
        """Wait until `text` is on the screen."""
        await self.until(lambda: text in self.text())

    async def say_yes(self, opens: str = "a") -> None:
        """Open the question, read it, and say yes."""
        if opens == "a":
            await self.until(lambda: self.is_asked)
        await self.pilot.press(opens)
        await self.reads_the_question()
        await self.pilot.press("y")

    @property
    def is_asked(self) -> bool:
        """Whether the engine waits for an answer, and the screen knows."""
        rollout = self.app.scene.rollout
        return rollout is not None and bool(rollout.questions)

    async def reads_the_question(self) -> None:
        """Wait until a yes to the question on the screen would count, however slow the machine."""

        def is_read() -> bool:
            screen = self.app.screen
            return isinstance(screen, ConfirmScreen) and screen.can_have_been_read

        await self.until(is_read)


@asynccontextmanager
async def console(
    paper: Paper,
    size: tuple[int, int] = (120, 36),
    *,
    choice: Choice | None = Choice(ReleaseLabel("0.9.1")),  # noqa: B008 - frozen
    mode: Mode = Mode.OPERATE,
    **changes: object,
) -> AsyncIterator[Shown]:
    """Show a console, and end everything behind it afterwards."""
    around = replace(paper.around(), **changes)  # type: ignore[arg-type]
    conductor = Conductor(around)
    app = ConsoleApp(conductor, mode=mode, choice=choice)
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            yield Shown(app, pilot, conductor)
    finally:
        conductor.close()


def output(text: str, unit: str = "us-east-1") -> Progress:
    """Return a line that a tool printed."""
    return Progress(ProgressKind.OUTPUT, text, UnitName(unit))
