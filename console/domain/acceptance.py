"""May this plan be applied, whose whole purpose is to remove what is deposed?

The guard refuses a deposed object's destruction without a create, and rightly: in a rollout it is
the last healthy worker that goes. Here a person has said yes to exactly these instances, because
their successors have proven themselves. Nothing else may be in the plan.
"""

from __future__ import annotations

from collections.abc import Iterator

from console.domain.fleet import InstanceId, RegionName
from console.domain.plan import Action, Change, Plan


def check_acceptance(
    plan: Plan, region: RegionName, removes: frozenset[InstanceId]
) -> tuple[str, ...]:
    """Return everything in `plan` that was not said yes to; nothing means that it may be applied.

    Args:
        plan: as Terraform saved it.
        region: the only one that may change.
        removes: the instances that may go.
    """
    findings = [text for change in plan.effective for text in _of(change, region, removes)]
    if not plan.is_complete:
        findings.insert(0, "Terraform could not finish this plan, so nobody knows all it would do")
    gone = {change.instance for change in plan.effective if change.destroys}
    missing = sorted(removes - gone)
    if missing:
        findings.append(f"{', '.join(missing)} would stay, though their removal was announced")
    return tuple(findings)


def _of(change: Change, region: RegionName, removes: frozenset[InstanceId]) -> Iterator[str]:
    is_removal = change.actions == (Action.DELETE,) and change.deposed_key is not None
    is_announced = change.region == region and change.instance in removes
    if not (is_removal and is_announced):
        what = " and ".join(action.value for action in change.actions)
        name = f" ({change.instance})" if change.instance else ""
        yield f"the plan would {what} {change.address}{name}, which was not announced"
