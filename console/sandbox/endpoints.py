"""How are the AWS and SQS endpoints started and stopped?"""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.sandbox.child_environment import clean_environment
from console.sandbox.errors import WorldError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from console.sandbox.layout import Layout

_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint that answers."""

    url: str
    process: asyncio.subprocess.Process


def check_port_is_free(port: int, purpose: str) -> None:
    """Raise WorldError if a wanted port is taken; port 0 is always free."""
    try:
        with socket.create_server(("127.0.0.1", port)):
            return
    except OSError as error:
        raise WorldError(
            f"Port {port} on 127.0.0.1, wanted for {purpose}, cannot be used: {error.strerror}.",
            "Stop what listens there, choose another port, or choose 0 for any free one.",
        ) from error


@asynccontextmanager
async def running_endpoint(
    module: str, layout: Layout, port: int, *arguments: Path
) -> AsyncIterator[Endpoint]:
    """Run `python -m console.sandbox.<module> PORT ARGUMENTS...` until the block ends.

    Raises:
        WorldError: it does not say its port.
    """
    with layout.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"console.sandbox.{module}",
            str(port),
            *map(str, arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env=clean_environment(layout.directory, layout.directory, _options_of(module)),
            # Ctrl-C in a terminal reaches the supervisor only: workers go before their endpoints.
            start_new_session=True,
        )
    try:
        yield Endpoint(f"http://127.0.0.1:{await _port_of(process, module, layout)}", process)
    finally:
        await _end(process)


def _options_of(module: str) -> dict[str, str]:
    if module == "sqs_endpoint":
        # moto's account, so that ARNs agree.
        return {"SERVICES": "sqs", "MINISTACK_ACCOUNT_ID": "123456789012", "LOG_LEVEL": "ERROR"}
    return {}


async def _port_of(process: asyncio.subprocess.Process, module: str, layout: Layout) -> int:
    assert process.stdout is not None  # noqa: S101
    try:
        line = await asyncio.wait_for(process.stdout.readline(), _START_SECONDS)
    except TimeoutError:
        line = b""
    if not line.strip().isdigit():
        raise WorldError(
            f"The sandbox's {module} did not start.", f"Its reason is in {layout.log}."
        )
    return int(line)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close the lifeline; there is nothing to save, so what does not go at once is killed."""
    assert process.stdin is not None  # noqa: S101
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), 3)
    except TimeoutError:
        process.kill()
        await process.wait()
