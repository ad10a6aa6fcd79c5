"""How does a browser on this machine come to see the watch mode?

The page and its script come from textual-serve, which knows no password: whoever reaches the port
sees the fleet. So it answers loopback alone, and only requests that were meant for it: a page of
somebody else's, open in the same browser, can neither read along (the web socket's `Origin`) nor
give its own name to this address (the `Host`). Nothing is fetched from any other host.
"""

from __future__ import annotations

import asyncio
import html
import ipaddress
import string
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import textual_serve
from aiohttp import web

from console.web.viewer import look

_STATIC = Path(textual_serve.__file__).parent / "static"
_HERE = Path(__file__).parent
_PAGE = string.Template((_HERE / "page.html").read_text(encoding="utf-8"))
_FONT_SIZES = range(6, 41)
_FONT_SIZE = 16

MOST_VIEWERS = 12
"""Each is a process that asks AWS on its own."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, can be reached from this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@asynccontextmanager
async def serving(command: str, title: str, host: str, port: int) -> AsyncIterator[int]:
    """Serve the page while the block runs; all viewers' processes have ended after it.

    Args:
        command: what runs for each viewer, for a shell; read-only.
        title: the page's.
        host: a loopback address, or localhost.
        port: 0 for any free one.

    Yields:
        The port.

    Raises:
        OSError: the port is taken, or not ours to take.
    """
    server = _Server(command, title)
    app = web.Application(middlewares=[_only_ours])
    app.add_routes(
        [
            web.get("/", server.page),
            web.get("/page.js", server.script),
            web.get("/ws", server.socket),
            web.static("/static", _STATIC),
        ]
    )
    app.on_shutdown.append(server.send_away)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


class _Server:
    def __init__(self, command: str, title: str) -> None:
        self._command = command
        self._title = title
        self._viewers: set[asyncio.Task[object]] = set()

    async def page(self, request: web.Request) -> web.Response:
        told = request.query.get("fontsize", "")
        size = int(told) if told.isdecimal() and int(told) in _FONT_SIZES else _FONT_SIZE
        # By the name that the browser used: behind `ssh -L` the port is another one.
        socket = f"ws://{request.host}/ws"
        text = _PAGE.substitute(
            title=html.escape(self._title), socket=html.escape(socket), font_size=size
        )
        return web.Response(text=text, content_type="text/html", headers=_headers(socket))

    async def script(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(_HERE / "page.js")

    async def socket(self, request: web.Request) -> web.StreamResponse:
        if len(self._viewers) >= MOST_VIEWERS:
            raise web.HTTPServiceUnavailable(text=f"{MOST_VIEWERS} are looking already")
        task = asyncio.current_task()
        if task is None:
            raise web.HTTPInternalServerError
        self._viewers.add(task)
        try:
            return await look(request, self._command)
        finally:
            self._viewers.discard(task)

    async def send_away(self, app: web.Application) -> None:
        """End every viewer's process."""
        viewers = tuple(self._viewers)
        for viewer in viewers:
            viewer.cancel()
        await asyncio.gather(*viewers, return_exceptions=True)


def _headers(socket: str) -> dict[str, str]:
    own = "'self'"
    policy = {
        "default-src": "'none'",
        "script-src": own,
        # xterm.js writes its styles into the page.
        "style-src": f"{own} 'unsafe-inline'",
        "font-src": own,
        "img-src": f"{own} data:",
        "connect-src": f"{own} {socket}",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


@web.middleware
async def _only_ours(request: web.Request, handler: Handler) -> web.StreamResponse:
    host = request.host.rpartition(":")[0] if _has_port(request.host) else request.host
    if not is_loopback(host):
        raise web.HTTPForbidden(text=f"this page is for this machine only, and not for {host!r}")
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        raise web.HTTPForbidden(text="another site's page may not read along")
    return await handler(request)


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdecimal() and not host.endswith("]")
