"""What does BuildKit tell of a build?

Its progress comes as protobuf messages within the engine's JSON: `StatusResponse` of
https://github.com/moby/buildkit/blob/master/api/services/control/control.proto. The few fields that
are shown are read here; all others are passed over, as protobuf means it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

TRACE = "moby.buildkit.trace"
"""The id of the records that hold such a message."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Vertex:
    """A step of the build, as far as it has come."""

    id: str
    name: str
    is_cached: bool
    has_started: bool
    has_ended: bool
    error: str


@dataclass(frozen=True, slots=True)
class Printed:
    """Something that a step has printed."""

    vertex: str
    text: str


def read_trace(aux: object) -> Iterator[Vertex | Printed]:
    """Yield what a trace record tells; nothing for one that cannot be read.

    Args:
        aux: the record's `aux`: a message in base64.
    """
    if not isinstance(aux, str):
        return
    try:
        message = list(_fields(base64.b64decode(aux)))
    except (binascii.Error, IndexError, ValueError):
        return  # for eyes only: nothing is decided on it
    for number, value in message:
        if number == 1 and isinstance(value, bytes):
            yield _vertex(value)
        elif number == 3 and isinstance(value, bytes):
            log = dict(_fields(value))
            yield Printed(_text(log.get(1)), _text(log.get(4)))


def _vertex(message: bytes) -> Vertex:
    fields = dict(_fields(message))
    return Vertex(
        id=_text(fields.get(1)),
        name=_text(fields.get(3)),
        is_cached=bool(fields.get(4)),
        has_started=5 in fields,
        has_ended=6 in fields,
        error=_text(fields.get(7)),
    )


def _text(value: int | bytes | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else ""


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the numbers and values of a message's fields.

    Raises:
        IndexError: it ends too early.
        ValueError: it is no message.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"a field of the unknown kind {kind}")
        if at + size > len(message):
            raise IndexError("the message ends within a field")
        yield number, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
