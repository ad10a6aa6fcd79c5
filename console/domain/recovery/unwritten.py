"""What does the state know, once the one that an apply could not write is pushed?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from console.domain.fleet import ObjectKind, StateObject
from console.domain.recovery.situation import Situation, is_gone
from console.domain.view import Health, ObjectView


def once_pushed(situation: Situation) -> Iterator[ObjectView]:
    """Yield every object as the next census has to show it."""
    seen = {found.id: found for found in situation.objects}
    for known in sorted(situation.unwritten, key=lambda o: (o.slot, o.deposed_key or "")):
        yield _placed(known, seen.get(known.instance))
    ids = {known.instance for known in situation.unwritten}
    for found in situation.objects:
        if found.id not in ids and not is_gone(found):
            yield replace(found, kind=ObjectKind.ORPHAN, is_tainted=False, is_deposed=False)


def learned(situation: Situation) -> str:
    """Return what the state does not know yet, in words."""
    seen = {found.id: found for found in situation.objects}
    told = [
        _told(after)
        for after in once_pushed(situation)
        if _place(after) != (_place(seen[after.id]) if after.id in seen else None)
    ]
    return ", ".join(told) or "its serial has moved"


def _placed(known: StateObject, seen: ObjectView | None) -> ObjectView:
    """Return what was seen of an instance, in the place that the state gives it."""
    is_deposed = known.kind is ObjectKind.DEPOSED
    is_tainted = known.is_tainted and not is_deposed
    if seen is None:
        return ObjectView(
            slot=known.slot,
            id=known.instance,
            kind=ObjectKind.GHOST,
            is_tainted=is_tainted,
            state="gone",
            tag=known.target.release if known.target else None,
            heartbeat=None,
            last_beat=None,
            health=Health.GONE,
            is_deposed=is_deposed,
        )
    kind = ObjectKind.GHOST if is_gone(seen) else known.kind
    return replace(seen, slot=known.slot, kind=kind, is_tainted=is_tainted, is_deposed=is_deposed)


def _place(found: ObjectView) -> tuple[int | None, ObjectKind, bool, bool]:
    return found.slot, found.kind, found.is_tainted, found.is_deposed


def _told(found: ObjectView) -> str:
    if found.kind is ObjectKind.ORPHAN:
        return f"{found.id} is in no state any more"
    where = "deposed in" if found.is_deposed else "the instance of"
    marked = ", tainted" if found.is_tainted else ""
    gone = ", gone" if is_gone(found) else ""
    return f"{found.id} is {where} slot {found.slot}{marked}{gone}"
