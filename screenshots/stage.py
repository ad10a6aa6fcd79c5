"""How does the real app come to stand at one moment of a recording?

Its surroundings are recorded: the clock stands still, AWS and Terraform answer with what was seen
at that moment, and the journal is the recorded one. Everything in between is the product.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from textual.pilot import Pilot
from textual.widgets import Input

from console.domain.abridged import abridged
from console.domain.events import Entry, RolloutFinished, RolloutStarted
from console.domain.evolve import evolve, replay
from console.domain.failure import Failure
from console.domain.figures import Figures, figures_of
from console.domain.fleet import (
    InstanceId,
    Reading,
    RegionName,
    RegionSample,
    RegionState,
    UnitName,
)
from console.domain.recovery.advice import Advice
from console.domain.recovery.situation import Situation
from console.domain.release import ReleaseLabel
from console.domain.rollout import Rollout
from console.domain.signs import Mode
from console.tui.app import ConsoleApp
from console.tui.conductor import Conductor
from console.tui.leaving import Leaving
from console.tui.surroundings import Choice, Handle, Proposal, Surroundings
from screenshots.advice import advised
from screenshots.clock import StoppedClock
from screenshots.recording import Recording
from screenshots.rehearsal import IDENTITY, console_output
from screenshots.world import PATIENCE

_WINDOW = timedelta(minutes=15)
_SELDOM = timedelta(days=1)
"""Nothing changes while a picture is taken, and nobody needs to look twice."""
_REST_S = 0.02
_MOST_S = 20.0
_SURELY_IN_SIGHT = 30
"""So much of a line is not cut at its right end, however narrow the screen is."""


@dataclass
class Stage:
    """One moment of a recording, with everything around the screens."""

    recording: Recording
    """What was known by then."""
    moment: datetime
    earlier: Sequence[Recording] = ()
    """Rollouts that had ended before, the newest first."""
    mode: Mode = Mode.OPERATE
    begins: bool = True
    """Whether the rollout has begun; the start form is shown before that."""
    errors: Mapping[RegionName, str] = field(default_factory=dict)
    """Regions whose API answers with an error now."""
    _is_open: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def started(self) -> RolloutStarted:
        """How the rollout was asked for."""
        event = self.recording.entries[0].event
        if not isinstance(event, RolloutStarted):
            raise TypeError("a recording begins with the start of a rollout")
        return event

    @property
    def label(self) -> ReleaseLabel:
        """The release that is rolled out."""
        return self.started.label

    def around(self) -> Surroundings:
        """Return what the app is given instead of the world."""
        started = self.started
        return Surroundings(
            fleet=started.fleet,
            environment=started.environment,
            operator=started.by,
            policy=started.policy,
            clock=StoppedClock(self.moment),
            sample=self._sample,
            state=self._state,
            console_output=self._console_output,
            rollouts=lambda: tuple(self._journal()),
            entries=lambda name, after: [e for e in self._journal()[name] if e.seq > after],
            figures=self._figures,
            lease=self._lease,
            identity=self._identity,
            propose=self._propose,
            roll_out=self._roll_out if self.mode is Mode.OPERATE else None,
            advise=self._advise,
            sample_every=_SELDOM,
            state_every=_SELDOM,
            boot_allowance=PATIENCE,
        )

    def open(self) -> None:
        """Let the regions be looked at, now that the screen knows what was seen before."""
        self._is_open.set()

    def newest(self, region: RegionName) -> RegionSample:
        """Return what was seen last of a region, as if it had been seen right now."""
        seen = [sample for sample in self.recording.samples if sample.region == region][-1]
        error = self.errors.get(region)
        if error is None:
            return seen
        return RegionSample(
            region,
            self.moment,
            Reading(self.moment, error=error),
            Reading(self.moment, error=error),
            Reading(self.moment, error=error),
        )

    def seen_before(self) -> Sequence[RegionSample]:
        """Return what was seen of the regions before the last look, in the order of time."""
        last = {self.newest(spec.name) for spec in self.started.policy.regions}
        return [sample for sample in self.recording.samples if sample not in last]

    async def _sample(self, region: RegionName, _: Sequence[ReleaseLabel]) -> RegionSample:
        await self._is_open.wait()
        return self.newest(region)

    async def _state(self, unit: UnitName) -> Mapping[RegionName, RegionState] | Failure:
        regions = self.started.policy.unit(unit).regions
        return {region: self.recording.state(region) for region in regions}

    async def _advise(
        self, regions: Sequence[RegionName] | None
    ) -> Sequence[tuple[Situation, Advice]]:
        policy = self.started.policy
        names = regions or [spec.name for spec in policy.regions]
        seen = [(self.recording.state(name), self.newest(name)) for name in names]
        past = (replay(entries) for entries in self._journal().values())
        told = [rollout for rollout in past if rollout is not None]
        return advised(seen, told, policy, self.moment)

    async def _console_output(self, region: RegionName, _: InstanceId) -> Reading[str]:
        return Reading(self.moment, console_output(region, self.label))

    def _figures(self, rollout: str) -> Sequence[Figures]:
        """Return what would have been kept of a recorded rollout."""
        known = (self.recording, *self.earlier)
        seen = next((r.samples for r in known if r.entries[0].rollout == rollout), ())
        silent_after = self.started.policy.silent_after
        ordered = sorted(seen, key=lambda sample: sample.at)
        return [figures_of(sample, silent_after, _WINDOW) for sample in ordered]

    def _journal(self) -> dict[str, tuple[Entry, ...]]:
        current = (self.recording,) if self.begins else ()
        return {r.entries[0].rollout: r.entries for r in (*current, *self.earlier)}

    @property
    def is_under_way(self) -> bool:
        """Whether a rollout has begun and not ended."""
        return self.begins and not isinstance(self.recording.entries[-1].event, RolloutFinished)

    def _lease(self) -> str:
        since = self.recording.entries[0].at
        return f"{self.started.by} since {since:%H:%M}" if self.is_under_way else ""

    async def _identity(self) -> str:
        return IDENTITY

    async def _propose(self) -> Proposal:
        known = [r.entries[0].event for r in self.earlier]
        labels = (event.label for event in known if isinstance(event, RolloutStarted))
        return Proposal(self.label, tuple(labels))

    async def _roll_out(self, _: Choice, attach: Callable[[Handle], None]) -> Rollout:
        """Stand where the recording stands, for as long as anybody looks."""
        attach(Handle(lambda _: None, lambda _: None))
        await asyncio.Event().wait()
        raise AssertionError("nothing sets that event")


@dataclass(frozen=True, slots=True)
class Shown:
    """The app at a moment."""

    app: ConsoleApp
    pilot: Pilot[Leaving]

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until `holds`.

        Raises:
            TimeoutError: when it never does.
        """
        for _ in range(int(_MOST_S / _REST_S)):
            if holds():
                return
            await self.pilot.pause(_REST_S)
        raise TimeoutError(f"{what}: not within {_MOST_S} s; the screen shows:\n{self.text()}")

    def text(self) -> str:
        """Return what is on the screen, line by line."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    async def sees(self, text: str) -> None:
        """Wait until `text` is on the screen."""
        await self.until(lambda: text in self.text(), f"{text!r} is on the screen")

    async def press(self, keys: Sequence[str]) -> None:
        """Press keys one after another; what stands in quotes is a text to wait for instead."""
        for key in keys:
            if len(key) > 1 and key.startswith("'"):
                await self.sees(key.strip("'"))
            else:
                await self.pilot.press(key)

    async def rest(self) -> None:
        """Wait until nothing moves on the screen any more."""
        for field_ in self.app.screen.query(Input):
            field_.cursor_blink = False
        await self._alike(self.text, 3)

    async def picture(self) -> str:
        """Return the screen as an SVG, once it has come to rest."""
        await self.rest()
        return await self._alike(lambda: self.app.export_screenshot(title="release-console"), 2)

    async def _alike(self, look: Callable[[], str], times: int) -> str:
        """Return what `look` sees, once that is the same so many times in a row."""
        seen: list[str] = []
        while len(seen) < times or len(set(seen[-times:])) > 1:
            await self.pilot.pause(_REST_S)
            seen.append(look())
        return seen[-1]


@asynccontextmanager
async def shown(
    stage: Stage, size: tuple[int, int] = (120, 36), theme: str = ""
) -> AsyncIterator[Shown]:
    """Show `stage`, and take everything down afterwards.

    Args:
        stage: what to show.
        size: columns and rows.
        theme: the theme's name; empty for the dark one.
    """
    conductor = Conductor(replace(stage.around(), theme=theme))
    begun = stage.begins and stage.mode is Mode.OPERATE
    app = ConsoleApp(conductor, mode=stage.mode, choice=Choice(stage.label) if begun else None)
    app.animation_level = "none"
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            view = Shown(app, pilot)
            await _tell(stage, conductor, view)
            yield view
    finally:
        conductor.close()


async def _tell(stage: Stage, conductor: Conductor, view: Shown) -> None:
    """Let the screen hear what was recorded, in the order in which a console hears it."""
    scene, bridge = view.app.scene, conductor.bridge
    seq = stage.recording.entries[-1].seq
    if stage.begins and stage.mode is Mode.OPERATE:
        rollout: Rollout | None = None
        for entry in stage.recording.entries:
            rollout = evolve(rollout, entry)
            bridge.entry(entry, rollout)
    if stage.begins:
        # The journal comes first: what counts as new on the chart is the release of the rollout.
        await view.until(
            lambda: scene.rollout is not None and scene.rollout.seq == seq, "the journal is read"
        )
    for sample in stage.seen_before():
        bridge.sample(sample)
        scene.take(bridge.fetch())
    await view.until(lambda: bool(scene.around.identity), "AWS has told who we are")
    if stage.is_under_way:
        await view.until(lambda: bool(scene.around.lease), "the lease is known")
    if stage.earlier:
        await view.until(lambda: bool(scene.expected), "earlier rollouts are read")
    names = [spec.name for spec in stage.started.policy.regions]
    await view.until(lambda: all(scene.state(n) for n in names), "the states are read")
    conductor.backstage.call(stage.open)
    await view.until(
        lambda: all(_is_seen(scene.sample(name), stage, name) for name in names),
        "the regions are seen",
    )
    if stage.begins and stage.mode is Mode.OPERATE and stage.recording.lines:
        # Last: what scrolls along shall find its place laid out.
        await view.pilot.pause()
        for told in stage.recording.lines:
            bridge.progress(told.progress)
        newest = stage.recording.lines[-1].progress.message
        await view.sees(abridged(newest)[:_SURELY_IN_SIGHT])
    await view.rest()


def _is_seen(sample: RegionSample | None, stage: Stage, region: RegionName) -> bool:
    if sample is None:
        return False
    error = stage.errors.get(region)
    return sample.queue.error == error and (error is not None or sample == stage.newest(region))
