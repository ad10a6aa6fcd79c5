"""What is one instance's container doing, and how did it end?"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from typing import TYPE_CHECKING

from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from console.sandbox.exit_words import in_words

if TYPE_CHECKING:
    from pathlib import Path

    from docker.models.containers import Container

_SIGTERM = signal.SIGTERM.name


class LaunchedContainer:
    """A container that was started, whose output goes to the instance's console."""

    def __init__(self, container: Container, console: Path) -> None:
        """Begin to follow it.

        Args:
            container: it runs, or did.
            console: where its output is appended.
        """
        self._container = container
        self._console = console
        self._loop = asyncio.get_running_loop()
        self._end: asyncio.Future[str] = self._loop.create_future()
        # A thread of its own for as long as it lives: a pool would run out of them.
        threading.Thread(target=self._follow, name=str(container.name), daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return not self._end.done()

    async def ended(self) -> str:
        """Wait for its end, and say how it ended."""
        return await asyncio.shield(self._end)

    async def ask_to_stop(self) -> None:
        """Send what `docker stop` sends first."""
        wanted = self._container.attrs["Config"].get("StopSignal") or _SIGTERM
        await asyncio.to_thread(self._signal, wanted)

    async def kill(self) -> None:
        """Send SIGKILL."""
        await asyncio.to_thread(self._signal, signal.SIGKILL.name)

    def _signal(self, name: str) -> None:
        # It may have ended at this moment, and the engine may be gone: then so is it.
        with contextlib.suppress(DockerException, RequestException):
            self._container.kill(name)

    def _follow(self) -> None:
        try:
            with self._console.open("ab", buffering=0) as console:
                for piece in self._container.logs(stream=True, follow=True):
                    console.write(piece)
            code = int(self._container.wait()["StatusCode"])
            self._container.reload()
            is_starved = bool(self._container.attrs["State"].get("OOMKilled"))
            words = in_words(code, is_out_of_memory=is_starved)
        except APIError as error:
            words = f"its container is gone: {error.explanation or error}"
        except (DockerException, RequestException, OSError) as error:
            words = f"the engine told no more of it: {error}"
        with contextlib.suppress(RuntimeError):
            # The loop may be closed: nobody waits for the answer then.
            self._loop.call_soon_threadsafe(self._settle, words)

    def _settle(self, words: str) -> None:
        if not self._end.done():
            self._end.set_result(words)
