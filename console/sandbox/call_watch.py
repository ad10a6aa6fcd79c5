"""What do the endpoints' callers tell the world? Reads the access log as it grows."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from console.sandbox.credentials import instance_of
from console.sandbox.machines import CHANGING_CALLS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOOK_SECONDS = 0.2
"""How often the log is looked at; there is no portable way to be told."""

_BEAT = "PutMetricData"
_INTERESTING = tuple(f'"{action}"'.encode() for action in (*sorted(CHANGING_CALLS), _BEAT))


async def watch_calls(
    path: Path, note_change: Callable[[str], None], note_beat: Callable[[str], None]
) -> None:
    """Report interesting calls until cancelled.

    Args:
        path: the access log.
        note_change: told the region in which instances were started or stopped.
        note_beat: told the instance that published metrics.
    """
    with path.open("rb") as log:
        rest = b""
        while True:
            # Each line is written at once; whoever reads meanwhile may see no more than a part.
            *lines, rest = (rest + log.read()).split(b"\n")
            for line in lines:
                _report(line, note_change, note_beat)
            await asyncio.sleep(LOOK_SECONDS)


def _report(
    line: bytes, note_change: Callable[[str], None], note_beat: Callable[[str], None]
) -> None:
    # Most lines are other calls: do not decode those.
    if not any(word in line for word in _INTERESTING):
        return
    call = json.loads(line)
    if call["status"] >= 400:
        return
    if call["action"] in CHANGING_CALLS:
        note_change(call["region"])
    elif instance := instance_of(call["access_key"]):
        note_beat(instance)
