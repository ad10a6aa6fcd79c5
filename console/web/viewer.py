"""What runs for one browser that looks?

A process of its own: the watch mode, whose screen goes to the browser and whose keys come from it.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from aiohttp import WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

_QUIT_WITHIN_S = 5.0
_CLOSE_WITHIN_S = 2.0
_BEAT_S = 15.0
_WIDEST, _TALLEST = 1000, 500


class _Watch(AppService):
    """The process, and its end."""

    async def run(self) -> None:
        """Pass its screen on; when it ends, however that came, the browser is told."""
        try:
            await super().run()
        finally:
            await self.remote_close()

    async def end(self) -> None:
        """Ask it to quit. One that does not is killed: a watch has nothing that it could lose."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stop(), _QUIT_WITHIN_S)
            await asyncio.wait_for(process.wait(), _QUIT_WITHIN_S)
        if process.returncode is None:
            process.kill()
            await process.wait()


async def look(request: web.Request, command: str) -> web.WebSocketResponse:
    """Run `command` for as long as the browser behind `request` looks.

    Args:
        request: opens the web socket; `width` and `height` are the terminal's size in cells.
        command: for a shell.
    """
    socket = web.WebSocketResponse(heartbeat=_BEAT_S, timeout=_CLOSE_WITHIN_S)
    await socket.prepare(request)
    watch = _Watch(
        command,
        write_bytes=_unless_closed(socket, socket.send_bytes),
        write_str=_unless_closed(socket, socket.send_str),
        close=_closer(socket),
        download_manager=DownloadManager(),
    )
    try:
        await watch.start(_cells(request, "width", 80), _cells(request, "height", 24))
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await _pass_on(message.json(), watch, socket)
    finally:
        # Also when the server is going down and this task is cancelled.
        await asyncio.shield(watch.end())
    return socket


def _unless_closed(socket: web.WebSocketResponse, send: Any) -> Any:  # noqa: ANN401 - two senders
    async def send_unless_closed(payload: bytes | str) -> None:
        with contextlib.suppress(ConnectionError):  # the last frames of a browser that has left
            if not socket.closed:
                await send(payload)

    return send_unless_closed


def _closer(socket: web.WebSocketResponse) -> Any:  # noqa: ANN401 - AppService wants None back
    async def close() -> None:
        await socket.close()

    return close


async def _pass_on(message: Any, watch: AppService, socket: web.WebSocketResponse) -> None:  # noqa: ANN401 - JSON
    """Pass on what textual-serve's script tells: `[kind, data]`."""
    match message:
        case ["stdin", str(keys)]:
            await watch.send_bytes(keys.encode())
        case ["resize", {"width": int(width), "height": int(height)}]:
            await watch.set_terminal_size(_within(width, _WIDEST), _within(height, _TALLEST))
        case ["ping", data]:
            await socket.send_json(["pong", data])
        case ["focus", *_]:
            await watch.focus()
        case ["blur", *_]:
            await watch.blur()
        case _:
            return


def _cells(request: web.Request, name: str, default: int) -> int:
    told = request.query.get(name, "")
    return _within(int(told), _WIDEST) if told.isdecimal() else default


def _within(cells: int, most: int) -> int:
    return max(1, min(cells, most))
