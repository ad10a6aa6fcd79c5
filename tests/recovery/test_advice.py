"""Which moves fit a region that stopped half-way, which would harm, and is the reason told?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain.failure import Failure, FailureKind
from console.domain.fleet import InstanceId, ObjectKind, SlotIndex, StateObject
from console.domain.recovery.advice import Standing, advise
from console.domain.recovery.prospects import prospect
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.situation import Liveness, Situation

from .situations import (
    AT_REST,
    BOOTING,
    CRASHES_AND_BEATS,
    CRASHING,
    FAILED,
    GONE,
    HANGS,
    IDLE,
    INCONCLUSIVE,
    INTERRUPTED,
    MOVING,
    NEVER_WORKS,
    NEW,
    OLD,
    SILENT,
    WORKS,
    bad_image,
    current,
    deposed,
    locked,
    orphan,
    quiet,
    region,
    retried,
    tainted,
)

REFUSED = Failure(FailureKind.REFUSED, "the guard refuses the plan")

BAD_IMAGE = bad_image()
ONE_FAILED = region(tainted(0, SILENT), deposed(0))
SLOW = region(tainted(0, WORKS), deposed(0))
HUNG = region(tainted(0, HANGS), deposed(0))
WORKED_AND_WAITS = replace(HUNG, jobs_wait=False)
HUNG_WITHOUT_PROOF = replace(HUNG, proof=0)
HUNG_WHERE_JOBS_ARE_LONG = replace(HUNG, work_within=timedelta(minutes=20))
ORPHAN_HANGS = region(orphan(HANGS), cause=INCONCLUSIVE)
DOES_NOTHING = region(tainted(0, NEVER_WORKS), deposed(0))
BOOTS = region(tainted(0, BOOTING), deposed(0))
CRASHES = region(tainted(0, CRASHING), deposed(0))
CRASHES_BETWEEN_BEATS = region(tainted(0, CRASHES_AND_BEATS), deposed(0))
OTHER_RELEASE_BEATS = region(tainted(0, WORKS, says=OLD), deposed(0))
BOTH_DEAD = region(tainted(0, SILENT), deposed(0, SILENT))
FIRST_OF_ITS_KIND = replace(BOTH_DEAD, before="")
REFRESHED = replace(BOTH_DEAD, before=NEW)
OLD_TERMINATED = region(tainted(0, SILENT), deposed(0, GONE))
NEW_TERMINATED = region(tainted(0, GONE), deposed(0))
UNTAINTED_BY_HAND = region(current(0, SILENT), deposed(0), cause=REFUSED)
UNTAINTED_IDLE = region(current(0, IDLE), deposed(0), cause=None)
UNTAINTED_GOOD = region(current(0, WORKS), deposed(0))
RETRIED_ONCE = retried(1)
RETRIED_NEVER_WORKS = retried(1, NEVER_WORKS)
RETRIED_BY_HAND = replace(retried(1, NEVER_WORKS, SILENT), cause=None)
CAPPED = retried(2)
CAPPED_AND_GONE = retried(2, GONE)
KILLED = region(deposed(0), orphan(BOOTING), cause=INCONCLUSIVE)
KILLED_UNMARKED = region(current(0, SILENT), deposed(0), cause=INCONCLUSIVE)
KILLED_LATE = region(deposed(0), orphan(WORKS), cause=INCONCLUSIVE)
KILLED_IN_EMPTY_SLOT = region(orphan(WORKS), cause=INCONCLUSIVE)
ORPHAN_UNPROVEN = region(orphan(IDLE), cause=INCONCLUSIVE)
ORPHAN_SILENT = region(orphan(SILENT), cause=INCONCLUSIVE)
ORPHAN_CRASHES = region(orphan(CRASHES_AND_BEATS), cause=INCONCLUSIVE)
ORPHAN_BESIDE = quiet(current(0, WORKS, OLD), orphan(WORKS, tag=OLD))
ORPHAN_INSTEAD = quiet(current(0, SILENT, OLD), orphan(WORKS, tag=OLD))
ORPHAN_WHILE_MIXED = region(
    current(0, WORKS), current(1, WORKS, OLD), orphan(WORKS), desired=2, cause=INTERRUPTED
)
ORPHAN_FOR_GHOST = quiet(current(0, GONE, OLD), orphan(WORKS, tag=OLD))
TERMINATED_BY_HAND = quiet(current(0, GONE, OLD), current(1, WORKS, OLD), desired=2)
SILENT_WORKER = quiet(current(0, SILENT, OLD))
ALL_DEAD_LATER = region(current(0, SILENT), current(1, SILENT), desired=2, cause=None)
ALL_FINE = quiet(current(0, WORKS, OLD), current(1, WORKS, OLD), desired=2)
NOTHING_KNOWN = quiet(release="")
MARKED_ONLY = region(tainted(0, WORKS, OLD), tainted(1, WORKS, OLD), desired=2, cause=INTERRUPTED)
MARKED_IDLE = region(tainted(0, IDLE, OLD), cause=None)
MARKED_HALF_DEAD = region(tainted(0, WORKS, OLD), tainted(1, SILENT, OLD), desired=2)
FAILED_IN_EMPTY_SLOT = region(tainted(0, NEVER_WORKS))
SLOW_IN_EMPTY_SLOT = region(tainted(0, WORKS))
MIXED_GOOD = region(current(0, WORKS), current(1, WORKS, OLD), desired=2, cause=INTERRUPTED)
MIXED_BAD = region(current(0, WORKS), tainted(1, SILENT), deposed(1), desired=2)
MIXED_SICK = region(current(0, SILENT), current(1, WORKS, OLD), desired=2)
DOUBLED_AND_SHORT = region(tainted(0, WORKS), deposed(0), tainted(1, SILENT), desired=2)
SPARE_ELSEWHERE = region(tainted(0, WORKS), deposed(0), current(1, WORKS, OLD), desired=2)
LIVING_APPLY = locked(KILLED, Liveness.ALIVE)
DEAD_APPLY = locked(KILLED, Liveness.DEAD)
LOCKED_ELSEWHERE = locked(ONE_FAILED, Liveness.UNKNOWN)
LOCKED_THERE = locked(ONE_FAILED, Liveness.ELSEWHERE)
WRITTEN_BY_THE_DEAD = replace(DEAD_APPLY, serial=MOVING)
WRITTEN_ELSEWHERE = replace(LOCKED_THERE, serial=MOVING)
AT_REST_ELSEWHERE = replace(LOCKED_THERE, serial=AT_REST)
UNWRITTEN = replace(KILLED_LATE, has_errored_state=True)
UNWRITTEN_AND_LOCKED = locked(UNWRITTEN, Liveness.DEAD)
UNWRITTEN_AND_UNREAD = replace(UNWRITTEN, error="ExpiredToken: the token has expired")
UNREADABLE = replace(ONE_FAILED, error="AccessDenied: no s3:GetObject")
LOST_REGION = Situation(ALL_FINE.region, 2, (), NEW, OLD, error="connection timed out")

RECOMMENDED, POSSIBLE = Standing.RECOMMENDED, Standing.POSSIBLE
FORBIDDEN, UNFIT = Standing.FORBIDDEN, Standing.UNFIT

# A situation, a move, how it stands, and a part of the reason.
ROWS: list[tuple[str, Situation, Remedy, Standing, str]] = [
    ("every new one is silent", BAD_IMAGE, Remedy.RESTORE, RECOMMENDED, "no boot is needed"),
    ("every new one is silent", BAD_IMAGE, Remedy.RETRY, POSSIBLE, ""),
    ("every new one is silent", BAD_IMAGE, Remedy.ROLLBACK, POSSIBLE, ""),
    ("every new one is silent", BAD_IMAGE, Remedy.ACCEPT, FORBIDDEN, "have not proven them"),
    ("every new one is silent", BAD_IMAGE, Remedy.UNTAINT, FORBIDDEN, "its destruction"),
    ("every new one is silent", BAD_IMAGE, Remedy.FINISH, UNFIT, "slots 0, 1, 2"),
    ("every new one is silent", BAD_IMAGE, Remedy.ADOPT, UNFIT, "every instance is in the state"),
    ("every new one is silent", BAD_IMAGE, Remedy.TERMINATE, UNFIT, "every instance is in the"),
    ("every new one is silent", BAD_IMAGE, Remedy.UNLOCK, UNFIT, "the state is not locked"),
    ("every new one is silent", BAD_IMAGE, Remedy.PUSH_STATE, UNFIT, "has written its state"),
    ("the new one is slow, and works", SLOW, Remedy.ACCEPT, RECOMMENDED, "i-new-0 beats with its"),
    ("the new one is slow, and works", SLOW, Remedy.RESTORE, POSSIBLE, ""),
    ("the new one is slow, and works", SLOW, Remedy.UNTAINT, UNFIT, "accept does both"),
    ("the new one does nothing", DOES_NOTHING, Remedy.ACCEPT, FORBIDDEN, "no job finished"),
    ("the new one does nothing", DOES_NOTHING, Remedy.UNTAINT, FORBIDDEN, "i-old-0"),
    ("the new one does nothing", DOES_NOTHING, Remedy.RESTORE, RECOMMENDED, "still work"),
    ("the new one still boots", BOOTS, Remedy.ACCEPT, FORBIDDEN, "has not proven itself"),
    ("the new one still boots", BOOTS, Remedy.RESTORE, RECOMMENDED, "no boot is needed"),
    ("the new one crashes", CRASHES, Remedy.RESTORE, RECOMMENDED, "the new ones do not"),
    ("it has worked and hangs", HUNG, Remedy.ACCEPT, FORBIDDEN, "no job finished of late"),
    ("it has worked and hangs", HUNG, Remedy.RESTORE, RECOMMENDED, "the new ones do not"),
    ("it has worked and waits", WORKED_AND_WAITS, Remedy.ACCEPT, RECOMMENDED, "finishes jobs"),
    ("a beat is proof enough", HUNG_WITHOUT_PROOF, Remedy.ACCEPT, RECOMMENDED, "i-new-0"),
    ("jobs are long", HUNG_WHERE_JOBS_ARE_LONG, Remedy.ACCEPT, RECOMMENDED, "i-new-0"),
    ("an orphan hangs", ORPHAN_HANGS, Remedy.ADOPT, UNFIT, "has finished no job of late"),
    ("it beats in between", CRASHES_BETWEEN_BEATS, Remedy.RESTORE, RECOMMENDED, "new ones do not"),
    ("it beats in between", CRASHES_BETWEEN_BEATS, Remedy.ACCEPT, FORBIDDEN, "i-old-0"),
    ("an orphan crashes and beats", ORPHAN_CRASHES, Remedy.ADOPT, UNFIT, "is crashing"),
    ("an orphan crashes and beats", ORPHAN_CRASHES, Remedy.TERMINATE, POSSIBLE, ""),
    ("an orphan crashes and beats", ORPHAN_CRASHES, Remedy.RETRY, RECOMMENDED, "of slot 0 works"),
    ("the old release beats on it", OTHER_RELEASE_BEATS, Remedy.ACCEPT, FORBIDDEN, "no heartbeat"),
    ("both are dead", BOTH_DEAD, Remedy.RESTORE, UNFIT, "i-old-0 does not work either"),
    ("both are dead", BOTH_DEAD, Remedy.ACCEPT, UNFIT, "i-new-0 has not proven itself"),
    ("both are dead", BOTH_DEAD, Remedy.ROLLBACK, RECOMMENDED, "i-new-0 does not work"),
    ("both are dead", BOTH_DEAD, Remedy.UNTAINT, UNFIT, "an old instance hangs on"),
    ("both are dead, the first release", FIRST_OF_ITS_KIND, Remedy.ROLLBACK, UNFIT, "not known"),
    ("both are dead, the first release", FIRST_OF_ITS_KIND, Remedy.RETRY, RECOMMENDED, "slot 0"),
    ("both are dead, the same release", REFRESHED, Remedy.ROLLBACK, UNFIT, "it ran 0.9.1 before"),
    ("the old one was terminated", OLD_TERMINATED, Remedy.RESTORE, UNFIT, "no old instance is"),
    ("the old one was terminated", OLD_TERMINATED, Remedy.ROLLBACK, RECOMMENDED, "i-new-0"),
    ("the new one was terminated", NEW_TERMINATED, Remedy.RESTORE, RECOMMENDED, "still work"),
    ("the new one was terminated", NEW_TERMINATED, Remedy.ACCEPT, UNFIT, "no slot has a new"),
    ("the new one was terminated", NEW_TERMINATED, Remedy.UNTAINT, UNFIT, "i-new-0 is gone"),
    ("untainted by hand", UNTAINTED_BY_HAND, Remedy.ACCEPT, FORBIDDEN, "destroys the old worker"),
    ("untainted by hand", UNTAINTED_BY_HAND, Remedy.RESTORE, RECOMMENDED, "no boot is needed"),
    ("untainted by hand", UNTAINTED_BY_HAND, Remedy.UNTAINT, UNFIT, "no slot is marked"),
    ("killed, and unmarked", KILLED_UNMARKED, Remedy.RESTORE, RECOMMENDED, "no boot"),
    ("killed, and unmarked", KILLED_UNMARKED, Remedy.ACCEPT, FORBIDDEN, "the old worker"),
    ("killed, and unmarked", KILLED_UNMARKED, Remedy.UNTAINT, UNFIT, "no slot is marked"),
    ("untainted by hand, beats", UNTAINTED_IDLE, Remedy.ACCEPT, FORBIDDEN, "no job finished"),
    ("untainted by hand, beats", UNTAINTED_IDLE, Remedy.RESTORE, RECOMMENDED, "no boot is needed"),
    ("untainted by hand, proven", UNTAINTED_GOOD, Remedy.ACCEPT, RECOMMENDED, "finishes jobs"),
    ("retried once", RETRIED_ONCE, Remedy.RETRY, POSSIBLE, ""),
    ("retried once", RETRIED_ONCE, Remedy.RESTORE, RECOMMENDED, "no boot is needed"),
    ("retried, all do nothing", RETRIED_NEVER_WORKS, Remedy.RESTORE, RECOMMENDED, "still work"),
    ("retried by hand, none works", RETRIED_BY_HAND, Remedy.RESTORE, UNFIT, "do not work either"),
    ("retried twice", CAPPED, Remedy.RETRY, UNFIT, "one more instance running (i-old-0, i-try-0"),
    ("retried twice", CAPPED, Remedy.RESTORE, RECOMMENDED, "no boot is needed"),
    ("retried twice, none left", CAPPED_AND_GONE, Remedy.RETRY, POSSIBLE, ""),
    ("killed while booting", KILLED, Remedy.TERMINATE, RECOMMENDED, "i-orphan is in no state"),
    ("killed while booting", KILLED, Remedy.ADOPT, UNFIT, "no free one for i-orphan"),
    ("killed while booting", KILLED, Remedy.RETRY, POSSIBLE, ""),
    ("killed, and it works now", KILLED_LATE, Remedy.TERMINATE, RECOMMENDED, "is in no state"),
    ("killed in an empty slot", KILLED_IN_EMPTY_SLOT, Remedy.ADOPT, RECOMMENDED, "slot 0 is empty"),
    ("killed in an empty slot", KILLED_IN_EMPTY_SLOT, Remedy.TERMINATE, FORBIDDEN, "0 healthy"),
    ("an orphan does nothing yet", ORPHAN_UNPROVEN, Remedy.ADOPT, UNFIT, "finish a job"),
    ("an orphan does nothing yet", ORPHAN_UNPROVEN, Remedy.TERMINATE, UNFIT, "may come yet"),
    ("an orphan does nothing yet", ORPHAN_UNPROVEN, Remedy.RETRY, RECOMMENDED, "no worker of"),
    ("a silent orphan", ORPHAN_SILENT, Remedy.ADOPT, UNFIT, "i-orphan is silent"),
    ("a silent orphan", ORPHAN_SILENT, Remedy.TERMINATE, RECOMMENDED, "is in no state"),
    ("an orphan too many", ORPHAN_BESIDE, Remedy.TERMINATE, RECOMMENDED, "1 workers are healthy"),
    ("an orphan too many", ORPHAN_BESIDE, Remedy.ADOPT, UNFIT, "an object in every slot"),
    ("an orphan works instead", ORPHAN_INSTEAD, Remedy.TERMINATE, FORBIDDEN, "i-orphan works"),
    ("an orphan works instead", ORPHAN_INSTEAD, Remedy.RETRY, RECOMMENDED, "slot 0"),
    ("an orphan for a ghost", ORPHAN_FOR_GHOST, Remedy.ADOPT, UNFIT, "an object in every slot"),
    ("an orphan for a ghost", ORPHAN_FOR_GHOST, Remedy.RETRY, RECOMMENDED, "slot 0"),
    ("an orphan beside a good half", ORPHAN_WHILE_MIXED, Remedy.FINISH, UNFIT, "see terminate"),
    ("an orphan beside a good half", ORPHAN_WHILE_MIXED, Remedy.TERMINATE, RECOMMENDED, "2 work"),
    ("terminated by hand", TERMINATED_BY_HAND, Remedy.RETRY, RECOMMENDED, "no worker of slot 0"),
    ("terminated by hand", TERMINATED_BY_HAND, Remedy.ROLLBACK, UNFIT, "not known"),
    ("a worker has gone silent", SILENT_WORKER, Remedy.RETRY, RECOMMENDED, "nothing else gives it"),
    ("what was proven fell silent", ALL_DEAD_LATER, Remedy.RETRY, RECOMMENDED, "of slots 0, 1"),
    ("what was proven fell silent", ALL_DEAD_LATER, Remedy.ROLLBACK, POSSIBLE, ""),
    ("all is well", ALL_FINE, Remedy.RETRY, UNFIT, "every worker works"),
    ("all is well", ALL_FINE, Remedy.RESTORE, UNFIT, "no old instance is left"),
    ("all is well", ALL_FINE, Remedy.FINISH, UNFIT, "every slot runs 0.9.0 already"),
    ("nothing was ever there", NOTHING_KNOWN, Remedy.RETRY, UNFIT, "not known which release"),
    ("marked and never applied", MARKED_ONLY, Remedy.UNTAINT, RECOMMENDED, "i-old-1 work, are"),
    ("marked and never applied", MARKED_ONLY, Remedy.RETRY, POSSIBLE, "nothing speaks against"),
    ("marked and never applied", MARKED_ONLY, Remedy.ROLLBACK, UNFIT, "0.9.0: see untaint"),
    ("marked, one is dead", MARKED_HALF_DEAD, Remedy.ROLLBACK, POSSIBLE, ""),
    ("marked, with nothing to do", MARKED_IDLE, Remedy.UNTAINT, RECOMMENDED, "never replaced"),
    ("marked, one is dead", MARKED_HALF_DEAD, Remedy.UNTAINT, RECOMMENDED, "i-old-0 works"),
    ("failed in an empty slot", FAILED_IN_EMPTY_SLOT, Remedy.UNTAINT, POSSIBLE, ""),
    ("failed in an empty slot", FAILED_IN_EMPTY_SLOT, Remedy.ROLLBACK, RECOMMENDED, "i-new-0"),
    ("slow in an empty slot", SLOW_IN_EMPTY_SLOT, Remedy.UNTAINT, RECOMMENDED, "i-new-0 works"),
    ("half of a good release", MIXED_GOOD, Remedy.FINISH, RECOMMENDED, "against 0.9.1"),
    ("half of a good release", MIXED_GOOD, Remedy.ROLLBACK, POSSIBLE, ""),
    ("half of a bad release", MIXED_BAD, Remedy.FINISH, UNFIT, "slot 1 is unfinished"),
    ("half of a bad release", MIXED_BAD, Remedy.RESTORE, RECOMMENDED, "still work"),
    ("the new half fell silent", MIXED_SICK, Remedy.FINISH, UNFIT, "i-new-0 runs 0.9.1 and does"),
    ("the new half fell silent", MIXED_SICK, Remedy.ROLLBACK, RECOMMENDED, "i-new-0 does not work"),
    ("two stand in for a dead one", DOUBLED_AND_SHORT, Remedy.ACCEPT, FORBIDDEN, "destroy i-old-0"),
    ("two stand in for a dead one", DOUBLED_AND_SHORT, Remedy.RESTORE, FORBIDDEN, "i-new-0"),
    ("two stand in for a dead one", DOUBLED_AND_SHORT, Remedy.ROLLBACK, RECOMMENDED, "i-new-1"),
    ("two work, and all others", SPARE_ELSEWHERE, Remedy.ACCEPT, RECOMMENDED, "i-new-0"),
    ("an apply still runs", LIVING_APPLY, Remedy.UNLOCK, FORBIDDEN, "two Terraforms"),
    ("an apply still runs", LIVING_APPLY, Remedy.TERMINATE, UNFIT, "locked by ann@build-7"),
    ("an apply still runs", LIVING_APPLY, Remedy.RESTORE, UNFIT, "locked by ann@build-7"),
    ("the apply's Terraform died", DEAD_APPLY, Remedy.UNLOCK, RECOMMENDED, "is dead"),
    ("the apply's Terraform died", DEAD_APPLY, Remedy.RETRY, UNFIT, "see unlock"),
    ("locked, and nobody can tell", LOCKED_ELSEWHERE, Remedy.UNLOCK, POSSIBLE, ""),
    ("locked on another machine", AT_REST_ELSEWHERE, Remedy.UNLOCK, POSSIBLE, ""),
    ("and the state is written", WRITTEN_ELSEWHERE, Remedy.UNLOCK, FORBIDDEN, "was 41 and is 42"),
    ("dead, and the state is written", WRITTEN_BY_THE_DEAD, Remedy.UNLOCK, FORBIDDEN, "was 41"),
    ("locked, and nobody can tell", LOCKED_ELSEWHERE, Remedy.RESTORE, UNFIT, "see unlock"),
    ("a state was not written", UNWRITTEN, Remedy.PUSH_STATE, RECOMMENDED, "does not know"),
    ("a state was not written", UNWRITTEN, Remedy.TERMINATE, UNFIT, "see push-state"),
    ("a state was not written", UNWRITTEN, Remedy.RETRY, UNFIT, "see push-state"),
    ("not written, and locked", UNWRITTEN_AND_LOCKED, Remedy.UNLOCK, RECOMMENDED, "is dead"),
    ("not written, and locked", UNWRITTEN_AND_LOCKED, Remedy.PUSH_STATE, UNFIT, "see unlock"),
    ("not written, and unreadable", UNWRITTEN_AND_UNREAD, Remedy.PUSH_STATE, UNFIT, "ExpiredToken"),
    ("cannot be read", UNREADABLE, Remedy.RESTORE, UNFIT, "AccessDenied"),
    ("cannot be read", UNREADABLE, Remedy.ACCEPT, FORBIDDEN, "destroys the old worker"),
    ("cannot be read", UNREADABLE, Remedy.RETRY, UNFIT, "cannot be read"),
    ("cannot be read", UNREADABLE, Remedy.UNLOCK, UNFIT, "no lock was seen"),
    ("the whole region is lost", LOST_REGION, Remedy.ROLLBACK, UNFIT, "connection timed out"),
    ("the whole region is lost", LOST_REGION, Remedy.RETRY, UNFIT, "cannot be read"),
]  # fmt: skip

SITUATIONS = {what: situation for what, situation, *_ in ROWS}


@pytest.mark.parametrize(
    ("situation", "remedy", "standing", "part"),
    [row[1:] for row in ROWS],
    ids=[f"{row[0]}: {row[2]} is {row[3]}" for row in ROWS],
)
def test_each_move_stands_as_it_should(
    situation: Situation, remedy: Remedy, standing: Standing, part: str
) -> None:
    option = advise(situation).option(remedy)
    assert option.standing is standing, option.reason
    assert part in option.reason


def test_a_bad_image_is_answered_slot_by_slot() -> None:
    advice = advise(BAD_IMAGE)
    restore = advice.recommended
    assert restore is not None
    assert restore.remedy is Remedy.RESTORE
    assert restore.slots == (0, 1, 2)
    assert set(restore.prospect.removed) == {"i-new-0", "i-new-1", "i-new-2"}
    assert {o.id for o in restore.prospect.objects} == {"i-old-0", "i-old-1", "i-old-2"}
    assert (restore.prospect.created, restore.prospect.unfinished) == (0, 0)
    assert [o.remedy for o in advice.options if o.standing is POSSIBLE] == [
        Remedy.RETRY,
        Remedy.ROLLBACK,
    ]
    forbidden = {o.remedy for o in advice.options if o.standing is FORBIDDEN}
    assert forbidden == {Remedy.ACCEPT, Remedy.UNTAINT}


def test_a_restore_takes_the_old_worker_not_an_earlier_failure() -> None:
    restore = advise(RETRIED_NEVER_WORKS).option(Remedy.RESTORE)
    assert {o.id for o in restore.prospect.objects} == {"i-old-0"}
    assert set(restore.prospect.removed) == {"i-new-0", "i-try-0"}


def test_what_a_push_would_teach_the_state_is_told_before_it_is_made() -> None:
    known = (
        StateObject("worker[0]", SlotIndex(0), InstanceId("i-orphan"), None, is_tainted=True),
        StateObject("worker[0]", SlotIndex(0), InstanceId("i-old-0"), None, "d3ad"),
    )
    before = region(tainted(0, WORKS, OLD), orphan(WORKS), cause=INCONCLUSIVE)
    push = advise(replace(before, has_errored_state=True, unwritten=known)).recommended
    assert push is not None
    assert push.remedy is Remedy.PUSH_STATE
    assert "i-orphan is the instance of slot 0, tainted" in push.consequence
    assert "i-old-0 is deposed in slot 0" in push.consequence
    assert {(o.id, o.kind, o.is_tainted) for o in push.prospect.objects} == {
        ("i-orphan", ObjectKind.CURRENT, True),
        ("i-old-0", ObjectKind.DEPOSED, False),
    }
    assert push.prospect.removed == ()


def test_a_spare_worker_goes_only_as_far_as_there_are_spares() -> None:
    doubled = [o for slot in (0, 1) for o in (tainted(slot, WORKS), deposed(slot))]
    short_by_one = region(*doubled, tainted(2, SILENT), desired=3)
    accept = advise(short_by_one).option(Remedy.ACCEPT)
    assert (accept.standing, accept.slots) == (RECOMMENDED, (0,))
    assert advise(short_by_one, slots=[1]).option(Remedy.ACCEPT).standing is UNFIT


def test_new_instances_may_become_ready_just_where_two_work_already() -> None:
    expected = prospect(DOUBLED_AND_SHORT, Remedy.RETRY, slots=(0, 1))
    assert (expected.healthy_before, expected.healthy_after) == (2, 2)
    assert expected.healthy_at_worst == 1
    assert expected.harms(desired=2)
    assert advise(DOUBLED_AND_SHORT).option(Remedy.RETRY).slots == (1,)


def test_a_move_in_chosen_slots_is_about_these_only() -> None:
    restore = advise(BAD_IMAGE, slots=[1]).option(Remedy.RESTORE)
    assert (restore.standing, restore.slots) == (RECOMMENDED, (1,))
    assert restore.prospect.removed == ("i-new-1",)


def test_each_orphan_has_moves_of_its_own() -> None:
    two = region(orphan(WORKS, name="i-a"), orphan(SILENT, name="i-b"), cause=INCONCLUSIVE)
    advice = advise(two)
    assert advice.option(Remedy.ADOPT, InstanceId("i-a")).standing is RECOMMENDED
    assert advice.option(Remedy.TERMINATE, InstanceId("i-a")).standing is FORBIDDEN
    assert advice.option(Remedy.TERMINATE, InstanceId("i-b")).standing is POSSIBLE
    with pytest.raises(KeyError):
        advice.option(Remedy.TERMINATE, InstanceId("i-c"))


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS.keys())
def test_what_is_told_is_complete(situation: Situation) -> None:
    advice = advise(situation)
    assert advice.happened
    for sentence in advice.happened:
        assert sentence.endswith(".")
        assert not sentence.endswith("..")
        assert "None" not in sentence
    for option in advice.options:
        assert option.consequence.startswith(situation.region)
        if not option.may_be_made:
            assert option.reason
        assert all(name in option.consequence for name in option.prospect.removed)
        assert "None" not in option.reason
        assert "  " not in option.reason


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS.keys())
def test_a_move_that_would_harm_names_who(situation: Situation) -> None:
    names = {str(found.id) for found in situation.objects}
    if situation.lock:
        names.add(situation.lock.holder)
    for option in advise(situation).options:
        if option.standing is FORBIDDEN:
            assert any(name in option.reason for name in names), option.reason


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS.keys())
def test_one_move_at_most_is_recommended_and_it_comes_first(situation: Situation) -> None:
    advice = advise(situation)
    order = [list(Standing).index(option.standing) for option in advice.options]
    assert order == sorted(order)
    assert order.count(0) <= 1
    assert {option.remedy for option in advice.options} == set(Remedy)


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS.keys())
def test_the_same_region_is_advised_the_same(situation: Situation) -> None:
    assert advise(situation) == advise(replace(situation))


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS.keys())
def test_wherever_something_is_wrong_a_move_leads_on_or_nobody_can_tell(
    situation: Situation,
) -> None:
    is_written = situation.serial is not None and situation.serial.is_moving
    is_waited_for = is_written or situation.holder is Liveness.ALIVE
    is_empty = not situation.wanted
    if situation is ALL_FINE or situation.error or is_waited_for or is_empty:
        assert advise(situation).recommended is None
    else:
        assert any(option.may_be_made for option in advise(situation).options)


def test_a_region_is_told_in_two_sentences() -> None:
    assert advise(BAD_IMAGE).happened == (
        "The rollout of 0.9.1 stopped in us-west-1: 3 instances did not become ready.",
        (
            "3 workers are healthy and 3 are wanted; in slots 0, 1, 2 the new instance does not "
            "work and the old one beside it does."
        ),
    )
    assert advise(BAD_IMAGE).evidence == FAILED.evidence


@pytest.mark.parametrize(
    ("situation", "part"),
    [
        (SLOW, "the new and the old instance both work"),
        (BOTH_DEAD, "neither the new nor the old instance works"),
        (TERMINATED_BY_HAND, "slot 0 has no living instance of its own"),
        (MARKED_ONLY, "slots 0, 1 are marked for replacement and nothing was replaced"),
        (SILENT_WORKER, "i-old-0 is silent"),
        (KILLED, "i-orphan runs and is in no state"),
        (LIVING_APPLY, "locked by ann@build-7 (alive)"),
        (LOCKED_THERE, "locked by ann@build-7 (on another machine)"),
        (UNWRITTEN, "errored.tfstate"),
        (LOST_REGION, "us-west-1 cannot be read: connection timed out."),
        (LOST_REGION, "Nobody can tell how many of 2 workers are healthy."),
        (UNREADABLE, "1 worker is healthy and 1 is wanted"),
        (ALL_FINE, "every slot has one object, and none is marked"),
    ],
)
def test_what_is_true_is_told(situation: Situation, part: str) -> None:
    assert part in " ".join(advise(situation).happened)


def test_the_table_has_what_was_promised() -> None:
    assert len(ROWS) >= 60
    assert {row[2] for row in ROWS} == set(Remedy)
    assert {row[3] for row in ROWS} == set(Standing)
