"""When does a rollback wait for a person, although the policy wants one?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.automatic_rollback import against_taking_back, left_by, next_back
from console.domain.outcome import RegionPhase
from console.domain.recovery.advice import advise
from console.domain.recovery.lineage import Lineage, lineage_of
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.situation import Liveness, Situation
from tests.rollout.world import NEW, OLD

from .situations import SILENT, WEST, WORKS, bad_image, current, deposed, locked, region, tainted
from .test_lineage import BACK_IN_WEST, EU, HALTED, OVER_MARKED, REFRESHED, rollout

KNOWN = lineage_of(WEST, [HALTED])
FROM_NOWHERE = replace(bad_image(), before="")
UNREADABLE = replace(bad_image(), error="Throttling")


@pytest.mark.parametrize(
    ("situation", "lineage", "part"),
    [
        (bad_image(), KNOWN, ""),
        (region(current(0, WORKS, "0.9.0")), KNOWN, ""),
        (FROM_NOWHERE, Lineage(WEST, HALTED), "it is not known what the region ran before"),
        (UNREADABLE, KNOWN, "the region cannot be read: Throttling"),
        (locked(bad_image(), Liveness.DEAD), KNOWN, "see unlock"),
    ],
)
def test_what_cannot_be_taken_back_now_is_told_with_its_region(
    situation: Situation, lineage: Lineage, part: str
) -> None:
    told = against_taking_back([(situation, lineage)])

    assert part in told
    assert told.startswith("us-west-1: ") is bool(part)


def test_only_slots_that_have_left_are_taken_back() -> None:
    half = region(tainted(0, WORKS), deposed(0), current(1, WORKS, "0.9.0"), desired=2)

    back = next_back(HALTED, [(half, KNOWN)])

    assert back is not None
    assert back.slots == ((WEST, (0,)),)
    assert (back.shipped.label, back.shipped.image) == (OLD.release, OLD.image)
    assert back.shipped.rolls_back == HALTED.id
    assert back.is_last
    assert next_back(HALTED, [(region(current(0, WORKS, "0.9.0")), KNOWN)]) is None


def test_a_doubled_slot_stands_in_until_the_others_are_taken_back() -> None:
    short = region(tainted(0, WORKS), deposed(0), tainted(1, SILENT), desired=2)

    back = next_back(HALTED, [(short, KNOWN)])

    assert back is not None
    assert back.slots == ((WEST, (1,)),)
    assert not back.is_last


def test_a_slot_that_ran_another_release_and_still_does_stays_as_it_is() -> None:
    other = current(2, WORKS, "0.8.9")
    failed = region(tainted(0, WORKS), deposed(0), current(1, WORKS, "0.9.0"), other, desired=3)
    back = region(*(current(slot, WORKS, "0.9.0") for slot in (0, 1)), other, desired=3)
    of_rollback = lineage_of(WEST, [BACK_IN_WEST, HALTED])

    taken_back = next_back(HALTED, [(failed, KNOWN)])

    assert advise(failed).option(Remedy.ROLLBACK).slots == (0,)
    assert taken_back is not None
    assert taken_back.slots == ((WEST, (0,)),)
    assert next_back(HALTED, [(replace(back, release="0.9.0"), of_rollback)]) is None


def test_a_region_has_left_a_release_only_if_it_ran_another_one_and_was_begun() -> None:
    assert left_by(HALTED) == ("us-east-1", "us-west-1")
    assert EU not in left_by(HALTED)
    assert left_by(REFRESHED) == ()
    assert left_by(OVER_MARKED) == (WEST,)
    assert left_by(rollout("r1", NEW, OLD, {WEST: RegionPhase.WAITING})) == ()
