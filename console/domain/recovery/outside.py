"""What speaks for a move about something beside the slots, and what against it?

An instance that is in no state, a state lock, a state that could not be written.
"""

from __future__ import annotations

from console.domain.recovery.case import Case, doubt, indexes, unread
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.situation import Liveness, Situation, is_healthy
from console.domain.view import Health, ObjectView


def adopt(situation: Situation, orphan: ObjectView) -> Case:
    """Return the case of importing `orphan` into a slot that is empty."""
    wanted = situation.slots[: situation.desired]
    free = [slot for slot in wanted if slot.current is None and not slot.deposed]
    made_for = [slot for slot in free if slot.index == orphan.slot]
    slots = indexes((made_for or free)[:1])
    if not slots:
        taken = "the state has an object in every slot"
        against = f"{taken}: there is no free one for {orphan.id}"
        return Case(Remedy.ADOPT, instance=orphan.id, against=against)
    if not situation.works(orphan):
        return Case(
            Remedy.ADOPT, slots, orphan.id, against=f"{orphan.id} {doubt(orphan, situation)}"
        )
    why = f"{orphan.id} works, and slot {slots[0]} is empty"
    return Case(Remedy.ADOPT, slots, orphan.id, speaks_for=why)


def terminate(situation: Situation, orphan: ObjectView) -> Case:
    """Return the case of terminating `orphan`."""
    works = situation.works(orphan)
    of_its_own = situation.healthy - works
    left = f"without it {of_its_own} healthy workers are left of {situation.desired}"
    if of_its_own >= situation.desired or not _may_work(orphan):
        why = f"{orphan.id} is in no state, and {of_its_own} workers are healthy without it"
        return Case(Remedy.TERMINATE, instance=orphan.id, speaks_for=why)
    if works:
        harms = f"{orphan.id} works, and {left}"
        return Case(Remedy.TERMINATE, instance=orphan.id, harms=harms)
    if is_healthy(orphan):
        # Nobody can tell whether it idles or is broken, and it may be the last one that works.
        against = f"{orphan.id} {doubt(orphan, situation)}, which may come yet, and {left}"
        return Case(Remedy.TERMINATE, instance=orphan.id, against=against)
    # It boots, or has crashed and beats, and may yet be wanted.
    return Case(Remedy.TERMINATE, instance=orphan.id)


def unlock(situation: Situation) -> Case:
    """Return the case of removing the state lock."""
    if situation.lock is None:
        why = f"no lock was seen, and {unread(situation)}" if situation.error else ""
        return Case(Remedy.UNLOCK, against=why or "the state is not locked")
    serial = situation.serial
    if serial is not None and serial.is_moving:
        return Case(
            Remedy.UNLOCK,
            harms=f"the state that {situation.lock.holder} has locked is being written, its serial "
            f"was {serial.before} and is {serial.number}: without the lock two Terraforms would "
            "write one state",
        )
    match situation.holder:
        case Liveness.ALIVE:
            return Case(
                Remedy.UNLOCK,
                harms=f"{situation.lock.holder} still runs {situation.lock.operation}: without its "
                "lock two Terraforms would write one state",
            )
        case Liveness.DEAD:
            why = f"the Terraform of {situation.lock.holder} that took the lock is dead"
            return Case(Remedy.UNLOCK, speaks_for=why)
        case Liveness.ELSEWHERE | Liveness.UNKNOWN:
            return Case(Remedy.UNLOCK)


def push_state(situation: Situation) -> Case:
    """Return the case of writing the state that an apply could not write."""
    if not situation.has_errored_state:
        return Case(Remedy.PUSH_STATE, against="every apply has written its state")
    if situation.lock is not None:
        held = f"the state is locked by {situation.lock.holder}: see unlock"
        return Case(Remedy.PUSH_STATE, against=held)
    if situation.error:
        # Whoever could not write the state could not free its lock either.
        return Case(Remedy.PUSH_STATE, against=unread(situation))
    why = "until it is pushed, the state does not know what runs"
    return Case(Remedy.PUSH_STATE, speaks_for=why)


def _may_work(orphan: ObjectView) -> bool:
    """Whether it works, or may come to: also one that has crashed before and beats now."""
    beats = orphan.health is Health.CRASHING and orphan.heartbeat is not None
    return beats or orphan.health in {Health.HEALTHY, Health.BOOTING}
