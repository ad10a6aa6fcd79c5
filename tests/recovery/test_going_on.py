"""After its end a rollout goes on without a region, or to the regions that have not had it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain import effects
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName
from console.domain.observations import Failed
from console.domain.outcome import Outcome
from console.domain.policy import Policy
from console.domain.recovery.going_on import GoingOn, with_the_rest, without
from console.domain.rollout import Rollout
from tests.rollout.world import NEW, OLD, PaperWorld, policy, run, started, yes

US, WEST, EU = map(RegionName, ("us-east-1", "us-west-1", "eu-west-1"))
NO_CAPACITY = Failure(FailureKind.FAILED, "there is no capacity")


def rules(*regions: str) -> Policy:
    made = policy(**{name.replace("-", "_"): 1 for name in regions})
    return replace(made, is_partial=len(regions) < 3)


class BreaksIn(PaperWorld):
    """A world in which the apply of one region fails."""

    region = ""

    def answer(self, effect: effects.Effect) -> object:  # type: ignore[override]
        if isinstance(effect, effects.ApplyPlan) and effect.unit == self.region:
            self.asked.append(effect)
            return Failed(effect.at, NO_CAPACITY)
        return super().answer(effect)


@pytest.fixture
def world() -> BreaksIn:
    return BreaksIn({"us-east-1": [OLD], "us-west-1": [OLD], "eu-west-1": [OLD]})


def part_of(world: BreaksIn, *regions: RegionName) -> BreaksIn:
    part = BreaksIn({region: world.slots[region] for region in regions})
    part.region = world.region
    return part


def halted_in(world: BreaksIn, region: str) -> Rollout:
    world.region = region
    return run(world, started(rules(US, WEST, EU), where="--config c.yaml"), yes)


def test_the_others_get_the_release_and_the_region_is_told_with_the_reason(
    world: BreaksIn,
) -> None:
    halted = halted_in(world, WEST)

    found = without(WEST, [halted])

    assert isinstance(found, GoingOn)
    assert found.regions == (US, EU)
    assert found.leaves == ((WEST, "there is no capacity"),)
    assert found.shipment.image == NEW.image
    assert not found.shipment.accept_leftovers


def test_the_rollout_without_a_region_ends_partial_and_says_where_to_look(
    world: BreaksIn,
) -> None:
    found = without(WEST, [halted_in(world, WEST)])
    assert isinstance(found, GoingOn)
    start = started(rules(*found.regions), where="--config c.yaml", leaves=found.leaves)

    others = part_of(world, US, EU)

    ended = run(others, start, yes)

    assert others.slots == {"us-east-1": [NEW], "eu-west-1": [NEW]}
    assert (ended.outcome, ended.exit_code) == (Outcome.PARTIAL, 5)
    assert ended.reason == "us-west-1 was left as it is"
    assert (
        ended.next
        == "what leads on in us-west-1: release-console recover --region us-west-1 --config c.yaml"
    )


def test_a_failed_canary_keeps_the_release_from_the_others(world: BreaksIn) -> None:
    assert without(US, [halted_in(world, US)]) == (
        "the canary failed: it was there to keep the release from the others"
    )


def test_to_name_another_region_does_not_get_past_a_failed_canary(world: BreaksIn) -> None:
    assert without(EU, [halted_in(world, US)]) == (
        "the canary failed: it was there to keep the release from the others"
    )


def test_a_canary_that_has_passed_since_keeps_nothing_back(world: BreaksIn) -> None:
    halted = halted_in(world, US)
    world.region = ""
    again = run(part_of(world, US), started(rules(US)), yes)
    assert again.halt is None

    found = without(EU, [again, halted])

    assert isinstance(found, GoingOn)
    assert found.regions == (US, WEST)
    assert [name for name, _ in found.leaves] == [EU]


def test_the_first_wave_of_a_rollback_is_no_canary(world: BreaksIn) -> None:
    world.region = US
    back = run(world, started(rules(US, WEST, EU), rolls_back="r1"), yes)

    found = without(US, [back])

    assert isinstance(found, GoingOn)
    assert found.regions == (WEST, EU)


def test_a_retry_of_the_region_alone_does_not_make_it_the_canary(world: BreaksIn) -> None:
    halted = halted_in(world, WEST)
    again = run(part_of(world, WEST), started(rules(WEST)), yes)
    assert again.halt is not None

    found = without(WEST, [again, halted])

    assert isinstance(found, GoingOn)
    assert found.regions == (US, EU)


@pytest.mark.parametrize(
    ("region", "reason"),
    [
        (US, "us-east-1 is through with 0.9.1: nothing is left behind there"),
        (EU, "no other region waits for 0.9.1"),
        (RegionName("mars"), "no rollout that did anything was of mars"),
    ],
)
def test_what_is_not_behind_is_not_skipped(
    world: BreaksIn, region: RegionName, reason: str
) -> None:
    assert without(region, [halted_in(world, EU)]) == reason


def test_it_goes_on_to_all_that_the_rollout_was_about(world: BreaksIn) -> None:
    found = with_the_rest([halted_in(world, WEST)])

    assert isinstance(found, GoingOn)
    assert found.regions == ()
    assert found.shipment.image == NEW.image


def test_a_partial_rollout_goes_on_to_its_own_regions_only(world: BreaksIn) -> None:
    world.region = EU
    found = with_the_rest([run(part_of(world, US, EU), started(rules(US, EU)), yes)])

    assert isinstance(found, GoingOn)
    assert found.regions == (US, EU)


def test_there_is_nothing_to_go_on_to_where_all_is_through(world: BreaksIn) -> None:
    ended = run(world, started(rules(US, WEST, EU)), yes)

    assert with_the_rest([ended]) == (
        "every region is through with 0.9.1: nothing is left to go on to"
    )
    assert with_the_rest([]) == "no rollout has done anything here"
