"""A real HTTP server that takes notifications, and answers as its path says."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Webhook:
    """What has come in."""

    address: str
    """Of Apprise's kind. Below `/refused` it answers 403, below `/hangs-up` nothing, and below
    `/hangs` nothing before the test has ended."""
    posts: list[dict[str, Any]] = field(default_factory=list)
    arrived: list[datetime] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def listening() -> Iterator[Webhook]:
    """Take notifications on loopback while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.startswith("/hangs-up"):
                self.close_connection = True
                return
            if self.path.startswith("/hangs"):
                webhook.is_over.wait()
                return
            webhook.arrived.append(datetime.now(UTC))
            webhook.posts.append(json.loads(body))
            self.send_response(403 if self.path.startswith("/refused") else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    webhook = Webhook(f"json://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield webhook
    finally:
        webhook.is_over.set()
        server.shutdown()
        thread.join()
        server.server_close()
