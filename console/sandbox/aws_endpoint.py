"""Which AWS answers in the sandbox? moto, in a process of its own: everything but SQS.

Started as `python -m console.sandbox.aws_endpoint PORT ACCESS_LOG FAULTS INSTANCES`; tells its port
on standard output and goes when its standard input closes.
"""

from __future__ import annotations

import logging
import socket
import sys
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.datastructures import EnvironHeaders
from werkzeug.serving import make_server

from console.sandbox import alarms, console_output, metric_store
from console.sandbox.access_log import AccessLog, describe_call
from console.sandbox.fault_injection import FaultDesk
from console.sandbox.lifeline import announce, hold_lifeline

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Handler(MotoRequestHandler):
    """Answers without werkzeug's own log, and at once."""

    # Head and body are two writes: with Nagle's algorithm each answer on a kept connection waits
    # 40 ms for the client's delayed acknowledgement.
    disable_nagle_algorithm = True

    def log_request(self, *_: object) -> None:
        """Say nothing: the access log has it."""


class LoggedApplication:
    """Passes requests on, or lets them fail, and notes them in the access log."""

    def __init__(self, application: WSGIApplication, log: AccessLog, faults: FaultDesk) -> None:
        self._application = application
        self._log = log
        self._faults = faults

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = (environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
        form = _form(environ)
        call = describe_call(
            *asked,
            {
                "authorization": environ.get("HTTP_AUTHORIZATION", ""),
                "x-amz-target": environ.get("HTTP_X_AMZ_TARGET", ""),
            },
            form,
        )
        failing = self._faults.failing(*asked, dict(EnvironHeaders(environ)), form)

        def note_status(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:  # noqa: ANN401
            self._log.append(call, int(status[:3]), environ.get("HTTP_USER_AGENT", ""))
            return start_response(status, headers, *rest)

        if failing is None:
            return self._application(environ, note_status)
        if failing.hangs_up:
            self._log.append(call, failing.status, environ.get("HTTP_USER_AGENT", ""))
            connection: socket.socket = environ["werkzeug.socket"]
            connection.shutdown(socket.SHUT_RDWR)
            # werkzeug's own word for a caller who has gone: it answers nothing.
            raise ConnectionError("this call finds nobody")
        status = HTTPStatus(failing.status)
        note_status(f"{status.value} {status.phrase}", list(failing.headers))
        return [failing.body]


def _form(environ: WSGIEnvironment) -> bytes:
    """The body if it is a form, put back for the application to read again."""
    if not environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return b""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    return body


def main(arguments: list[str]) -> None:
    """Serve until the supervisor is gone."""
    port, (access_log, faults, instances) = int(arguments[0]), map(Path, arguments[1:])
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    metric_store.install()
    console_output.install(instances)
    application = LoggedApplication(
        DomainDispatcherApplication(create_backend_app), AccessLog(access_log), FaultDesk(faults)
    )
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    server = make_server(
        "127.0.0.1",
        listener.getsockname()[1],
        application,
        threaded=True,
        request_handler=Handler,
        fd=listener.fileno(),
    )
    alarms.keep_judging()
    hold_lifeline()
    announce(listener.getsockname()[1])
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
