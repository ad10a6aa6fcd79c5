"""Which objects are left after a remedy, if it goes as it should?

A model of Terraform and EC2, no more than the advice needs: how many workers are healthy at the
worst moment, and what the next census has to show. New instances appear as proven ones: a remedy
that makes instances removes nothing before they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from console.domain.fleet import InstanceId, ObjectKind
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.situation import Situation, Slot
from console.domain.recovery.unwritten import once_pushed
from console.domain.view import Health, ObjectView


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a remedy leads to."""

    objects: tuple[ObjectView, ...]
    healthy_before: int
    healthy_after: int
    created: int
    """Instances that it boots."""
    removed: tuple[InstanceId, ...]
    """Instances that it terminates."""
    healthy_at_worst: int
    """As `healthy_after`, if those of the new instances that matter most do not become ready."""

    @property
    def unfinished(self) -> int:
        """Objects that are tainted, deposed, gone, or in no state."""
        return left_over(self.objects)

    def harms(self, desired: int) -> bool:
        """Whether fewer workers are left than now, of those that the region shall have."""
        return self.healthy_at_worst < min(self.healthy_before, desired)


def left_over(objects: Iterable[ObjectView]) -> int:
    """Return how many of `objects` are tainted, deposed, gone, or in no state."""
    return sum(found.is_tainted or found.kind is not ObjectKind.CURRENT for found in objects)


def prospect(
    situation: Situation,
    remedy: Remedy,
    slots: Iterable[int] = (),
    instance: InstanceId | None = None,
) -> Prospect:
    """Return what `remedy` leads to.

    Args:
        situation: what is true now.
        remedy: the move.
        slots: those that it is made in.
        instance: the orphan, for `adopt` and `terminate`.
    """
    chosen = set(slots)
    after: list[ObjectView] = [
        found for slot in situation.slots for found in _slot_after(situation, slot, remedy, chosen)
    ]
    after += _orphans_after(situation, remedy, chosen, instance)
    if remedy is Remedy.PUSH_STATE and situation.unwritten:
        after = list(once_pushed(situation))
    kept = {found.id for found in after}
    working = {found.id for found in situation.objects if situation.works(found)}
    return Prospect(
        objects=tuple(after),
        healthy_before=situation.healthy,
        healthy_after=sum(f.id in working or f.id.startswith(_NEW) for f in after),
        created=sum(found.id.startswith(_NEW) for found in after),
        removed=tuple(
            found.id
            for found in situation.objects
            if found.id not in kept and found.health is not Health.GONE
        ),
        healthy_at_worst=_at_worst(situation, after, working),
    )


def _at_worst(situation: Situation, after: Iterable[ObjectView], working: set[InstanceId]) -> int:
    """Return how many work if each new instance becomes ready or not, whichever leaves fewer.

    A slot in which two work is down to one when its new instance becomes ready; a slot in which
    none works gains nothing when it does not. A region can meet both in one apply.
    """
    in_slot: dict[int | None, int] = {s.index: len(s.working) for s in situation.slots}
    return sum(min(in_slot[f.slot], 1) if f.id.startswith(_NEW) else f.id in working for f in after)


def _slot_after(
    situation: Situation, slot: Slot, remedy: Remedy, chosen: set[int]
) -> Iterable[ObjectView]:
    untouched = [*([slot.current] if slot.current else []), *slot.deposed]
    if slot.index not in chosen:
        return untouched
    match remedy:
        case Remedy.RETRY:
            return [_new(slot.index, situation.wanted)]
        case Remedy.FINISH:
            return [_new(slot.index, situation.release)]
        case Remedy.ROLLBACK:
            return [_new(slot.index, situation.before)]
        case Remedy.ACCEPT | Remedy.UNTAINT:
            # Untainted, the slot needs no replacement: the next plan removes what is deposed.
            return [replace(slot.current, is_tainted=False)] if slot.current else []
        case Remedy.RESTORE:
            return [_current(slot.healthy_deposed or slot.deposed[0])] if slot.deposed else []
        case _:
            return untouched


def _orphans_after(
    situation: Situation, remedy: Remedy, chosen: set[int], instance: InstanceId | None
) -> Iterable[ObjectView]:
    for orphan in situation.orphans:
        if orphan.id != instance or remedy not in {Remedy.ADOPT, Remedy.TERMINATE}:
            yield orphan
        elif remedy is Remedy.ADOPT:
            yield replace(_current(orphan), slot=next(iter(chosen), orphan.slot))


_NEW = "new-in-slot-"


def is_new(found: ObjectView) -> bool:
    """Whether a prospect's object is an instance that is yet to be made."""
    return found.id.startswith(_NEW)


def _new(slot: int, release: str) -> ObjectView:
    """Return the instance that a plan would make: proven, or what it replaces would stay."""
    return ObjectView(
        slot=slot,
        id=InstanceId(f"{_NEW}{slot}"),
        kind=ObjectKind.CURRENT,
        is_tainted=False,
        state="running",
        tag=release,
        heartbeat=release,
        last_beat=None,
        health=Health.HEALTHY,
    )


def _current(found: ObjectView) -> ObjectView:
    return replace(found, kind=ObjectKind.CURRENT, is_tainted=False, is_deposed=False)
