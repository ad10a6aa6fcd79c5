"""Who holds a state lock, for what and since when, may he live, and is the state still written?"""

from __future__ import annotations

from collections.abc import Iterator

from console.domain.fleet import StateLock
from console.domain.recovery.situation import Liveness, Serial, Situation
from console.domain.spans import brief


def held(situation: Situation) -> tuple[str, ...]:
    """Return what is to be read before anybody takes the lock; nothing where there is none."""
    return tuple(_lines(situation.lock, situation)) if situation.lock is not None else ()


def _lines(lock: StateLock, situation: Situation) -> Iterator[str]:
    serial = situation.serial
    purpose = f" for {lock.operation}" if lock.operation else ""
    since = "since nobody knows when"
    if lock.since is not None:
        age = f" ({brief(serial.at - lock.since)} ago)" if serial is not None else ""
        since = f"since {lock.since:%Y-%m-%d %H:%M:%S} UTC{age}"
    yield f"Held by {lock.holder}{purpose}, {since}."
    yield _life(lock, situation.holder)
    if serial is not None:
        yield written(serial)


def _life(lock: StateLock, holder: Liveness) -> str:
    machine = lock.holder.rpartition("@")[2]
    match holder:
        case Liveness.ALIVE:
            return "That Terraform lives: it still works here."
        case Liveness.DEAD:
            return "That Terraform is dead: it ran on this machine, and nothing of it is left."
        case Liveness.ELSEWHERE:
            return (
                f"Whether that Terraform lives cannot be told from here, for it ran on {machine}. "
                "Look there; where that is a CI runner, look whether its job still runs."
            )
        case Liveness.UNKNOWN:
            return (
                "Whether that Terraform lives cannot be told: look which ones run on this machine."
            )


def written(serial: Serial) -> str:
    """Return whether the state's serial moves."""
    since = f"{serial.since:%H:%M:%S} UTC"
    if serial.is_moving:
        return (
            f"The state's serial has moved from {serial.before} to {serial.number} at {since}: "
            "somebody writes it."
        )
    if serial.since == serial.at:
        return f"The state's serial is {serial.number}; nobody has looked twice whether it moves."
    return f"The state's serial, {serial.number}, has not moved since {since}."
