"""Which processes run in an instance's container? What `docker top` says, without Docker's client.

Standard library only, so that it is a quick `ps` for whoever logs in and asks each second.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

LISTED_CONTAINER = "SANDBOX_LISTED_CONTAINER"
"""The variable that holds the container whose processes are listed."""

ENGINE = "SANDBOX_ENGINE"
"""The variable that holds the engine's URL, unix://..."""

_COLUMNS = ("pid", "ppid", "user", "etimes", "time", "args")
_TIMEOUT_S = 10.0
_UNITS_S = (1, 60, 3600)


class TopError(Exception):
    """The engine does not say."""


@dataclass(frozen=True, slots=True)
class TopLine:
    """One process, as this machine sees it and not as the container does."""

    pid: int
    ppid: int
    user: str
    elapsed_s: int
    cpu_s: int
    command: str


def top(engine: str, container: str) -> list[TopLine]:
    """Return the processes of a container; none if it does not run.

    Raises:
        TopError: the engine cannot be asked, or has no `ps` to ask.
    """
    arguments = quote(f"-eo {','.join(_COLUMNS)}")
    connection = _UnixConnection(engine.removeprefix("unix://"))
    try:
        connection.request("GET", f"/containers/{quote(container)}/top?ps_args={arguments}")
        answer = connection.getresponse()
        told = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise TopError(f"{engine}: {error}") from error
    finally:
        connection.close()
    if answer.status in {404, 409}:
        # There is none yet, or it has ended.
        return []
    if answer.status != 200:
        raise TopError(told.get("message", f"HTTP {answer.status}"))
    return list(lines_of(told.get("Processes") or []))


def lines_of(rows: list[list[str]]) -> Iterator[TopLine]:
    """Read the rows of the engine's answer, in the order of the columns that it was asked for."""
    for pid, ppid, user, elapsed, cpu, command in rows:
        yield TopLine(int(pid), int(ppid), user, int(elapsed), _seconds(cpu), command)


def _seconds(text: str) -> int:
    """Read [dd-]hh:mm:ss."""
    days, _, clock = text.rpartition("-")
    parts = zip(reversed(clock.split(":")), _UNITS_S, strict=False)
    return int(days or 0) * 86400 + sum(int(part) * unit for part, unit in parts)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
