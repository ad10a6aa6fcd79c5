"""Which SQS answers in the sandbox? ministack's, in a process of its own.

moto's slows with the queue's length (receive: 3 ms at no messages, 67 ms at a thousand);
ministack's does not, keeps the queues of each region apart and redrives to dead-letter queues. Only
its application is used: its own start-up would also open an MQTT port and look for Docker.

Started as `python -m console.sandbox.sqs_endpoint PORT ACCESS_LOG FAULTS`; tells its port on
standard output and goes when its standard input closes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app as ministack

from console.sandbox import queue_age
from console.sandbox.access_log import AccessLog, Call, describe_call
from console.sandbox.credentials import is_of_the_world
from console.sandbox.fault_injection import FaultDesk
from console.sandbox.lifeline import announce, hold_lifeline
from console.sandbox.queue_age_path import AGES_PATH

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from console.sandbox.fault_injection import Failing

    Scope = dict[str, Any]
    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]


_MESSAGE_TRAFFIC = frozenset(
    {
        "ReceiveMessage",
        "SendMessage",
        "SendMessageBatch",
        "DeleteMessage",
        "DeleteMessageBatch",
        "GetQueueAttributes",
    }
)


class Application:
    """ministack's application with an access log, and polls that end with their caller."""

    def __init__(self, log: AccessLog, faults: FaultDesk) -> None:
        self._log = log
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _acknowledge_lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"] == AGES_PATH:
            await _answer(send, json.dumps(queue_age.oldest_ages()).encode())
        elif scope["type"] == "http":
            await self._pass_on(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read_body(receive)
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        asked = (scope["method"], scope["path"], scope["query_string"].decode(), headers, body)
        call = describe_call(*asked)

        async def note_status(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start" and _is_noted(call, message["status"]):
                self._log.append(call, message["status"], headers.get("user-agent", ""))
            await send(message)

        failing = self._faults.failing(*asked)
        if failing is not None:
            await _fail(note_status, failing)
            return
        bodies = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def read_again() -> dict[str, Any]:
            return next(bodies, {"type": "http.disconnect"})

        answering = asyncio.ensure_future(ministack(scope, read_again, note_status))
        leaving = asyncio.ensure_future(receive())
        # A killed worker's long poll must end with it. Otherwise it takes a message for nobody,
        # and that job waits for its visibility timeout.
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        if not answering.done():
            answering.cancel()
        await asyncio.gather(answering, leaving, return_exceptions=True)


def _is_noted(call: Call, status: int) -> bool:
    """Leave out the world's own message traffic, which is nearly all there is, unless it fails."""
    is_traffic = is_of_the_world(call.access_key) and call.action in _MESSAGE_TRAFFIC
    return not is_traffic or status >= 400


async def _acknowledge_lifespan(receive: Receive, send: Send) -> None:
    """Answer for ministack, whose own start-up does more than the sandbox needs."""
    for event in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{event}.complete"})


async def _read_body(receive: Receive) -> bytes:
    body, has_more = b"", True
    while has_more:
        message = await receive()
        body += message.get("body", b"")
        has_more = message.get("more_body", False)
    return body


async def _answer(send: Send, body: bytes) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _fail(send: Send, failing: Failing) -> None:
    if failing.hangs_up:
        # hypercorn lets no application hang up before the answer's head: the body never comes.
        headers = [(b"content-length", b"1")]
        await send({"type": "http.response.start", "status": 502, "headers": headers})
        return
    answered = [(name.lower().encode(), value.encode()) for name, value in failing.headers]
    await send({"type": "http.response.start", "status": failing.status, "headers": answered})
    await send({"type": "http.response.body", "body": failing.body})


def main(arguments: list[str]) -> None:
    """Serve until the supervisor is gone."""
    port, (access_log, faults) = int(arguments[0]), map(Path, arguments[1:])
    logging.getLogger().setLevel(logging.ERROR)
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.loglevel = "ERROR"
    hold_lifeline()
    announce(listener.getsockname()[1])
    application = Application(AccessLog(access_log), FaultDesk(faults))
    asyncio.run(serve(application, config))  # type: ignore[arg-type]


if __name__ == "__main__":
    main(sys.argv[1:])
