"""Who removes the containers of a world whose supervisor was killed? This process.

Started as `python -m console.sandbox.containers.reaper ENGINE DIRECTORY REGISTRY RUN`. Containers
are the engine's children: nothing ends them with the supervisor. It waits for the end of its
standard input, which comes with the supervisor's own, however that ended, and removes what is left
of this world. The next world in this directory may be up already: its run is another.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from console.sandbox.containers.leftovers import remove_all
from console.sandbox.errors import WorldError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from console.sandbox.layout import Layout

_PATIENCE_S = 60


@asynccontextmanager
async def running_reaper(
    layout: Layout, engine: str, registry: str, run: str
) -> AsyncIterator[None]:
    """Have a reaper wait until the block ends; then all is removed.

    Args:
        layout: the world's files.
        engine: the engine's URL.
        registry: `host:port` of the world's registry.
        run: the mark of this world among those that ran in its directory.
    """
    with layout.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "console.sandbox.containers.reaper",
            engine,
            str(layout.directory),
            registry,
            run,
            # Without the world's mark: `sandbox down` would kill it in the middle of its work.
            stdin=asyncio.subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    try:
        yield
    finally:
        assert process.stdin is not None  # a pipe was asked for  # noqa: S101
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _PATIENCE_S)
        except TimeoutError:
            process.kill()
            await process.wait()


def main(arguments: list[str]) -> int:
    """Wait, remove, and return the exit code."""
    engine, directory, registry, run = arguments
    while os.read(sys.stdin.fileno(), 4096):
        pass
    try:
        remove_all(engine, Path(directory), registry, run)
    except WorldError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
