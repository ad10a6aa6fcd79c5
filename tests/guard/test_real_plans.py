"""The guard on plans of a real Terraform with the real AWS provider."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from console.domain import effects
from console.domain.fleet import ObjectKind, SlotIndex
from console.domain.guard import Rule
from console.domain.outcome import Outcome

from .conftest import Plans
from .fleet import WORKER, Made, read
from .rolled_out import RealPlan, rolled_out
from .verdicts import EU, NEW, OLD, OTHER, Announced, assert_says, nobody_knows, verdict


@dataclass(frozen=True)
class Row:
    """A plan, what was announced, and what the guard says to it."""

    what: str
    made: Made
    announced: Announced
    rules: frozenset[Rule] = frozenset()
    phrases: tuple[str, ...] = ()


def refused(*rules: Rule) -> frozenset[Rule]:
    return frozenset(rules)


ALL_TAINTED = Made((NEW, NEW, NEW), "all tainted")
REFRESHED = Made((OLD, OLD, OLD), options=(f"-replace={WORKER}[1]",))
TWO = Made((OLD, NEW, NEW))
RETAGGED = Made((NEW, OLD, OLD), variables={"environment": "prod"})
SHRUNK = Made((NEW, OLD))
TO_ONE = Made((OLD,))
GROWN = Made((OLD, OLD, OLD, NEW))
OTHER_QUEUE = Made((NEW, OLD, OLD), variables={"work_queue_url": "https://sqs.example.com/1/x"})
OTHER_ALARM = Made((NEW, OLD, OLD), variables={"alarm": {"minimum_runs": 2}})
DESTROYS_FIRST = Made((NEW, OLD, OLD), destroys_first=True)
DESTROYS_ALL = Made((OLD, OLD, OLD), options=("-destroy",))
UNCHANGED = Made((OLD, OLD, OLD))
TARGETED = Made((NEW, NEW, NEW), options=(f"-target={WORKER}[1]",))
AGAIN = Made((OLD, NEW, OLD), "failed")
ELSEWHERE = Made((NEW, NEW, OLD), "failed")
UNTAINTED = Made((OLD, NEW, OLD), "failed, untainted")
AGAIN_TWICE = Made((OLD, NEW, OLD), "failed twice")
UNTAINTED_TWICE = Made((OLD, NEW, OLD), "failed twice, untainted")
NO_CURRENT = Made((OLD, NEW, OLD), "no current")

TABLE = [
    Row("every slot is tainted and replaced", ALL_TAINTED, Announced((0, 1, 2))),
    Row("one slot of three was announced", ALL_TAINTED, Announced((1,)),
        refused(Rule.UNANNOUNCED), ("eu-west-1 slot 0", "eu-west-1 slot 2", "was not announced")),
    Row("-replace renews a slot that runs the release", REFRESHED, Announced((1,), target=OLD)),
    Row("two slots take the release", TWO, Announced((1, 2))),
    Row("a slot more than announced", TWO, Announced((1,)),
        refused(Rule.UNANNOUNCED), ("slot 2", "the plan would create and delete it")),
    Row("a slot fewer than announced", TWO, Announced((0, 1, 2)),
        refused(Rule.MISSING), ("eu-west-1 slot 0 was announced and this plan leaves it alone",)),
    Row("another digest than announced", TWO, Announced((1, 2), target=OTHER),
        refused(Rule.OTHER_DIGEST), (NEW.image, OTHER.image, "announced was 0.9.1")),
    Row("the state has moved since", TWO, Announced((1, 2), serial_ahead=1),
        refused(Rule.STALE), ("it needs a fresh one",)),
    Row("nobody can tell who is healthy", TWO, Announced((1, 2), who_is_healthy=nobody_knows),
        refused(Rule.UNKNOWN_HEALTH), ("none may be destroyed",)),
    Row("without proof fewer are left than the floor", TWO, Announced((1, 2), proves=False),
        refused(Rule.FLOOR), ("1 healthy worker would be left, at least 3 must stay",)),
    Row("without proof enough are left", TWO, Announced((1, 2), floor=1, proves=False)),
    Row("tags of other slots are changed in place", RETAGGED, Announced((0,)),
        refused(Rule.UNANNOUNCED, Rule.IN_PLACE), ("slot 1", "changed in place and not replaced")),
    Row("a changed tag is no replacement", RETAGGED, Announced((0, 1, 2)),
        refused(Rule.IN_PLACE, Rule.MISSING), ("slot 2", "would be changed in place")),
    Row("the count is reduced", SHRUNK, Announced((0,)),
        refused(Rule.UNANNOUNCED, Rule.LONE_DESTROY, Rule.FLOOR),
        ("slot 2", "nothing created in its place", "2 healthy workers would be left")),
    Row("two slots were announced to go", TO_ONE, Announced((), leaves=(1, 2), floor=1)),
    Row("one slot was announced to go, and two would", TO_ONE,
        Announced((), leaves=(2,), floor=1), refused(Rule.UNANNOUNCED, Rule.LONE_DESTROY),
        ("slot 1", "nothing created in its place")),
    Row("two slots were announced to go, and one would be released to", SHRUNK,
        Announced((), leaves=(1, 2), floor=1), refused(Rule.UNANNOUNCED, Rule.MISSING),
        ("slot 0", "was not announced", "slot 1 was announced to go and this plan keeps it")),
    Row("fewer would be left than the new number needs", TO_ONE,
        Announced((), leaves=(1, 2), floor=2), refused(Rule.FLOOR),
        ("1 healthy worker would be left, at least 2 must stay",)),
    Row("a new slot was announced", GROWN, Announced((3,))),
    Row("a new slot was not announced", GROWN, Announced((1,)),
        refused(Rule.UNANNOUNCED, Rule.MISSING), ("slot 3 was not announced",)),
    Row("another queue replaces every worker", OTHER_QUEUE, Announced((0,)),
        refused(Rule.UNANNOUNCED, Rule.OTHER_DIGEST), ("slot 1", "would be tagged 0.9.0")),
    Row("the alarm changes too", OTHER_ALARM, Announced((0,)),
        refused(Rule.UNANNOUNCED),
        ("aws_cloudwatch_metric_alarm.nothing_happens[0] was not announced", "update it")),
    Row("create_before_destroy was turned off", DESTROYS_FIRST, Announced((0,)),
        refused(Rule.DELETE_BEFORE_CREATE, Rule.FLOOR),
        ("would be destroyed before its replacement is created",)),
    Row("everything is destroyed", DESTROYS_ALL, Announced((0, 1, 2)),
        refused(Rule.LONE_DESTROY, Rule.UNANNOUNCED, Rule.MISSING, Rule.FLOOR),
        ("nothing created in its place", "0 healthy workers would be left")),
    Row("nothing changes though it was announced", UNCHANGED, Announced((0, 1)),
        refused(Rule.MISSING), ("slot 0", "slot 1", "leaves it alone")),
    Row("-target leaves the rest unknown", TARGETED, Announced((1,)),
        refused(Rule.INCOMPLETE), ("nobody knows all it would do",)),
    Row("a slot that failed is planned again", AGAIN, Announced((1,))),
    Row("planned again, and nothing will prove it", AGAIN, Announced((1,), proves=False),
        refused(Rule.FLOOR), ("2 healthy workers would be left",)),
    Row("another slot was announced than the one that failed", ELSEWHERE, Announced((0,)),
        refused(Rule.UNANNOUNCED), ("deposed object of slot 1", "was not announced")),
    Row("the failed one was untainted, so only the last healthy one goes", UNTAINTED,
        Announced((1,)), refused(Rule.DEPOSED_ALONE, Rule.MISSING, Rule.FLOOR),
        ("the slot's old worker, kept because its replacement failed",
         "destroys it and creates nothing in its place",
         "slot 1 was announced and this plan leaves it alone")),
    Row("untainted, and the fleet could spare the old one", UNTAINTED, Announced((1,), floor=1),
        refused(Rule.DEPOSED_ALONE, Rule.MISSING), ("creates nothing in its place",)),
    Row("a slot that failed twice is planned again", AGAIN_TWICE, Announced((1,))),
    Row("failed twice, then untainted", UNTAINTED_TWICE, Announced((1,)),
        refused(Rule.DEPOSED_ALONE, Rule.MISSING, Rule.FLOOR), ("deposed object of slot 1",)),
    Row("a killed Terraform left no current object", NO_CURRENT, Announced((1,))),
    Row("the one without a current object was not announced", NO_CURRENT, Announced((0,)),
        refused(Rule.UNANNOUNCED, Rule.MISSING), ("deposed object of slot 1",)),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.what)
def test_the_guard_says_what_the_table_says(row: Row, plans: Plans) -> None:
    plan, state = plans.of(row.made)

    assert_says(verdict(plan, state, row.announced), set(row.rules), row.phrases)


def test_each_deposed_object_of_a_slot_is_judged_on_its_own(plans: Plans) -> None:
    plan, state = plans.of(UNTAINTED_TWICE)

    alone = [
        finding.text
        for finding in verdict(plan, state, Announced((1,)))
        if finding.rule is Rule.DEPOSED_ALONE
    ]

    assert len(state.deposed(1)) == 2
    for found in state.deposed(1):
        assert sum(found.instance in text for text in alone) == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"accept_leftovers": True},
        {"accept_leftovers": True, "only": ((EU, (SlotIndex(1),)),)},
        {"accept_leftovers": True, "rolls_back": "r0", "only": ((EU, (SlotIndex(1),)),)},
    ],
    ids=["over what was left", "a retry of the slot", "a rollback of the slot"],
)
def test_no_yes_gets_the_last_healthy_worker_of_a_slot_destroyed(
    asked: dict[str, object], plans: Plans
) -> None:
    """Somebody untaints the new instance after it was marked and before it is planned."""
    plan, state = plans.of(UNTAINTED)
    (old,) = state.deposed(1)
    world = RealPlan(plan, state)

    rollout = rolled_out(world, **asked)

    assert world.asked_for(effects.MakePlan)
    assert not world.asked_for(effects.ApplyPlan)
    assert (rollout.outcome, rollout.exit_code) == (Outcome.REFUSED, 3)
    assert rollout.reason.startswith(
        f"eu-west-1: the guard refuses the plan: eu-west-1 deposed object of slot 1 "
        f"({old.instance}) is the slot's old worker, kept because its replacement failed; this "
        "plan destroys it and creates nothing in its place"
    )
    assert "terraform untaint" in rollout.next
    assert "release-console recover --region eu-west-1" in rollout.next
    # The mark that makes the next plan a replacement is not taken back.
    untainted = [e for e in world.asked_for(effects.MarkSlots) if getattr(e, "untaint", False)]
    assert all((EU, 1) not in getattr(e, "addresses", ()) for e in untainted)


def test_old_workers_outlive_a_creation_that_fails(plans: Plans) -> None:
    """A create in the same slot makes a destroy safe only as long as Terraform keeps to this."""
    whole, failed, twice, again = (
        read(plans.fleet.state(name))
        for name in ("whole", "failed", "failed twice", "no current, failed")
    )
    old = whole.current(1)
    assert old is not None

    assert [o.instance for o in failed.deposed(1)] == [old.instance]
    assert {o.instance for o in twice.deposed(1)} > {old.instance}
    assert [o.instance for o in again.deposed(1)] == [old.instance]
    for state in (failed, twice, again):
        current = state.current(1)
        assert current is not None
        assert (current.kind, current.is_tainted) == (ObjectKind.CURRENT, True)


def test_the_plan_tells_whose_slot_an_object_is_and_what_it_runs(plans: Plans) -> None:
    plan, state = plans.of(AGAIN)
    deposed, current = sorted(plan.effective, key=lambda change: change.deposed_key is None)

    assert (deposed.region, deposed.slot, deposed.before) == (EU, 1, OLD)
    assert deposed.instance == state.deposed(1)[0].instance
    assert (current.slot, current.before, current.after) == (1, NEW, NEW)
    assert current.reason == "replace_because_tainted"
