"""Who keeps the figures of a rollout while it runs?

A sibling of the engine that hears what everybody sees, and keeps a row a region every few seconds.
A region that nobody has looked at for as long it looks at itself: what matters most, the workers
during an apply, no gate looks at.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from console.domain.events import Entry
from console.domain.figures import Figures, figures_of
from console.domain.fleet import RegionName, RegionSample
from console.domain.observations import Sampled
from console.domain.rollout import Rollout
from console.engine.ports import Clock, Progress
from console.engine.stream import Stream

_log = logging.getLogger(__name__)

_LONGEST = timedelta(seconds=10)
_LOOKS = 5
"""A row is kept for so many of the gates' looks, so that a fleet in a hurry has a chart too."""

Keep = Callable[[str, Figures], None]
"""Writes the figures of a rollout down; blocking. What it raises costs this row."""
Look = Callable[[RegionName, Rollout], Awaitable[Sampled]]


class Figurer:
    """Hears a rollout's samples and keeps some of them."""

    def __init__(
        self, keep: Keep, look: Look, stream: Stream, clock: Clock, window: timedelta
    ) -> None:
        """Keep nothing yet.

        Args:
            keep: writes down; called in a thread of its own.
            look: looks at a region.
            stream: hears the looks that are taken here.
            clock: tells how old a look is.
            window: how far back runs and failures are counted.
        """
        self._keep = keep
        self._look = look
        self._stream = stream
        self._clock = clock
        self._window = window
        self._looking: dict[RegionName, asyncio.Task[None]] = {}
        self._rollout: Rollout | None = None
        self._heard: dict[RegionName, datetime] = {}
        self._kept: dict[RegionName, datetime] = {}
        self._pen: Executor | None = None
        self._has_failed = False

    @asynccontextmanager
    async def figuring(self) -> AsyncIterator[None]:
        """Keep figures while the block runs; all of them are written at its end."""
        self._stream.join(self)
        looking = asyncio.create_task(self._look_around())
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="figures") as pen:
            self._pen = pen
            try:
                yield
            finally:
                looking.cancel()
                with suppress(asyncio.CancelledError):
                    await looking
                self._pen = None

    def entry(self, entry: Entry, rollout: Rollout) -> None:
        """Know where the rollout stands."""
        self._rollout = rollout

    def progress(self, progress: Progress) -> None:
        """Keep nothing of what tools print."""

    def sample(self, sample: RegionSample) -> None:
        """Keep a look, unless the last one that was kept is younger than a row's time."""
        self._heard[sample.region] = sample.at
        if self._rollout is None or self._pen is None or not self._is_due(sample):
            return
        self._kept[sample.region] = sample.at
        figures = figures_of(sample, self._rollout.policy.silent_after, self._window)
        self._pen.submit(self._write, self._rollout.id, figures)

    def _is_due(self, sample: RegionSample) -> bool:
        before = self._kept.get(sample.region)
        return before is None or sample.at - before >= self._every

    @property
    def _every(self) -> timedelta:
        looks = self._rollout.policy.sample_every if self._rollout else _LONGEST
        return min(_LONGEST, _LOOKS * looks)

    def _write(self, rollout: str, figures: Figures) -> None:
        try:
            self._keep(rollout, figures)
        except Exception as error:  # noqa: BLE001 - a chart loses a point, and no rollout its way
            if not self._has_failed:
                _log.warning("figures cannot be kept: %s", error)
            self._has_failed = True

    async def _look_around(self) -> None:
        """Look at each region on its own, so that one which hangs delays no other's figures."""
        try:
            while True:
                if self._rollout is not None and not self._rollout.is_finished:
                    for region in self._rollout.regions:
                        self._begin_look(region.name, self._rollout)
                await asyncio.sleep(self._every.total_seconds() / 2)
        finally:
            for task in self._looking.values():
                task.cancel()

    def _begin_look(self, region: RegionName, rollout: Rollout) -> None:
        heard = self._heard.get(region)
        is_fresh = heard is not None and self._clock.now() - heard < self._every
        is_looked_at = region in self._looking and not self._looking[region].done()
        if not is_fresh and not is_looked_at:
            self._looking[region] = asyncio.create_task(self._look_at(region, rollout))

    async def _look_at(self, region: RegionName, rollout: Rollout) -> None:
        try:
            seen = await self._look(region, rollout)
        except Exception:  # noqa: BLE001 - a chart loses a point, and no rollout its way
            _log.exception("a bug while looking at %s", region)
            return
        self._stream.sample(seen.sample)
