"""What does a move ask for that is a rollout, as it is typed?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from console.commands.asked import Asked
from console.commands.leading_on import Wanted, asked_for
from console.domain.fleet import RegionName, SlotIndex, SlotTarget
from console.domain.observations import RegionSurvey
from console.domain.outcome import RegionPhase
from console.domain.recovery.lineage import lineage_of
from console.domain.recovery.move import Promised
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.situation import Situation
from console.domain.release import ReleaseLabel
from console.domain.rollout import Rollout
from console.engine.surveying import Seen
from console.errors import RefusedError, UsageError
from tests.recovery.situations import (
    SILENT,
    WORKS,
    bad_image,
    current,
    deposed,
    region,
    retried,
    tainted,
)
from tests.recovery.test_lineage import rollout
from tests.rollout.world import NEW, OLD, PaperWorld, image

WEST, EU = RegionName("us-west-1"), RegionName("eu-west-1")
OTHER = SlotTarget(ReleaseLabel("0.9.2"), image("c"))
PLAIN = Asked(Path("c.yaml"), auto=True)
HALTED = rollout("r1", NEW, OLD, {WEST: RegionPhase.FAILED})
ELSEWHERE = rollout("r1", NEW, OLD, {WEST: RegionPhase.WAITING})
CAPPED = retried(2)


def seen(name: RegionName, situation: Situation, past: Sequence[Rollout]) -> Seen:
    """Return a region as a look at it finds it."""
    world = PaperWorld({name: [NEW]})
    survey = RegionSurvey(name, world.state(name), world.sample(name))
    return Seen(survey, replace(situation, region=name), lineage_of(name, past))


def typed(situation: Situation, past: Sequence[Rollout] = (HALTED,), **wanted: object) -> Asked:
    """Type a retry in a region that is as `situation` says."""
    move = Wanted("retry", **wanted)  # type: ignore[arg-type]
    return asked_for(PLAIN, move, Remedy.RETRY, [seen(WEST, situation, past)])


def test_the_same_release_by_name_is_the_retry_that_is_advised() -> None:
    assert typed(bad_image(), release="0.9.1") == typed(bad_image())


def test_a_retry_of_the_same_release_by_name_heeds_the_slots_that_were_named() -> None:
    asked = typed(bad_image(), release="0.9.1", slots=(1,))

    assert (asked.release, asked.regions) == ("0.9.1", WEST)
    assert asked.only_slots == ((WEST, (SlotIndex(1),)),)
    assert asked.accept_leftovers
    # Two slots stay as they are, with a new and an old instance each.
    assert asked.promised == (Promised(WEST, healthy=3, left_over=4),)


def test_to_name_the_release_opens_no_way_round_the_number_of_retries() -> None:
    with pytest.raises(RefusedError, match="retried 2 times"):
        typed(CAPPED, release="0.9.1")


def test_a_release_that_has_failed_in_a_slot_is_not_shipped_over_it_for_ever() -> None:
    other_since = rollout("r2", OLD, NEW, {WEST: RegionPhase.FAILED})

    with pytest.raises(RefusedError, match="us-west-1: slot 0 was retried 2 times"):
        typed(CAPPED, [other_since, HALTED], release="0.9.1")


def test_another_release_goes_over_a_slot_that_was_retried_enough() -> None:
    asked = typed(CAPPED, release="0.9.2", image=image("c"), regions=("us-west-1",))

    assert (asked.release, asked.image, asked.regions) == ("0.9.2", image("c"), WEST)
    assert asked.only_slots == ()
    assert asked.accept_leftovers


def test_the_release_before_goes_over_such_a_slot_while_its_old_worker_works() -> None:
    assert typed(CAPPED, release="0.9.0").release == "0.9.0"


def test_another_release_takes_no_slots() -> None:
    with pytest.raises(UsageError, match="is another release"):
        typed(bad_image(), release="0.9.2", slots=(1,))


def test_a_release_that_never_came_to_the_region_is_shipped_there_by_name() -> None:
    untouched = region(tainted(0, SILENT, "0.9.0"), deposed(0), release="0.9.1", is_untouched=True)

    asked = typed(untouched, [ELSEWHERE], release="0.9.1")

    assert (asked.release, asked.only_slots) == ("0.9.1", ())


def test_another_image_is_another_release() -> None:
    same = typed(bad_image(), release="0.9.1", image=NEW.image)

    assert same.image == NEW.image
    with pytest.raises(UsageError, match="another image"):
        typed(bad_image(), release="0.9.1", image=image("c"))


def test_where_the_release_has_left_nothing_it_goes_wherever_it_is_not_yet() -> None:
    whole = region(current(0, WORKS), cause=None)

    asked = typed(whole, release="0.9.1")

    assert (asked.release, asked.only_slots) == ("0.9.1", ())


def test_regions_that_want_different_releases_get_the_command_for_one() -> None:
    here = seen(WEST, bad_image(), [HALTED])
    elsewhere = seen(EU, bad_image(), [rollout("r2", OTHER, OLD, {EU: RegionPhase.FAILED})])

    with pytest.raises(RefusedError, match="us-west-1, eu-west-1 do not want") as refused:
        asked_for(PLAIN, Wanted("retry"), Remedy.RETRY, [here, elsewhere])

    assert refused.value.hint == (
        "one at a time: release-console recover retry --region us-west-1 --config c.yaml"
    )


def test_where_nobody_knows_what_to_ship_the_command_names_the_settings() -> None:
    here = seen(WEST, bad_image(), [])

    with pytest.raises(RefusedError, match="nobody knows what should be shipped") as refused:
        asked_for(PLAIN, Wanted("rollback"), Remedy.ROLLBACK, [here])

    assert refused.value.hint == (
        "ship the release that you want: release-console --auto --release LABEL --config c.yaml"
    )
