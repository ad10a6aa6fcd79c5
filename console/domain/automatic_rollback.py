"""May a rollout that stopped be rolled back without anybody being asked?

Only from a known state: a rollout that nobody can judge, or a region that cannot be read, waits for
a person. What is rolled back is every region that has left the release before.
"""

from __future__ import annotations

from collections import Counter

from console.domain.failure import FailureKind
from console.domain.fleet import SlotTarget
from console.domain.outcome import Outcome
from console.domain.policy import OnFailure
from console.domain.rollout import Rollout
from console.exit_codes import ExitCode


def rolls_back_by_itself(rollout: Rollout) -> SlotTarget | None:
    """Return what is rolled out again, or None where that is a person's to say.

    Args:
        rollout: one that has ended.
    """
    wants = rollout.policy.on_failure_in(_failed_in(rollout)) is OnFailure.ROLLBACK
    is_known = (
        rollout.outcome is Outcome.PARTIAL
        and rollout.exit_code == ExitCode.NEEDS_PERSON
        and rollout.halt is not None
        and rollout.halt.failure.kind is FailureKind.FAILED
        and all(o.new is not None and o.healthy is not None for o in rollout.outcomes)
    )
    if not wants or not is_known or rollout.request.rolls_back or rollout.request.scale:
        return None
    return release_before(rollout)


def release_before(rollout: Rollout) -> SlotTarget | None:
    """Return what most slots ran before `rollout`, if that was something else."""
    found = Counter(
        target
        for region in rollout.regions
        for target in region.found
        if target is not None and target.release != rollout.request.label
    )
    return found.most_common(1)[0][0] if found else None


def _failed_in(rollout: Rollout) -> str | None:
    if rollout.halt is None:
        return None
    unit = rollout.halt.at.unit
    return rollout.halt.region or (rollout.unit(unit).regions[0] if unit is not None else None)
