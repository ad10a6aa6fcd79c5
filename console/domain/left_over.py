"""What stands in a region that no rollout is at work on, and should not?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from console.domain.vocabulary import ObjectKind

if TYPE_CHECKING:
    from console.domain.view import ObjectView, RegionView

_IS: dict[ObjectKind, str] = {
    ObjectKind.DEPOSED: "is deposed",
    ObjectKind.ORPHAN: "is in no state",
    ObjectKind.GHOST: "is in the state and gone from EC2",
}


def left_over(view: RegionView) -> str:
    """Return what a rollout, or somebody, has left in a region; empty where there is nothing.

    Args:
        view: the region as it was seen while no rollout was under way in it.
    """
    return "; ".join(_told(view))


def _told(view: RegionView) -> Iterator[str]:
    if view.lock is not None:
        yield f"{view.lock.holder} holds the state lock ({view.lock.operation})"
    for found in view.objects:
        what = _IS.get(found.kind) or ("is tainted" if found.is_tainted else "")
        if what:
            yield f"{_name(found)} {what}"


def _name(found: ObjectView) -> str:
    return found.id if found.slot is None else f"{found.id} of slot {found.slot}"
