"""A web server on loopback whose answers a test decides, and that remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    params: dict[str, str]
    authorization: str | None


Answer = Callable[[Asked], tuple[int, object]]


@dataclass
class Web:
    """The server."""

    url: str = ""
    answer: Answer = lambda _: (404, "nothing here")
    asked: list[Asked] = field(default_factory=list)
    hangs: threading.Event | None = None
    """Answers wait for it."""
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def running_web() -> Iterator[Web]:
    """Run a server."""
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            params = dict(parse_qsl(parts.query))
            asked = Asked(parts.path, params, self.headers.get("Authorization"))
            web.asked.append(asked)
            if web.hangs is not None:
                web.hangs.wait(30)
            status, body = web.answer(asked)
            text = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            for name, value in web.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    web.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield web
    finally:
        if web.hangs is not None:
            web.hangs.set()
        server.shutdown()
        thread.join()
        server.server_close()
