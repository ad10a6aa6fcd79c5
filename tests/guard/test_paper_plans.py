"""The guard on plans that Terraform makes only after rare accidents, and on every other one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import settings as examine
from hypothesis import strategies as st

from console.domain.fleet import InstanceId, RegionName, RegionState, SlotIndex, SlotTarget
from console.domain.guard import (
    AnnouncedRegion,
    Announcement,
    Finding,
    Rule,
    check,
    consequence,
)
from console.domain.plan import Action, Change, Plan, PlanId

from .verdicts import EU, NEW, OLD, OTHER, Announced, Healthy, assert_says, verdict

CREATE, UPDATE, DELETE, FORGET = Action.CREATE, Action.UPDATE, Action.DELETE, Action.FORGET
US = RegionName("us-east-1")
NO_STATE = RegionState(7, "lineage")


def change(
    slot: int,
    *actions: Action,
    deposed: str | None = None,
    region: RegionName = EU,
    after: SlotTarget | None = NEW,
    started_image: str | None = None,
) -> Change:
    """Return a worker's change; its instance is called after its slot and deposed key."""
    is_there = actions != (CREATE,)
    return Change(
        f"{region}.aws_instance.worker[{slot}]",
        "aws_instance",
        actions,
        deposed,
        region=region,
        slot=SlotIndex(slot),
        instance=InstanceId(f"i-{slot}{deposed or ''}") if is_there else None,
        before=OLD if is_there else None,
        after=after if CREATE in actions or UPDATE in actions else None,
        started_image=started_image,
    )


def replaced(slot: int, **more: object) -> Change:
    return change(slot, CREATE, DELETE, **more)  # type: ignore[arg-type]


def deposed(slot: int, key: str = "9348ee3e") -> Change:
    return change(slot, DELETE, deposed=key)


def plan(*changes: Change, is_complete: bool = True) -> Plan:
    return Plan(PlanId("plan"), 7, "lineage", changes, is_complete)


def beating(*instances: str) -> Healthy:
    return frozenset(InstanceId(i) for i in instances)


ALL_THREE = beating("i-0", "i-1", "i-2")


@dataclass(frozen=True)
class Row:
    """A plan, what was announced, and what the guard says to it."""

    what: str
    plan: Plan
    slots: tuple[int, ...]
    rules: frozenset[Rule] = frozenset()
    phrase: str = ""
    healthy: Healthy = ALL_THREE
    floor: int = 3
    proves: bool = True
    leaves: tuple[int, ...] = ()


def refused(*rules: Rule) -> frozenset[Rule]:
    return frozenset(rules)


QUEUE = Change("aws_sqs_queue.work", "aws_sqs_queue", (DELETE,))
AMI = Change("data.aws_ssm_parameter.ami[0]", "aws_ssm_parameter", (Action.READ,))
SAME = Change("aws_key_pair.operator[0]", "aws_key_pair", (Action.NO_OP,))

