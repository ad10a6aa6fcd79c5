"""Which marks does a rollout take back that ends before it has applied anything?"""

from __future__ import annotations

import pytest

from console.domain import effects
from console.domain.commands import Approve, Close, Refuse
from console.domain.events import ApprovalRequested, Event, RolloutHalted
from console.domain.fleet import InstanceId, RegionName, RegionState, SlotIndex, StateObject
from console.domain.machine import Input
from console.domain.steps import Asks

from .world import NEW, OLD, PaperWorld, policy, run, started

EU = RegionName("eu-west-1")


class LeftHalfWay(PaperWorld):
    """Slot 1 has a tainted new instance, and its old worker hangs on it as deposed."""

    def state(self, region: str) -> RegionState:
        """Return the state with both objects of slot 1."""
        whole = super().state(region)
        new = StateObject(
            "aws_instance.worker[1]", SlotIndex(1), InstanceId("i-new"), NEW, is_tainted=True
        )
        old = StateObject("aws_instance.worker[1]", SlotIndex(1), InstanceId("i-old"), OLD, "0ab1")
        return RegionState(whole.serial, whole.lineage, (whole.objects[0], new, old))


def no_to_the_plan(event: Event) -> Input | None:
    match event:
        case ApprovalRequested(subject) if subject.asks is Asks.APPLY:
            return Refuse(subject, "test")
        case ApprovalRequested(subject):
            return Approve(subject, "test")
        case RolloutHalted():
            return Close("test")
        case _:
            return None


@pytest.mark.parametrize(
    ("left", "taken_back"),
    [(PaperWorld, ((EU, 0), (EU, 1))), (LeftHalfWay, ((EU, 0),))],
    ids=["every mark is its own", "a slot was left half-way before"],
)
def test_a_mark_that_was_there_before_stays(
    left: type[PaperWorld], taken_back: tuple[tuple[RegionName, int], ...]
) -> None:
    """Without it, the next plan would destroy the old worker and create nothing."""
    world = left({EU: [OLD, OLD]})

    rollout = run(world, started(policy(eu_west_1=2), accept_leftovers=True), no_to_the_plan)

    assert rollout.is_finished
    marks = [e for e in world.asked if isinstance(e, effects.MarkSlots)]
    assert [(m.untaint, m.addresses) for m in marks] == [
        (False, ((EU, 0), (EU, 1))),
        (True, taken_back),
    ]


def test_no_untaint_is_begun_where_no_mark_is_its_own() -> None:
    world = LeftHalfWay({EU: [OLD, OLD]})
    only = ((EU, (SlotIndex(1),)),)
    start = started(policy(eu_west_1=2), accept_leftovers=True, only=only)

    rollout = run(world, start, no_to_the_plan)

    assert rollout.is_finished
    marks = [e for e in world.asked if isinstance(e, effects.MarkSlots)]
    assert [(m.untaint, m.addresses) for m in marks] == [(False, ((EU, 1),))]
