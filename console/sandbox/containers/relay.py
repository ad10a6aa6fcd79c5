"""How does a container reach the world's endpoints, which listen on loopback only?

Through its region's network: on the network's gateway, an address of this machine that nobody
outside has, the world listens on the endpoints' own ports and passes everything on.
"""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from console.sandbox.errors import WorldError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

_PIECE = 64 * 1024


@asynccontextmanager
async def relayed(addresses: Iterable[str], ports: Iterable[int]) -> AsyncIterator[None]:
    """Pass on what comes to `addresses` at `ports` to the same ports of loopback.

    Raises:
        WorldError: an address is not this machine's, or a port of it is taken.
    """
    everywhere = [(address, port) for address in addresses for port in ports]
    async with AsyncExitStack() as stack:
        for address, port in everywhere:
            try:
                server = await asyncio.start_server(partial(_pass_on, port), address, port)
            except OSError as error:
                raise WorldError(
                    f"Containers cannot reach the sandbox: {address}:{port} cannot be listened "
                    f"on: {error.strerror}.",
                    "The engine may run in a machine of its own; use --instances processes.",
                ) from error
            stack.push_async_callback(_close, server)
        yield


async def _close(server: asyncio.Server) -> None:
    server.close()


async def _pass_on(port: int, caller: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
    try:
        heard, asked = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        answer.close()
        return
    directions = {
        asyncio.create_task(_copy(caller, asked)),
        asyncio.create_task(_copy(heard, answer)),
    }
    try:
        # Whoever hangs up first ends both: a killed worker's long poll must go with it.
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in directions:
            each.cancel()
        await asyncio.gather(*directions, return_exceptions=True)
        asked.close()
        answer.close()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await source.read(_PIECE):
            sink.write(piece)
            await sink.drain()