TABLE = [
    Row("reads and no-ops need no announcement", plan(replaced(0), AMI, SAME), (0,)),
    Row("a deposed one goes, and no current one is there", plan(deposed(1)), (1,),
        refused(Rule.DEPOSED_ALONE, Rule.MISSING), "creates nothing in its place"),
    Row("a deposed one goes, and its slot is filled first",
        plan(deposed(1), change(1, CREATE)), (1,)),
    Row("a create elsewhere is no replacement of a deposed one",
        plan(deposed(1), change(2, CREATE)), (1, 2),
        refused(Rule.DEPOSED_ALONE, Rule.MISSING), "eu-west-1 deposed object of slot 1"),
    Row("the same slot of another region is no replacement",
        plan(deposed(1), replaced(1, region=US)), (1,),
        refused(Rule.UNANNOUNCED, Rule.DEPOSED_ALONE, Rule.MISSING), "us-east-1 slot 1"),
    Row("a deposed one goes while its slot is changed in place",
        plan(deposed(1), change(1, UPDATE)), (1,),
        refused(Rule.DEPOSED_ALONE, Rule.IN_PLACE, Rule.MISSING), "in its place"),
    Row("a deposed one goes while its slot is destroyed first",
        plan(deposed(1), change(1, DELETE, CREATE)), (1,),
        refused(Rule.DEPOSED_ALONE, Rule.DELETE_BEFORE_CREATE, Rule.FLOOR), "before its",
        healthy=beating("i-1", "i-19348ee3e", "i-2")),
    Row("the last healthy one is the deposed one, and it goes alone", plan(deposed(0)), (0,),
        refused(Rule.DEPOSED_ALONE, Rule.MISSING, Rule.FLOOR), "0 healthy workers would be left",
        healthy=beating("i-09348ee3e"), floor=1),
    Row("a slot is forgotten", plan(change(0, FORGET)), (0,),
        refused(Rule.LONE_DESTROY, Rule.MISSING), "given up and nothing created"),
    Row("a deposed one is forgotten: it would run on in no state",
        plan(change(0, FORGET, deposed="9348ee3e"), replaced(0)), (0,),
        refused(Rule.UNANNOUNCED), "forget"),
    Row("an old worker is forgotten instead of destroyed", plan(change(0, CREATE, FORGET)), (0,),
        refused(Rule.UNANNOUNCED), "forget"),
    Row("an old worker is forgotten before its replacement", plan(change(0, FORGET, CREATE)),
        (0,), refused(Rule.UNANNOUNCED), "forget"),
    Row("Terraform stopped early", plan(replaced(0), is_complete=False), (0,),
        refused(Rule.INCOMPLETE), "could not finish this plan"),
    Row("a queue goes too", plan(replaced(0), QUEUE), (0,),
        refused(Rule.UNANNOUNCED), "aws_sqs_queue.work was not announced: the plan would delete"),
    Row("another region changes too", plan(replaced(0), replaced(0, region=US)), (0,),
        refused(Rule.UNANNOUNCED), "us-east-1 slot 0 (i-0) was not announced"),
    Row("the tags say nothing", plan(replaced(0, after=None)), (0,),
        refused(Rule.OTHER_DIGEST), "would be tagged nothing (no image)"),
    Row("the label is right and the digest is another", plan(replaced(0, after=OTHER)), (0,),
        refused(Rule.OTHER_DIGEST), OTHER.image),
    Row("the user data starts another image than the tags say",
        plan(replaced(0, started_image=OTHER.image)), (0,),
        refused(Rule.OTHER_DIGEST), f"starts {OTHER.image}, announced was {NEW.image}"),
    Row("the user data starts what was announced",
        plan(replaced(0, started_image=NEW.image)), (0,)),
    Row("nobody beats, so nobody is lost", plan(replaced(0), replaced(1)), (0, 1),
        healthy=beating(), proves=False),
    Row("one that does not beat may go without proof", plan(replaced(0)), (0,),
        healthy=beating("i-1", "i-2", "i-3"), proves=False),
    Row("just enough are left without proof", plan(replaced(0)), (0,), floor=2, proves=False),
    Row("one too few is left without proof", plan(replaced(0), replaced(1)), (0, 1),
        refused(Rule.FLOOR), "without proof of a replacement: i-0, i-1)", floor=2, proves=False),
    Row("nothing is destroyed, so health does not matter", plan(change(3, CREATE)), (3,),
        healthy=None),
    Row("health is unknown and a worker would go", plan(replaced(0)), (0,),
        refused(Rule.UNKNOWN_HEALTH), "nobody can tell which workers are healthy", healthy=None),
    Row("an empty plan does not do what was announced", plan(), (0,),
        refused(Rule.MISSING), "slot 0 was announced and this plan leaves it alone"),
    Row("nothing announced, nothing done", plan(), ()),
    Row("two slots go, and one healthy worker stays", plan(change(1, DELETE), change(2, DELETE)),
        (), leaves=(1, 2), floor=1),
    Row("the slots that stay are the wrong ones", plan(change(0, DELETE), change(1, DELETE)),
        (), refused(Rule.UNANNOUNCED, Rule.LONE_DESTROY, Rule.MISSING),
        "slot 2 was announced to go and this plan keeps it", leaves=(1, 2), floor=1),
    Row("a slot more than announced goes", plan(*(change(slot, DELETE) for slot in range(3))),
        (), refused(Rule.UNANNOUNCED, Rule.LONE_DESTROY, Rule.FLOOR), "eu-west-1 slot 0 (i-0)",
        leaves=(1, 2), floor=1),
    Row("only the one that stays does not beat", plan(change(1, DELETE), change(2, DELETE)),
        (), refused(Rule.FLOOR), "0 healthy workers would be left, at least 1 must stay",
        healthy=beating("i-1", "i-2"), leaves=(1, 2), floor=1),
    Row("one that does not beat goes", plan(change(2, DELETE)), (),
        healthy=beating("i-0", "i-1"), leaves=(2,), floor=2),
    Row("nobody can tell whether the one that stays is healthy", plan(change(2, DELETE)), (),
        refused(Rule.UNKNOWN_HEALTH), "none may be destroyed", healthy=None, leaves=(2,), floor=2),
    Row("a slot is to go and would be replaced", plan(replaced(2)), (),
        refused(Rule.UNANNOUNCED, Rule.MISSING), "slot 2 was announced to go", leaves=(2,),
        floor=2),
    Row("a slot is to go and would be forgotten", plan(change(2, FORGET)), (),
        refused(Rule.UNANNOUNCED, Rule.LONE_DESTROY, Rule.MISSING), "forget", leaves=(2,),
        floor=2),
    Row("an old worker hangs on the slot that goes", plan(change(2, DELETE), deposed(2)), (),
        refused(Rule.UNANNOUNCED, Rule.DEPOSED_ALONE), "deposed object of slot 2", leaves=(2,),
        floor=2),
    Row("a slot goes in another region", plan(change(2, DELETE), change(2, DELETE, region=US)), (),
        refused(Rule.UNANNOUNCED, Rule.LONE_DESTROY), "us-east-1 slot 2", leaves=(2,), floor=2),
    Row("one that stays is replaced by the way", plan(change(2, DELETE), replaced(0)), (),
        refused(Rule.UNANNOUNCED), "slot 0 (i-0) was not announced", leaves=(2,), floor=2),
]  # fmt: skip


