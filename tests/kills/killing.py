"""How is a console killed at one position of its journal, and Terraform with it?"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from console.adapters.terraform.left_running import working_in
from console.domain.rollout import Rollout
from console.domain.steps import Step
from tests.acceptance.world import RunningConsole, SandboxWorld, wait_until
from tests.kills.recorded import Recorded

# Between two looks at the journal.
_LOOK_S = 0.003


T = TypeVar("T")


class NeverReachedError(Exception):
    """The rollout has ended before it came to the position; the message is its narration."""


@dataclass(frozen=True, slots=True)
class Killed:
    """A console that is dead."""

    rollout: str
    seq: int
    """The last entry that it has recorded; may be a few later than the one it was killed for."""
    told: str
    applying: tuple[str, ...]
    """The units whose apply was under way."""
    terraforms: int
    """How many processes of Terraform were killed with it."""


def kill_at(
    world: SandboxWorld, recorded: Recorded, release: str, seq: int, *, with_terraform: bool
) -> Killed:
    """Start a rollout and kill its console with SIGKILL as soon as `seq` is recorded.

    Args:
        world: where.
        recorded: the journal of `world`.
        release: what is rolled out.
        seq: the position.
        with_terraform: kill what works for it as well; where an apply has just begun, once it has
            made an instance.

    Raises:
        NeverReachedError: the rollout has ended before.
    """
    known = recorded.rollouts()
    with world.rolling_out(release) as running:
        rollout = _wait_for(running, lambda: next(iter(recorded.rollouts() - known), None))
        _wait_for(running, lambda: recorded.reached(rollout) >= seq)
        if with_terraform and applying(recorded.rollout(rollout)):
            wait_for_an_instance(running)
        return _kill(world, recorded, running, rollout, with_terraform=with_terraform)


def kill_when(
    world: SandboxWorld,
    recorded: Recorded,
    release: str,
    is_time: Callable[[RunningConsole], object],
    *,
    with_terraform: bool = False,
) -> Killed:
    """Start a rollout and kill its console with SIGKILL when `is_time` returns."""
    known = recorded.rollouts()
    with world.rolling_out(release) as running:
        is_time(running)
        (rollout,) = recorded.rollouts() - known
        return _kill(world, recorded, running, rollout, with_terraform=with_terraform)


def wait_for_an_instance(running: RunningConsole, after: int = 0) -> None:
    """Wait until Terraform has made an instance, and proves it.

    Args:
        running: the console.
        after: how many of its lines tell of what was before.
    """
    running.wait_for(
        lambda line: line["type"] == "apply.progress" and line.get("action") == "provision",
        after=after,
    )


def _kill(
    world: SandboxWorld,
    recorded: Recorded,
    running: RunningConsole,
    rollout: str,
    *,
    with_terraform: bool,
) -> Killed:
    running.process.kill()
    running.process.wait()
    killed = _kill_terraform(world.directory / "store") if with_terraform else 0
    seq = recorded.reached(rollout)
    units = applying(recorded.rollout(rollout))
    return Killed(rollout, seq, recorded.told_at(rollout, seq), units, killed)


def _kill_terraform(store: Path) -> int:
    """Kill what works in any unit's directory, and return how many processes that were."""
    killed: set[int] = set()

    def none_is_left() -> bool:
        found = [pid for place in _data_dirs(store) for pid in working_in(place)]
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        killed.update(found)
        return not found

    wait_until(none_is_left, 30)
    return len(killed)


def _data_dirs(store: Path) -> Iterator[Path]:
    yield from (place for place in (store / "terraform" / "data").glob("*") if place.is_dir())


def applying(rollout: Rollout) -> tuple[str, ...]:
    """Return the units whose apply is under way."""
    return tuple(
        step.at.unit
        for step in rollout.running
        if step.at.step is Step.APPLY and step.at.unit is not None
    )


def _wait_for(running: RunningConsole, find: Callable[[], T | None]) -> T:
    """Ask without a pause that would let the console go far past what is waited for.

    Raises:
        NeverReachedError: the console has ended before.
    """
    while True:
        has_ended = running.process.poll() is not None
        if found := find():
            return found
        if has_ended:
            raise NeverReachedError(running.ended().stderr)
        time.sleep(_LOOK_S)
