"""What is asked backstage for a screen, and brought to it?

The screen's own loop only waits. Whoever is no longer on the screen when the answer comes is not
troubled with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from console.domain.events import Entry
    from console.domain.rollout import Rollout
    from console.tui.backstage import Backstage
    from console.tui.screens import HistoryScreen, RegionScreen, StartScreen
    from console.tui.surroundings import Surroundings

T = TypeVar("T")

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

    async def _past(self) -> Sequence[Rollout]:
        from console.domain.evolve import replay  # the first frame needs no rollout

        names = self._around.rollouts()[:_MOST_PAST]
        replayed = (replay(self._around.entries(name, 0)) for name in names)
        return tuple(rollout for rollout in replayed if rollout is not None)

    async def _read(self, rollout: str) -> Sequence[Entry]:
        return self._around.entries(rollout, 0)

    async def _ask(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(self._backstage.start(work))


async def _awaited(work: Awaitable[T]) -> T:
    return await work
