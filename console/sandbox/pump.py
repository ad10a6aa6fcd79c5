"""How do bytes get from one stream to another, whichever of the two ends first?"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import asyncssh

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Writer = asyncio.StreamWriter | asyncssh.SSHWriter[bytes]

_CHUNK = 65536


async def pump(read: Callable[[int], Awaitable[bytes]], writer: Writer) -> None:
    """Copy until the source ends or either side is gone.

    Args:
        read: reads at most so many bytes; empty at the end.
        writer: takes them.
    """
    # A terminal's signals and breaks come out of an SSH stream's read as exceptions.
    gone = (OSError, asyncssh.Error, asyncssh.BreakReceived, asyncssh.SignalReceived)
    with contextlib.suppress(*gone):
        while data := await read(_CHUNK):
            writer.write(data)
            await writer.drain()


async def pump_input(read: Callable[[int], Awaitable[bytes]], writer: asyncio.StreamWriter) -> None:
    """Copy as `pump` does, then let the reader see the end."""
    await pump(read, writer)
    writer.close()
