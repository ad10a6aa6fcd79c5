"""Where does everything run that must outlive the screen?

In a thread with an event loop of its own: the engine, and whoever looks at the regions. The screen
may raise, hang or lose its terminal; the thread goes on, and the process waits for it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Backstage:
    """A thread with an event loop."""

    def __init__(self) -> None:
        """Start it."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="backstage", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run `work` there; safe from any thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, act: Callable[..., object], *values: object) -> None:
        """Call `act` there, soon; safe from any thread."""
        self._loop.call_soon_threadsafe(act, *values)

    def close(self) -> None:
        """End what still runs there, and the thread."""
        self.start(_cancel_others()).result(timeout=30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=30)
        self._loop.close()


async def _cancel_others() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
