"""What belongs to a world, and how is it all ended?

Each process that a world starts carries the world's directory in its environment, and so do that
process's own children. A mark needs no list of process numbers, which could be stale or reused.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from pathlib import Path

    from console.sandbox.layout import Layout

MARK = "SANDBOX_WORLD"
"""The variable that holds the world's directory."""

INSTANCE_MARK = "SANDBOX_INSTANCE"
"""The variable that holds the id of the instance that a process runs on."""

GUEST_MARK = "SANDBOX_GUEST"
"""The variable that holds the world's directory for what works on a world and is no part of it:
Terraform, above all, which would call the endpoints of a world that is gone for minutes."""

_KILL_WAIT_SECONDS = 5


def find_marked(variable: str, value: str) -> list[psutil.Process]:
    """The live processes, this one and those above it apart, in whose environment `variable` is
    `value`.
    """
    me = psutil.Process()
    mine = {me.pid, *(process.pid for process in me.parents())}
    return [
        process
        for process in psutil.process_iter()
        if process.pid not in mine and _value_in(process, variable) == value
    ]


def find_leftovers(directory: Path) -> list[psutil.Process]:
    """The live processes that carry the mark of the world in `directory`."""
    return find_marked(MARK, str(directory))


def end_everything(layout: Layout) -> None:
    """End a world's processes and, if it had any, remove its containers; blocking.

    Raises:
        WorldError: the engine does not answer, so that containers may be left.
    """
    end_leftovers(layout.directory)
    if layout.registry_address.exists():
        # Docker's client, which a world of processes has no use for.
        from console.sandbox.containers.leftovers import end_containers

        end_containers(layout)


def end_leftovers(directory: Path) -> int:
    """Kill what a world left behind, and return how many processes that were."""
    return kill_marked(MARK, str(directory))


def kill_marked(variable: str, value: str) -> int:
    """Kill the processes that `find_marked` finds, and return how many they were."""
    total = 0
    # Again until nothing is found: a process may fork between the look and the kill.
    while leftovers := find_marked(variable, value):
        total += len(leftovers)
        for process in leftovers:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        _wait_for(leftovers)
    return total


def _wait_for(killed: list[psutil.Process]) -> None:
    """Wait until they are gone, without taking the exit code of a child from asyncio."""
    pause, deadline = threading.Event(), time.monotonic() + _KILL_WAIT_SECONDS
    while time.monotonic() < deadline:
        if not any(_value_in(each, MARK) or _value_in(each, GUEST_MARK) for each in killed):
            return
        pause.wait(0.01)


def _value_in(process: psutil.Process, variable: str) -> str | None:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process.environ().get(variable)
    except (psutil.Error, OSError):
        return None
