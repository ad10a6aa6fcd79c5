"""A plan that removes what is deposed may do that, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.acceptance import check_acceptance
from console.domain.fleet import InstanceId, RegionName, SlotIndex
from console.domain.plan import Action, Change, Plan, PlanId

WEST = RegionName("us-west-1")
OLD = InstanceId("i-old")
REMOVAL = Change(
    "module.workers.aws_instance.worker[0]",
    "aws_instance",
    (Action.DELETE,),
    deposed_key="1a2b",
    region=WEST,
    slot=SlotIndex(0),
    instance=OLD,
)


def plan(*changes: Change, is_complete: bool = True) -> Plan:
    return Plan(PlanId("p"), 7, "lineage", changes, is_complete)


def test_exactly_what_was_said_yes_to_may_go() -> None:
    assert check_acceptance(plan(REMOVAL), WEST, frozenset({OLD})) == ()


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (plan(REMOVAL, is_complete=False), "could not finish"),
        (plan(), "i-old would stay"),
        (plan(replace(REMOVAL, instance=InstanceId("i-other"))), "i-other"),
        (plan(replace(REMOVAL, region=RegionName("eu-west-1"))), "was not announced"),
        (plan(replace(REMOVAL, deposed_key=None)), "would delete"),
        (plan(REMOVAL, replace(REMOVAL, actions=(Action.UPDATE,))), "would update"),
        (
            plan(REMOVAL, replace(REMOVAL, actions=(Action.CREATE, Action.DELETE))),
            "would create and delete",
        ),
    ],
)
def test_anything_else_is_refused(made: Plan, told: str) -> None:
    assert told in "; ".join(check_acceptance(made, WEST, frozenset({OLD})))
