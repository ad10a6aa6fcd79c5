"""How is a stream of the engine read without holding up anything, and given up at once?

The SDK blocks. Each stream gets a thread and a connection of its own; who stops reading closes the
connection, and the engine ends the build or the push that it belonged to.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from console.adapters.docker.engine import Engine

if TYPE_CHECKING:
    import requests
    from docker import APIClient

T = TypeVar("T")
Record = Mapping[str, Any]
"""A JSON object of a build, a push or a pull."""


class EngineGoneError(Exception):
    """The connection broke in the middle; the engine, or the way to it, is gone."""


class EngineRefusedError(Exception):
    """The engine answered, and said no; the message is its own."""


async def follow(
    engine: Engine,
    begin: Callable[[APIClient], Iterable[T]],
    give_up: Callable[[], None] | None = None,
) -> AsyncGenerator[T, None]:
    """Yield what a call of the engine's API streams.

    Args:
        engine: whose.
        begin: makes the call, in a thread.
        give_up: called when nobody reads any more, to end what `begin` may still be sending.

    Raises:
        EngineGoneError: the connection broke.
        EngineRefusedError: the engine refused the call.
    """
    reading = _Reading(engine, begin)
    try:
        while isinstance(told := await reading.next(), _Told):
            yield told.value
        if told is not None:
            raise told
    finally:
        if give_up is not None:
            give_up()
        reading.close()


async def ask(engine: Engine, call: Callable[[APIClient], T]) -> T:
    """Return what one call of the engine's API answers; raises as `follow` does."""
    async with contextlib.aclosing(follow(engine, lambda client: (call(client),))) as answers:
        async for answer in answers:
            return answer
    raise AssertionError("a call has one answer")


class _Told(Generic[T]):
    """One thing that was read."""

    def __init__(self, value: T) -> None:
        self.value = value


class _Reading(Generic[T]):
    """A thread that reads one stream."""

    def __init__(self, engine: Engine, begin: Callable[[APIClient], Iterable[T]]) -> None:
        self._engine = engine
        self._begin = begin
        self._loop = asyncio.get_running_loop()
        self._told: asyncio.Queue[_Told[T] | Exception | None] = asyncio.Queue()
        self._responses: list[requests.Response] = []
        # A daemon: a thread that an engine leaves hanging must not hold up the console's end.
        threading.Thread(target=self._run, name="docker", daemon=True).start()

    async def next(self) -> _Told[T] | Exception | None:
        """Return what comes next: something, the end (None), or why there is no more."""
        return await self._told.get()

    def close(self) -> None:
        """Wake the thread, wherever in its reading it is; it closes the connection."""
        for response in self._responses:
            # It is closed already, or was never read: then there is nothing to wake.
            with contextlib.suppress(ValueError, RuntimeError, OSError, AttributeError):
                response.raw.shutdown()

    def _run(self) -> None:
        try:
            client = self._engine.client()
            client.hooks["response"].append(lambda response, **_: self._responses.append(response))
            try:
                for value in self._begin(client):
                    self._tell(_Told(value))
            finally:
                for response in self._responses:
                    response.close()
                client.close()
            self._tell(None)
        except Exception as error:  # noqa: BLE001 - it is raised again in the loop, bugs as they are
            self._tell(_translated(error))

    def _tell(self, told: _Told[T] | Exception | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._told.put_nowait, told)


def _translated(error: Exception) -> Exception:
    from http.client import HTTPException

    import requests
    import urllib3
    from docker.errors import APIError, DockerException

    if isinstance(error, APIError):
        return EngineRefusedError(str(error.explanation or error))
    if isinstance(error, DockerException):
        return EngineGoneError(str(error))
    broken = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError)
    return EngineGoneError(str(error)) if isinstance(error, broken) else error
