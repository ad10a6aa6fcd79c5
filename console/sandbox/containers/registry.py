"""How does a world get a registry of its own?

Debian's `docker-registry`, on a loopback port, with its blobs in the world's directory. Docker
speaks plain HTTP with registries on loopback without being told to.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from console.sandbox import tether
from console.sandbox.child_environment import clean_environment
from console.sandbox.endpoints import Endpoint
from console.sandbox.errors import WorldError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from console.sandbox.layout import Layout

PROGRAM = "docker-registry"
"""From Debian's package of the same name, or `registry` of the distribution project renamed."""

_START_SECONDS = 20.0
_TRIES = 3
_PAUSE_SECONDS = 0.05


def find_program() -> str | None:
    """Return the path of the registry's program, if there is one."""
    return shutil.which(PROGRAM)


@asynccontextmanager
async def running_registry(layout: Layout, port: int) -> AsyncIterator[Endpoint]:
    """Run the registry until the block ends.

    Args:
        layout: where its blobs and its settings are.
        port: the port to listen on, 0 for any free one.

    Raises:
        WorldError: it does not answer.
    """
    layout.registry.mkdir(mode=0o700, parents=True, exist_ok=True)
    endpoint = None
    for _ in range(1 if port else _TRIES):
        # It cannot be given a port that is already bound: another program may be quicker.
        endpoint = await _start(layout, port or _free_port())
        if endpoint is not None:
            break
    if endpoint is None:
        raise WorldError(
            "The sandbox's image registry did not start.", f"Its reason is in {_log(layout)}."
        )
    layout.registry_address.write_text(address_of(endpoint), encoding="utf-8")
    try:
        yield endpoint
    finally:
        await _end(endpoint.process)


def address_of(registry: Endpoint) -> str:
    """Return `host:port`, as the names of images begin."""
    return registry.url.removeprefix("http://")


async def _start(layout: Layout, port: int) -> Endpoint | None:
    settings = layout.registry / "config.yml"
    settings.write_text(yaml.safe_dump(_settings(layout, port)), encoding="utf-8")
    # Apart from the world's log: each layer that is not there yet is an error to it.
    with _log(layout).open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            str(Path(tether.__file__)),
            str(os.getpid()),
            find_program() or PROGRAM,
            "serve",
            str(settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=clean_environment(layout.directory, layout.directory, {}),
            start_new_session=True,
        )
    if await _answers(process, port):
        return Endpoint(f"http://127.0.0.1:{port}", process)
    await _end(process)
    return None


def _log(layout: Layout) -> Path:
    return layout.registry / "registry.log"


def _settings(layout: Layout, port: int) -> dict[str, object]:
    return {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(layout.registry / "blobs")},
            "delete": {"enabled": True},
        },
        "http": {"addr": f"127.0.0.1:{port}"},
    }


async def _answers(process: asyncio.subprocess.Process, port: int) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while process.returncode is None and time.monotonic() < deadline:
        try:
            heard, asked = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(_PAUSE_SECONDS)
            continue
        asked.write(b"GET /v2/ HTTP/1.0\r\nHost: localhost\r\n\r\n")
        status = await heard.readline()
        asked.close()
        # Somebody else's program on this port, with the registry dead of it, is no answer.
        return b" 200 " in status and process.returncode is None
    return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
