"""What is to be said about one move in one region?"""

from __future__ import annotations

from collections.abc import Iterable, Sized
from dataclasses import dataclass

from console.domain.fleet import InstanceId
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.situation import Situation, Slot, is_healthy
from console.domain.view import ObjectView


@dataclass(frozen=True, slots=True)
class Case:
    """A move, and what is to be said about it. The first of the reasons counts."""

    remedy: Remedy
    slots: tuple[int, ...] = ()
    instance: InstanceId | None = None
    harms: str = ""
    """Why it must not be made."""
    against: str = ""
    """Why it does not fit now."""
    speaks_for: str = ""
    """Why it is the move to make; empty where it is only possible."""


def indexes(slots: Iterable[Slot]) -> tuple[int, ...]:
    """Return the indexes of `slots`."""
    return tuple(slot.index for slot in slots)


def of(slots: Iterable[Slot]) -> str:
    """Return the slots in words: `slot 0`, `slots 0, 2`."""
    which = indexes(slots)
    return f"{'slot' if len(which) == 1 else 'slots'} {', '.join(map(str, which))}"


def named(found: Iterable[ObjectView]) -> str:
    """Return the ids of some instances."""
    return ", ".join(one.id for one in found)


def by_number(found: Sized, one: str, many: str) -> str:
    """Return the words that go with one instance or slot, or with many."""
    return one if len(found) == 1 else many


def unread(situation: Situation) -> str:
    """Return why nobody can tell what is true of a region, of which something was not read."""
    return f"the region cannot be read: {situation.error}"


def doubt(found: ObjectView, situation: Situation) -> str:
    """Return what is wrong with an instance that does not count as a worker."""
    if not is_healthy(found):
        return f"is {found.health}"
    if found.heartbeat != found.tag:
        return f"beats with {found.heartbeat} and is tagged {found.tag}"
    if situation.has_stopped_working(found):
        return "beats and has finished no job of late, although there are some"
    return "beats and has not been seen to finish a job"
