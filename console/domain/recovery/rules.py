"""What speaks for a move in a region, and what against it?

One function a remedy. Each names the slots that the move is about, and a reason: what would harm,
what is missing for it, or why it is the one to make.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from console.domain.failure import FailureKind
from console.domain.recovery.case import Case, by_number, indexes, named, of, unread
from console.domain.recovery.outside import adopt, push_state, terminate, unlock
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.situation import Situation, Slot, is_gone
from console.domain.view import Health, ObjectView

__all__ = ["MOST_RETRIES", "Case", "against_release", "judge"]

# Each failed retry leaves one more instance running in its slot: the second one is a habit.
MOST_RETRIES = 2


def judge(situation: Situation, remedy: Remedy, orphan: ObjectView | None) -> Case:
    """Return the case of `remedy`, about `orphan` where it is about one.

    Args:
        situation: what was seen.
        remedy: the move.
        orphan: for `adopt` and `terminate`.
    """
    if remedy is Remedy.UNLOCK:
        return unlock(situation)
    if remedy is Remedy.PUSH_STATE:
        return push_state(situation)
    if orphan is not None:
        case = adopt(situation, orphan) if remedy is Remedy.ADOPT else terminate(situation, orphan)
    elif remedy in _OF_SLOTS:
        case = _OF_SLOTS[remedy](situation)
    else:
        case = Case(remedy, against="every instance is in the state")
    held_back = _held_back(situation)
    if held_back and not case.harms:
        return Case(case.remedy, case.slots, case.instance, against=held_back)
    return case


def _held_back(situation: Situation) -> str:
    """Return what has to be done before anything else is.

    That holds for orphans too: an apply that is under way, or could not write its state, knows
    instances that the state does not.
    """
    if situation.error:
        return unread(situation)
    if situation.lock is not None:
        return f"the state is locked by {situation.lock.holder}: see unlock"
    if situation.has_errored_state:
        return "a state that could not be written has to be pushed first: see push-state"
    return ""


def _retry(situation: Situation) -> Case:
    broken = [slot for slot in situation.slots if slot.is_unfinished or _is_sick(slot)]
    if not broken:
        return Case(Remedy.RETRY, against="no slot is unfinished, and every worker works")
    if not situation.wanted:
        return Case(
            Remedy.RETRY, indexes(broken), against="it is not known which release was under way"
        )
    slots = [slot for slot in broken if _tries(slot) <= MOST_RETRIES]
    if not slots:
        return Case(Remedy.RETRY, indexes(broken), against=_tried_enough(broken))
    chosen = _affordable(situation, slots)
    return Case(Remedy.RETRY, indexes(chosen), speaks_for=_cause_is_gone(situation, chosen))


def _tried_enough(slots: Sequence[Slot]) -> str:
    running = named(found for slot in slots for found in slot.deposed if not is_gone(found))
    return (
        f"{of(slots)} {by_number(slots, 'was', 'were')} retried {MOST_RETRIES} times, and each try "
        f"leaves one more instance running ({running}): restore, or roll another release out"
    )


def against_release(situation: Situation, label: str) -> str:
    """Return why `label` is not shipped over what is left of a region; empty where it may be.

    A release that has failed in a slot is no way on for it, also where others have come since. One
    that the slot has not seen yet is.

    Args:
        situation: what was seen.
        label: a release that somebody names, which need not be the one that stopped.
    """
    full = [
        slot for slot in situation.slots if _tries(slot) > MOST_RETRIES and _has_failed(slot, label)
    ]
    return _tried_enough(full) if full else ""


def _has_failed(slot: Slot, label: str) -> bool:
    found = (*([slot.current] if slot.current else []), *slot.deposed)
    return any(one.tag == label and one not in slot.working for one in found)


def _cause_is_gone(situation: Situation, slots: Sequence[Slot]) -> str:
    """Return why the same release may well succeed; empty where it is under suspicion."""
    bare = [slot for slot in slots if not slot.working]
    if bare:
        return f"no worker of {of(bare)} works, and nothing else gives it one"
    cause = situation.cause
    if cause is None or cause.kind in {FailureKind.INTERRUPTED, FailureKind.INCONCLUSIVE}:
        return "nothing speaks against the release: what stopped was not its doing"
    return ""


def _accept(situation: Situation) -> Case:
    slots = [s for s in situation.slots if s.current and not is_gone(s.current) and s.deposed]
    proven = [s for s in slots if s.current and situation.is_proven(s.current)]
    if proven:
        chosen = _affordable(situation, proven)
        names = named(s.current for s in chosen if s.current)
        one, many = "beats with its release and finishes", "beat with their release and finish"
        words = by_number(chosen, f"{one} jobs", f"{many} jobs")
        return Case(
            Remedy.ACCEPT,
            indexes(chosen),
            speaks_for=f"{names} {words}: only the check failed",
        )
    if not slots:
        return Case(Remedy.ACCEPT, against="no slot has a new instance beside its old one")
    names = named(s.current for s in slots if s.current)
    words = by_number(slots, "has not proven itself", "have not proven themselves")
    reason = f"{names} {words}: no heartbeat of its release, or no job finished of late"
    old = [s.healthy_deposed for s in slots if s.healthy_deposed]
    if old:
        harms = f"{reason}; accepting it destroys the old worker beside it, which works: "
        return Case(Remedy.ACCEPT, indexes(slots), harms=harms + named(old))
    return Case(Remedy.ACCEPT, indexes(slots), against=reason)


def _restore(situation: Situation) -> Case:
    slots = [s for s in situation.slots if any(not is_gone(found) for found in s.deposed)]
    if not slots:
        return Case(Remedy.RESTORE, against="no old instance is left beside a new one")
    fit = [slot for slot in slots if slot.healthy_deposed]
    if not fit:
        names = named(found for slot in slots for found in slot.deposed)
        words = by_number([o for s in slots for o in s.deposed], "does not", "do not")
        return Case(Remedy.RESTORE, indexes(slots), against=f"{names} {words} work either")
    unproven = [slot for slot in fit if not slot.current_works]
    if unproven:
        return Case(
            Remedy.RESTORE,
            indexes(_affordable(situation, unproven)),
            speaks_for="the old workers still work and the new ones do not: no boot is needed",
        )
    return Case(Remedy.RESTORE, indexes(_affordable(situation, fit)))


def _rollback(situation: Situation) -> Case:
    if not situation.before:
        return Case(Remedy.ROLLBACK, against="it is not known what the region ran before")
    elsewhere = [s for s in situation.slots if s.current and s.current.tag != situation.before]
    if situation.before == situation.release:
        # A rollback that has not come to every slot. What it has begun is retried.
        if not elsewhere:
            against = f"it ran {situation.before} before, as it does now"
            return Case(Remedy.ROLLBACK, against=against)
        return Case(Remedy.ROLLBACK, indexes(_affordable(situation, elsewhere)))
    # A slot that ran another release yet, and still does, has left nothing.
    own = [s for s in elsewhere if s.current and s.current.tag in {situation.release, None}]
    left = [s for s in situation.slots if s in own or s.is_unfinished or _is_sick(s)]
    if not any(s in elsewhere or s.deposed or not s.current_works for s in left):
        see = ": see untaint" if left else ""
        return Case(Remedy.ROLLBACK, against=f"no slot has left {situation.before}{see}")
    slots = _affordable(situation, left)
    return Case(Remedy.ROLLBACK, indexes(slots), speaks_for=_nothing_to_restore(situation, slots))


def _nothing_to_restore(situation: Situation, slots: Sequence[Slot]) -> str:
    """Return why the release before is needed; empty where it is not."""
    bare = [slot for slot in slots if not slot.working]
    bad = [s.current for s in bare if s.current and s.current.tag == situation.release]
    running = [found for found in bad if not is_gone(found)]
    if running and situation.cause is not None:  # else it has worked here, and may well again
        words = by_number(running, "does not work", "do not work")
        return f"{named(running)} {words}, and no old worker is left to restore"
    if bare and situation.cause and situation.cause.kind is FailureKind.FAILED:
        return f"no worker of {of(bare)} works, and {situation.release} is under suspicion"
    return ""


def _finish(situation: Situation) -> Case:
    if situation.unfinished:
        verb = by_number(situation.unfinished, "is", "are")
        against = f"{of(situation.unfinished)} {verb} unfinished: see retry"
        return Case(Remedy.FINISH, against=against)
    if situation.orphans:
        verb = by_number(situation.orphans, "is", "are")
        against = f"{named(situation.orphans)} {verb} in no state: see terminate"
        return Case(Remedy.FINISH, against=against)
    if not situation.release:
        return Case(Remedy.FINISH, against="it is not known which release was under way")
    missing = [s for s in situation.slots if s.current and s.current.tag != situation.release]
    if not missing:
        return Case(Remedy.FINISH, against=f"every slot runs {situation.release} already")
    if situation.waits_for:
        earlier = ", ".join(situation.waits_for)
        verb = "is" if len(situation.waits_for) == 1 else "are"
        return Case(
            Remedy.FINISH,
            indexes(missing),
            against=f"{earlier}, of an earlier wave, {verb} not through with {situation.release}: "
            "mend that first",
        )
    sick = [
        found
        for found in situation.objects
        if found.tag == situation.release and not situation.works(found)
    ]
    if sick:
        return Case(
            Remedy.FINISH,
            indexes(missing),
            against=f"{named(sick)} runs {situation.release} and does not work",
        )
    good = situation.cause is None or situation.cause.kind is not FailureKind.FAILED
    why = f"nothing speaks against {situation.release}" if good else ""
    return Case(Remedy.FINISH, indexes(_affordable(situation, missing)), speaks_for=why)


def _untaint(situation: Situation) -> Case:
    marked = [slot for slot in situation.slots if slot.current and slot.current.is_tainted]
    if not marked:
        return Case(Remedy.UNTAINT, against="no slot is marked")
    living = [s for s in marked if s.current and not is_gone(s.current)]
    if not living:
        gone = named(slot.current for slot in marked if slot.current)
        return Case(Remedy.UNTAINT, against=f"{gone} is gone: see retry")
    free = [slot for slot in living if not slot.deposed]
    if not free:
        return _untaint_beside_old(situation, living)
    working = [slot for slot in free if slot.current_works]
    if working:
        names = named(s.current for s in working if s.current)
        words = by_number(working, "works, is marked, and was", "work, are marked, and were")
        why = f"{names} {words} never replaced"
        return Case(Remedy.UNTAINT, indexes(working), speaks_for=why)
    return Case(Remedy.UNTAINT, indexes(free))


def _untaint_beside_old(situation: Situation, held: Sequence[Slot]) -> Case:
    old = [slot.healthy_deposed for slot in held if slot.healthy_deposed]
    hanging = named(old) if old else named(found for slot in held for found in slot.deposed)
    reason = (
        f"an old instance hangs on each marked slot ({hanging}): without the mark, the next plan "
        "is nothing but its destruction"
    )
    works = [slot for slot in held if slot.healthy_deposed]
    if works and not all(s.current and situation.is_proven(s.current) for s in works):
        return Case(Remedy.UNTAINT, indexes(works), harms=reason)
    return Case(Remedy.UNTAINT, indexes(held), against=f"{reason}; accept does both")


_OF_SLOTS: Mapping[Remedy, Callable[[Situation], Case]] = {
    Remedy.RETRY: _retry,
    Remedy.ACCEPT: _accept,
    Remedy.RESTORE: _restore,
    Remedy.ROLLBACK: _rollback,
    Remedy.FINISH: _finish,
    Remedy.UNTAINT: _untaint,
}


def _is_sick(slot: Slot) -> bool:
    """Whether the slot's own instance should work by now, and does not."""
    current = slot.current
    return current is not None and not slot.current_works and current.health is not Health.BOOTING


def _tries(slot: Slot) -> int:
    """Return how many instances each failed try has left running beside the current one."""
    return sum(not is_gone(found) for found in slot.deposed)


def _affordable(situation: Situation, slots: Sequence[Slot]) -> Sequence[Slot]:
    """Return those of `slots` that may be brought down to one worker each.

    While another slot is without a worker, the second one of a doubled slot stands in for it.
    """
    spare = situation.healthy - min(situation.healthy, situation.desired)
    chosen = []
    for slot in slots:
        cost = max(len(slot.working) - 1, 0)
        if cost <= spare:
            spare -= cost
            chosen.append(slot)
    return chosen or slots