def findings_of(row: Row) -> tuple[Finding, ...]:
    announced = Announced(
        row.slots,
        floor=row.floor,
        who_is_healthy=lambda _: row.healthy,
        proves=row.proves,
        leaves=row.leaves,
    )
    return verdict(row.plan, NO_STATE, announced)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.what)
def test_the_guard_says_what_the_table_says(row: Row) -> None:
    assert_says(findings_of(row), set(row.rules), (row.phrase,))


def test_every_rule_is_broken_by_some_row_of_the_tables() -> None:
    from .test_real_plans import TABLE as REAL

    broken = {rule for row in TABLE for rule in row.rules}
    broken |= {rule for row in REAL for rule in row.rules}

    assert broken == set(Rule)


def test_every_sentence_of_the_guard_names_what_it_is_about() -> None:
    for row in TABLE:
        for finding in findings_of(row):
            is_of_plan = finding.rule in {Rule.INCOMPLETE, Rule.STALE}
            assert is_of_plan or any(n in finding.text for n in (EU, US, "aws_sqs_queue.work"))


def test_regions_of_one_plan_are_judged_each_by_its_own_numbers() -> None:
    both = plan(replaced(0), replaced(0, region=US), change(1, CREATE, region=US))
    regions = (
        AnnouncedRegion(EU, frozenset({0}), NEW, beating("i-0"), 1),
        AnnouncedRegion(US, frozenset({0}), OTHER, beating("i-0", "i-9"), 2),
    )

    findings = check(both, Announcement(regions, 7, proves_replacements=False))

    told = [(finding.rule, finding.text.split()[0].rstrip(":")) for finding in findings]
    assert sorted(told) == [
        (Rule.FLOOR, EU),
        (Rule.FLOOR, US),
        (Rule.OTHER_DIGEST, US),
        (Rule.OTHER_DIGEST, US),
        (Rule.UNANNOUNCED, US),
    ]


ACTIONS = st.sampled_from(
    [
        (CREATE,),
        (UPDATE,),
        (DELETE,),
        (FORGET,),
        (CREATE, DELETE),
        (DELETE, CREATE),
        (CREATE, FORGET),
        (FORGET, CREATE),
        (Action.NO_OP,),
        (Action.READ,),
    ]
)
CURRENT = st.builds(lambda slot, actions: change(slot, *actions), st.integers(0, 3), ACTIONS)
DEPOSED = st.builds(
    lambda slot, key, action: change(slot, action, deposed=key),
    st.integers(0, 3),
    st.sampled_from(["aaaaaaaa", "bbbbbbbb"]),
    st.sampled_from([DELETE, FORGET, Action.NO_OP]),
)
CHANGES = st.lists(
    CURRENT | DEPOSED, max_size=6, unique_by=lambda found: (found.address, found.deposed_key)
)


@examine(max_examples=500)
@given(CHANGES, st.none() | st.frozensets(st.integers(0, 3)))
def test_a_plan_that_passes_creates_in_each_slot_before_it_destroys_and_touches_no_other(
    changes: list[Change], announced: frozenset[int] | None
) -> None:
    created = frozenset(int(found.slot or 0) for found in changes if found.creates)
    slots = created if announced is None else announced
    region = AnnouncedRegion(EU, slots, NEW, beating("i-0", "i-1"), 2)
    made = plan(*changes)

    if check(made, Announcement((region,), 7, proves_replacements=True)):
        return

    filled = {
        found.slot
        for found in made.effective
        if found.deposed_key is None and found.actions in {(CREATE,), (CREATE, DELETE)}
    }
    assert filled == slots
    for found in made.effective:
        assert found.slot in slots
        assert found.actions in {(CREATE,), (CREATE, DELETE), (DELETE,)}
        assert found.actions != (DELETE,) or found.deposed_key is not None


@pytest.mark.parametrize(
    ("made", "healthy", "proves", "backlog", "told"),
    [
        (
            plan(replaced(0), replaced(1), QUEUE),
            *(3, True, 41),
            "create 2, destroy 2 (i-0, i-1), at least 3 workers stay healthy, 41 jobs waiting",
        ),
        (
            plan(replaced(0)),
            *(3, False, 0),
            "create 1, destroy 1 (i-0), at least 2 workers stay healthy, 0 jobs waiting",
        ),
        (
            plan(change(0, CREATE)),
            *(0, True, None),
            (
                "create 1, destroy 0, at least 0 workers stay healthy, an unknown number of jobs "
                "waiting"
            ),
        ),
        (
            plan(deposed(1), replaced(1)),
            *(3, True, 5),
            (
                "create 1, destroy 2 (i-19348ee3e, i-1), at least 3 workers stay healthy, 5 jobs "
                "waiting"
            ),
        ),
    ],
)
def test_consequences_are_told_in_numbers_and_names(
    made: Plan, healthy: int, *, proves: bool, backlog: int | None, told: str
) -> None:
    sentence = consequence(
        EU, made, healthy=healthy, floor=2, backlog=backlog, proves_replacements=proves
    )

    assert sentence == f"{EU}: {told}"
