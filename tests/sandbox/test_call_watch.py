"""The world hears of calls from a log that another process writes meanwhile."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from console.sandbox.call_watch import watch_calls

PATIENCE_S = 20


def call(region: str, status: int = 200) -> bytes:
    told = {"action": "RunInstances", "region": region, "status": status, "access_key": "A"}
    return json.dumps(told).encode() + b"\n"


async def test_a_line_of_which_only_a_part_is_there_is_read_when_it_is_whole(
    tmp_path: Path,
) -> None:
    log, heard = tmp_path / "access.log", asyncio.Queue[str]()
    first, second = call("us-west-1"), call("eu-west-1")
    log.write_bytes(call("us-east-1", 500) + first + second[:40])
    watch = asyncio.create_task(watch_calls(log, heard.put_nowait, heard.put_nowait))
    async with asyncio.timeout(PATIENCE_S):
        assert await heard.get() == "us-west-1"

        with log.open("ab") as more:
            more.write(second[40:])

        assert await heard.get() == "eu-west-1"
    watch.cancel()
    assert heard.empty()
