"""What does the last paragraph of a rollout tell of a region that it leaves?"""

from __future__ import annotations

from dataclasses import replace

from console.domain.fleet import InstanceId, Reading, RegionName, SlotIndex, StateObject
from console.domain.observations import RegionSurvey
from console.domain.outcome import RegionOutcome, RegionPhase
from console.domain.recovery.counsel import with_advice
from console.domain.recovery.next_step import again
from console.domain.rollout import Rollout
from tests.rollout.test_leading_on import halted_in
from tests.rollout.world import NEW, OLD, PaperWorld

EU = RegionName("eu-west-1")
WHERE = "--config c.yaml"


def stopped() -> tuple[PaperWorld, Rollout]:
    """A rollout of two regions whose second one has failed, with two slots."""
    world, rollout = halted_in("eu-west-1")
    request = replace(rollout.request, where=WHERE)
    return world, replace(rollout, request=request)


def told(rollout: Rollout, survey: RegionSurvey) -> list[str]:
    outcome = RegionOutcome(EU, RegionPhase.FAILED, ("0.9.0",), "0.9.1")
    return list(with_advice(outcome, rollout, survey, survey.sample.at).next)


def beside_new_ones(world: PaperWorld, *, beats: bool) -> RegionSurvey:
    """Every old worker works and is deposed; the new one beside it has finished nothing."""
    world.slots["eu-west-1"] = [OLD, OLD]
    state, sample = world.state("eu-west-1"), world.sample(EU)
    assert sample.instances.value is not None
    assert sample.heartbeats.value is not None
    new = [InstanceId(f"i-new-{slot}") for slot in range(2)]
    old = (replace(o, deposed_key="d3ad") for o in state.objects)
    current = (
        StateObject(f"worker[{slot}]", SlotIndex(slot), instance, NEW, is_tainted=True)
        for slot, instance in enumerate(new)
    )
    made = [
        replace(found, id=instance, target=NEW, launched_at=sample.at)
        for found, instance in zip(sample.instances.value, new, strict=True)
    ]
    beating = [
        replace(beat, instance=instance, release=NEW.release, runs=0)
        for beat, instance in zip(sample.heartbeats.value, new, strict=True)
    ]
    seen = replace(
        sample,
        instances=Reading(sample.at, (*sample.instances.value, *made)),
        heartbeats=Reading(sample.at, (*sample.heartbeats.value, *(beating if beats else ()))),
    )
    return RegionSurvey(EU, replace(state, objects=(*current, *old)), seen)


def test_a_new_instance_that_never_beat_may_be_slow_and_be_kept_later() -> None:
    world, rollout = stopped()

    first, *_, last = told(rollout, beside_new_ones(world, beats=False))

    assert first.startswith("recommended, make the old instances current again")
    command = f"release-console recover accept --region eu-west-1 --yes --confirm checks {WHERE}"
    assert (
        last == f"or, if the new ones are only slow, as soon as they have finished jobs: {command}"
    )


def test_one_that_beats_and_finishes_nothing_is_not_called_slow() -> None:
    world, rollout = stopped()

    lines = told(rollout, beside_new_ones(world, beats=True))

    assert "recover restore" in lines[0]
    assert not any("accept" in line for line in lines)


def test_a_region_that_cannot_be_read_is_to_be_looked_at_again() -> None:
    world, rollout = stopped()
    lost = replace(world.sample(EU), instances=Reading(world.now, error="connection refused"))

    lines = told(
        rollout, RegionSurvey(EU, None, lost, state_error="no route", has_errored_state=True)
    )

    look = f"release-console recover --region eu-west-1 {WHERE}"
    assert lines == [f"once eu-west-1 can be read again, this tells which move leads on: {look}"]


def test_where_a_gate_failed_and_no_instance_did_nothing_has_to_be_mended() -> None:
    world, rollout = stopped()
    world.slots["eu-west-1"] = [NEW, NEW]
    world.tainted.clear()

    lines = told(rollout, RegionSurvey(EU, world.state("eu-west-1"), world.sample(EU)))

    assert len(lines) == 2
    assert "release-console recover rollback --region eu-west-1" in lines[0]
    assert "nothing has to be mended in eu-west-1" in lines[-1]
    assert lines[-1].endswith(f"release-console --auto --release 0.9.1 {WHERE}")


def test_the_same_again_is_about_the_same_regions() -> None:
    _, rollout = stopped()
    some = replace(rollout, policy=replace(rollout.policy, is_partial=True))

    assert again(rollout) == f"release-console --auto --release 0.9.1 {WHERE}"
    assert "--regions us-east-1,eu-west-1" in again(some)
    assert "--regions eu-west-1 " in again(some, [EU])
