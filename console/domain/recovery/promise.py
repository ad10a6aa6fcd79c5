"""Is what a move led to what it promised?"""

from __future__ import annotations

from collections import Counter

from console.domain.counted import counted
from console.domain.fleet import ObjectKind
from console.domain.recovery.move import Promised
from console.domain.recovery.prospects import Prospect, left_over
from console.domain.recovery.situation import Situation
from console.domain.view import ObjectView

AS_PROMISED = "as promised"


def differences(promised: Prospect, now: Situation) -> str:
    """Return what is true now, in a sentence, with everything that is not as it was promised."""
    told = f"{now.healthy} workers are healthy, {promised.healthy_after} were promised"
    if now.error:
        return f"done, and the region cannot be read now: {now.error}"
    wanted, found = _counted(promised.objects), _counted(now.objects)
    if wanted == found:
        return f"{AS_PROMISED}: {now.healthy} of {now.desired} workers are healthy, {_left(now)}"
    more = [_name(key) for key in (found - wanted).elements()]
    fewer = [_name(key) for key in (wanted - found).elements()]
    parts = [told]
    if more:
        parts.append(f"not expected: {', '.join(more)}")
    if fewer:
        parts.append(f"missing: {', '.join(fewer)}")
    return "; ".join(parts)


def is_kept(promised: Promised, now: Situation) -> bool:
    """Whether a rollout has led to what it promised in a region, by what can be counted."""
    found = (now.healthy, left_over(now.objects))
    return not now.error and found == (promised.healthy, promised.left_over)


def compared(promised: Promised, now: Situation) -> str:
    """Return what is true after a rollout, in a sentence, beside what it promised."""
    if now.error:
        return f"{now.region} cannot be read now: {now.error}"
    left = left_over(now.objects)
    if is_kept(promised, now):
        over = counted(left, "object") if left else "nothing"
        return (
            f"{AS_PROMISED}: {counted(now.healthy, 'worker')} healthy, {now.desired} wanted, "
            f"{over} left over"
        )
    return (
        f"not {AS_PROMISED}: {counted(now.healthy, 'worker')} healthy, {promised.healthy} "
        f"promised; {counted(left, 'object')} left over, {promised.left_over} promised"
    )


_Key = tuple[int | None, str, ObjectKind, bool]


def _counted(objects: tuple[ObjectView, ...]) -> Counter[_Key]:
    return Counter((o.slot, str(o.id), o.kind, o.is_tainted) for o in objects)


def _name(key: _Key) -> str:
    slot, instance, kind, is_tainted = key
    where = "" if slot is None else f" of slot {slot}"
    return f"{instance} ({'tainted ' if is_tainted else ''}{kind}{where})"


def _left(now: Situation) -> str:
    left = len(now.unfinished) + len(now.orphans)
    return "nothing is left over" if not left else f"{left} are left over"
