"""What has happened to a region, in two sentences that an operator understands at once?"""

from __future__ import annotations

from console.domain.counted import counted
from console.domain.recovery.case import doubt, of
from console.domain.recovery.situation import Situation, is_gone


def happened(situation: Situation) -> tuple[str, ...]:
    """Return why it stopped, and what is true now."""
    return tuple(filter(None, (_cause(situation), _truth(situation))))


def _cause(situation: Situation) -> str:
    if situation.error:
        return f"{situation.region} cannot be read: {situation.error.rstrip('.')}."
    if situation.cause is None:
        return ""
    what = f"The rollout of {situation.release}" if situation.release else "The rollout"
    return f"{what} stopped in {situation.region}: {situation.cause.message.rstrip('.')}."


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _truth(situation: Situation) -> str:
    healthy = f"{counted(situation.healthy, 'worker')} {_are(situation.healthy)} healthy"
    parts = [
        f"{healthy} and {situation.desired} {_are(situation.desired)} wanted",
        *_slots(situation),
    ]
    if situation.is_unseen:
        parts = [f"Nobody can tell how many of {situation.desired} workers are healthy"]
    parts += map(str, situation.drift or ())
    if situation.orphans:
        names = ", ".join(orphan.id for orphan in situation.orphans)
        runs = "runs and is" if len(situation.orphans) == 1 else "run and are"
        parts.append(f"{names} {runs} in no state")
    if situation.lock is not None:
        parts.append(f"the state is locked by {situation.lock.holder} ({situation.holder})")
    if situation.has_errored_state:
        parts.append("an apply could not write its state, which lies in errored.tfstate")
    return f"{'; '.join(parts)}."


def _slots(situation: Situation) -> list[str]:
    told = []
    slots = situation.slots
    beside = [slot for slot in slots if slot.healthy_deposed]
    failed = [slot for slot in beside if slot.current and not slot.current_works]
    if failed:
        told.append(
            f"in {of(failed)} the new instance does not work and the old one beside it does"
        )
    doubled = [slot for slot in beside if slot.current_works]
    if doubled:
        told.append(f"in {of(doubled)} the new and the old instance both work")
    bare = [slot for slot in slots if slot.deposed and not slot.working]
    if bare:
        told.append(f"in {of(bare)} neither the new nor the old instance works")
    empty = [slot for slot in slots if slot.current is None or is_gone(slot.current)]
    if empty:
        told.append(f"{of(empty)} has no living instance of its own")
    marked = [s for s in slots if s.current and s.current.is_tainted and not s.deposed]
    if marked:
        verb = "is" if len(marked) == 1 else "are"
        told.append(f"{of(marked)} {verb} marked for replacement and nothing was replaced")
    sick = [s.current for s in slots if s.current and not s.is_unfinished and not s.current_works]
    told += [f"{found.id} {doubt(found, situation)}" for found in sick]
    return told or ["every slot has one object, and none is marked"]
