"""Does the built image pass its test?"""

from __future__ import annotations

import asyncio
import contextlib
import shlex
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING

from console.adapters.docker.engine import Engine
from console.adapters.docker.registry_errors import engine_gone
from console.adapters.docker.stream import EngineGoneError, EngineRefusedError, ask, follow
from console.domain.failure import Failure, FailureKind
from console.engine.ports import OnProgress, Progress, ProgressKind
from console.values import format_duration

if TYPE_CHECKING:
    from docker import APIClient

OnLine = Callable[[str], None]

_LAST_LINES = 15
_OURS = "io.release-console.test"


async def try_image(
    engine: Engine,
    image: str,
    command: Sequence[str],
    within: timedelta,
    on_progress: OnProgress,
) -> str | Failure:
    """Run `command` in a container of `image` and remove that again, however it ends.

    Args:
        engine: where.
        image: its id.
        command: what to run, in place of the image's own command.
        within: the command is killed after that.
        on_progress: hears every line that it prints.
    """
    words = shlex.join(command)
    on_progress(Progress(ProgressKind.STARTED, f"testing: {words}"))
    last: deque[str] = deque(maxlen=_LAST_LINES)

    def listen(line: str) -> None:
        last.append(line)
        on_progress(Progress(ProgressKind.OUTPUT, line))

    try:
        container = await ask(engine, lambda client: _create(client, image, command))
        try:
            async with asyncio.timeout(within.total_seconds()):
                exit_code = await _run(engine, container, listen)
        finally:
            await _remove(engine, container)
    except TimeoutError:
        return Failure(
            FailureKind.FAILED,
            f"the image's test was still running after {format_duration(within)}, and was killed",
            "give it more time with image.test_within, or mend it",
            "\n".join(last),
        )
    except EngineGoneError as error:
        return engine_gone("the test", "\n".join((*last, str(error))))
    except EngineRefusedError as error:
        return Failure(
            FailureKind.FAILED,
            f"{words} could not be started in the image; no region was changed",
            "the engine's own words say why: image.test must name a program that the image has",
            str(error),
        )
    if exit_code != 0:
        return Failure(
            FailureKind.FAILED,
            f"the image's test exited with {exit_code}",
            "mend it and build again; nothing was pushed",
            "\n".join(last),
        )
    return f"{words} exited with 0"


def _create(client: APIClient, image: str, command: Sequence[str]) -> str:
    # Without the image's own entry point the configured words are all that runs.
    made = client.create_container(
        image, list(command), entrypoint=[], labels={_OURS: "true"}, stdin_open=False
    )
    return str(made["Id"])


async def _run(engine: Engine, container: str, listen: OnLine) -> int:
    await ask(engine, lambda client: client.start(container))
    lines = _Lines()

    def output(client: APIClient) -> Iterator[bytes]:
        chunks: Iterator[bytes] = client.logs(container, stream=True, follow=True)
        return chunks

    async with aclosing(follow(engine, output)) as chunks:
        async for chunk in chunks:
            for line in lines.take(chunk):
                listen(line)
    if lines.rest:
        listen(lines.rest)
    ended = await ask(engine, lambda client: client.wait(container))
    return int(ended["StatusCode"])


async def _remove(engine: Engine, container: str) -> None:
    # Gone with its engine: then there is nothing to remove.
    with contextlib.suppress(EngineGoneError, EngineRefusedError):
        await asyncio.shield(
            ask(engine, lambda client: client.remove_container(container, force=True, v=True))
        )


class _Lines:
    """Puts chunks together to lines."""

    def __init__(self) -> None:
        self._rest = b""

    @property
    def rest(self) -> str:
        return self._rest.decode(errors="replace").rstrip("\r")

    def take(self, chunk: bytes) -> Iterator[str]:
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace").rstrip("\r")
