"""Who called what? One JSON line for every request that an endpoint answers."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_CREDENTIAL = re.compile(r"Credential=(?P<scope>[^,\s&]+)")
_OPERATION = re.compile(r"^/service/[^/]+/operation/(?P<action>\w+)$")
_USER_AGENT_KEPT = 120
_SIGNING_NAMES = {"monitoring": "cloudwatch"}


@dataclass(frozen=True, slots=True)
class Call:
    """What a request asks for, and as whom."""

    service: str
    """Signing name, such as ec2; CloudWatch, which signs as monitoring, by its own name."""
    region: str
    action: str
    """The operation; for S3 the method and `/bucket/key`."""
    access_key: str


def describe_call(
    method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> Call:
    """Read a request's service, region, action and caller.

    Args:
        method: HTTP method.
        path: path without the query.
        query: query string as it was sent.
        headers: `authorization` and `x-amz-target`, where they were sent.
        body: the body of a form; may be empty for anything else.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    match = _CREDENTIAL.search(headers.get("authorization", ""))
    presigned = parse_qs(query).get("X-Amz-Credential", [""])[0]
    access_key, _, region, service = (
        *(match["scope"] if match else presigned).split("/"),
        *("", "", "", ""),
    )[:4]
    service = _SIGNING_NAMES.get(service, service)
    return Call(service, region, _action(service, method, path, headers, body), access_key)


def _action(service: str, method: str, path: str, headers: Mapping[str, str], body: bytes) -> str:
    if target := headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    if smithy := _OPERATION.match(path):
        return smithy["action"]
    if service != "s3" and (named := parse_qs(body.decode(errors="replace")).get("Action")):
        return named[0]
    return f"{method} {path}"


def calls_in(path: Path, since: int = 0) -> list[dict[str, Any]]:
    """Return the calls that an access log tells of, the oldest first.

    Args:
        path: the log; it may be growing, and what is there of a line that is not whole is left out.
        since: where to begin, in bytes; the end of a line, or 0.
    """
    with path.open("rb") as log:
        log.seek(since)
        return [json.loads(line) for line in log if line.endswith(b"\n")]


class AccessLog:
    """The file that both endpoints append to."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def append(self, call: Call, status: int, user_agent: str) -> None:
        """Write one line. A single write in append mode: lines of two processes do not mix."""
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            **asdict(call),
            "status": status,
            "user_agent": user_agent[:_USER_AGENT_KEPT],
        }
        os.write(self._file, json.dumps(line).encode() + b"\n")
