"""What is asked backstage for a screen, and brought to it?

The screen's own loop only waits. Whoever is no longer on the screen when the answer comes is not
troubled with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from console.domain.events import Entry
    from console.domain.figures import Figures
    from console.domain.rollout import Rollout
    from console.domain.track_record import Course
    from console.tui.backstage import Backstage
    from console.tui.scene import Scene
    from console.tui.screens import HistoryScreen, RegionScreen, StartScreen
    from console.tui.surroundings import Surroundings

T = TypeVar("T")

_log = logging.getLogger(__name__)

_MOST_PAST = 50


class Errands:
    """Runs them."""

    def __init__(self, around: Surroundings, backstage: Backstage) -> None:
        """Ask `around`, on the event loop of `backstage`."""
        self._around = around
        self._backstage = backstage

    async def propose(self, form: StartScreen) -> None:
        """Fill the start form in with what is proposed."""
        form.propose(await self._ask(_awaited(self._around.propose())))

    async def read_console(self, event: RegionScreen.ConsoleWanted) -> None:
        """Show what an instance has printed."""
        asked = self._around.console_output(event.region, event.instance)
        reading = await self._ask(_awaited(asked))
        text = reading.value if reading.value is not None else reading.error
        if event.screen.is_laid_out:
            event.screen.show_console(event.instance, text or "nothing was printed yet")

    async def fill(self, screen: HistoryScreen) -> None:
        """Fill the list of earlier rollouts."""
        screen.fill(await self._ask(self._past()))

    async def entries(self, rollout: str) -> Sequence[Entry]:
        """Return everything that happened in `rollout`."""
        return await self._ask(self._read(rollout))

    async def _past(self) -> Sequence[Course]:
        from console.domain.track_record import course_of  # the first frame needs no rollout

        names = self._around.rollouts()[:_MOST_PAST]
        courses = (course_of(self._around.entries(name, 0)) for name in names)
        return tuple(course for course in courses if course is not None)

    async def figures(self, rollout: str) -> Sequence[Figures]:
        """Return what was kept of `rollout`; nothing where that cannot be read."""
        return await self._ask(self._recall(rollout))

    async def chart_the_past(self, scene: Scene) -> None:
        """Let the chart begin where the newest rollout did, whoever looked then."""
        rollout = await self._ask(self._newest())
        if rollout is not None and (figures := await self.figures(rollout.id)):
            scene.recall(figures, rollout)

    async def _newest(self) -> Rollout | None:
        from console.domain.evolve import replay

        newest = next(iter(self._around.rollouts()), None)
        return replay(self._around.entries(newest, 0)) if newest is not None else None

    async def _recall(self, rollout: str) -> Sequence[Figures]:
        from console.engine.ports import JournalError

        try:
            return self._around.figures(rollout)
        except JournalError as error:
            _log.warning("there is no chart of %s: %s", rollout, error)
            return ()

    async def _read(self, rollout: str) -> Sequence[Entry]:
        return self._around.entries(rollout, 0)

    async def _ask(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(self._backstage.start(work))


async def _awaited(work: Awaitable[T]) -> T:
    return await work
