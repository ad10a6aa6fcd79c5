"""Is there anything to recover?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from console.domain.vocabulary import Outcome

if TYPE_CHECKING:
    from console.domain.region_rows import RegionRow
    from console.domain.rollout import Rollout

_LEAVES_WORK = {Outcome.PARTIAL, Outcome.INCONCLUSIVE, Outcome.ABORTED}


def is_recovery_wanted(rollout: Rollout | None, rows: Iterable[RegionRow]) -> bool:
    """Return whether an operator should look at the moves that there are.

    Args:
        rollout: the one that is shown; None where none is.
        rows: every region, as it was last seen.
    """
    if rollout is not None and not rollout.is_finished:
        # While it is under way, two objects in a slot are nothing but its work.
        return rollout.halt is not None
    if rollout is not None and rollout.outcome in _LEAVES_WORK and rollout.has_changed:
        return True
    return any(map(_needs_a_look, rows))


def _needs_a_look(row: RegionRow) -> bool:
    if row.fresh is None:
        return False
    is_told = row.alert or row.deposed or row.left_over
    return bool(is_told) or row.new + row.old + row.unwell != row.desired
