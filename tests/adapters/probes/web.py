"""A real web server on loopback that answers as a test says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    drips: bool = False
    """Whether the body comes byte by byte and never ends."""


@dataclass
class Web:
    """What it answers, in turn (the last one for ever), and what it was asked."""

    url: str
    replies: list[Reply]
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path with query, headers in lower case."""
    closing: threading.Event = field(default_factory=threading.Event)


@contextmanager
def web(*replies: Reply) -> Iterator[Web]:
    """Serve while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    served = Web(f"http://127.0.0.1:{server.server_port}", list(replies))
    server.served = served  # type: ignore[attr-defined]  # a server has no place for it
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        served.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        served: Web = self.server.served  # type: ignore[attr-defined]
        headers = {name.lower(): value for name, value in self.headers.items()}
        served.asked.append((self.command, self.path, headers))
        reply = served.replies.pop(0) if len(served.replies) > 1 else served.replies[0]
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.drips:
            self.end_headers()
            self._drip(served)
            return
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def _drip(self, served: Web) -> None:
        try:
            while not served.closing.wait(0.02):
                self.wfile.write(b".")
        except OSError:
            return

    do_GET = do_HEAD = do_POST = _answer  # noqa: N815 - the names are the server's

    def log_message(self, *_: object) -> None:
        """Say nothing."""
