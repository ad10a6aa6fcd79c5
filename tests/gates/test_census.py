"""What is counted of a region at the end of a rollout."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from console.domain.census import count, orphans
from console.domain.events import Entry, ReleaseFixed, RolloutStarted
from console.domain.evolve import replay
from console.domain.fleet import (
    Instance,
    InstanceId,
    RegionSample,
    RegionState,
    SlotIndex,
    SlotTarget,
    StateObject,
    UnitName,
)
from console.domain.observations import RegionSurvey
from console.domain.outcome import RegionOutcome
from console.domain.policy import Policy, RegionSpec, Unit
from console.domain.release import Release
from console.domain.rollout import Rollout

from .looks import EU, NEW, NOW, OLD, beat, look, machine


def rollout() -> Rollout:
    policy = Policy((RegionSpec(EU, 2, 1),), (Unit(UnitName(EU), 1, (EU,)),))
    started = RolloutStarted("r1", "checks", "test", NEW.release, None, policy, "ada@host")
    fixed = ReleaseFixed(Release(NEW.release, NEW.image))
    found = replay([Entry("r1", 1, NOW, started), Entry("r1", 2, NOW, fixed)])
    assert found is not None
    return found


def known(
    slot: int,
    instance: str,
    target: SlotTarget | None,
    deposed_key: str | None = None,
    *,
    is_tainted: bool = False,
) -> StateObject:
    address = f"aws_instance.worker[{slot}]"
    return StateObject(
        address, SlotIndex(slot), InstanceId(instance), target, deposed_key, is_tainted=is_tainted
    )


def counted(objects: tuple[StateObject, ...] | None, sample: RegionSample) -> RegionOutcome:
    state = None if objects is None else RegionState(9, "lineage", objects)
    return count(rollout(), RegionSurvey(EU, state, sample))


def numbers(found: RegionOutcome) -> tuple[int | None, ...]:
    """New, old, tainted, deposed, orphaned."""
    return found.new, found.old, found.tainted, found.deposed, found.orphaned


RUNNING: tuple[Instance, ...] = (machine("i-0", 0), machine("i-1", 1))


def test_a_region_that_went_well_is_all_new() -> None:
    found = counted((known(0, "i-0", NEW), known(1, "i-1", NEW)), look())

    assert numbers(found) == (2, 0, 0, 0, 0)
    assert found.healthy == ("i-0", "i-1")


def test_a_failed_slot_counts_its_new_and_its_old_object() -> None:
    objects = (
        known(0, "i-0", OLD),
        known(1, "i-1", NEW, is_tainted=True),
        known(1, "i-9", OLD, "9348ee3e", is_tainted=True),
    )
    found = counted(objects, look((*RUNNING, machine("i-9", 1, OLD))))

    assert numbers(found) == (1, 2, 1, 1, 0)


def test_two_deposed_objects_of_one_slot_are_two() -> None:
    objects = (
        known(0, "i-0", NEW, is_tainted=True),
        known(0, "i-8", NEW, "aaaaaaaa"),
        known(0, "i-9", OLD, "bbbbbbbb"),
    )

    assert numbers(counted(objects, look((), ()))) == (2, 1, 1, 2, 0)


def test_an_object_without_tags_is_not_new() -> None:
    assert numbers(counted((known(0, "i-0", None),), look((), ()))) == (0, 1, 0, 0, 0)


def test_what_runs_in_no_state_is_an_orphan_and_what_ended_is_not() -> None:
    sample = look((*RUNNING, machine("i-7", None), machine("i-8", 1, state="terminated")), ())

    assert counted((known(0, "i-0", NEW), known(1, "i-1", NEW)), sample).orphaned == 1


def test_an_instance_that_boots_in_no_state_is_an_orphan() -> None:
    sample = look((machine("i-7", None, state="pending"),), ())

    assert [i.id for i in orphans(RegionState(1, "lineage"), sample)] == ["i-7"]


def test_a_region_whose_state_cannot_be_read_has_no_counts() -> None:
    found = counted(None, look())

    assert numbers(found) == (None,) * 5
    assert (found.region, found.to_release, found.healthy) == (EU, "0.9.1", None)


def test_orphans_are_unknown_where_ec2_did_not_answer() -> None:
    found = counted((known(0, "i-0", NEW),), look("denied"))

    assert (found.new, found.orphaned, found.healthy) == (1, None, None)


def test_health_is_unknown_where_heartbeats_could_not_be_read() -> None:
    assert counted((known(0, "i-0", NEW),), look(beats="Throttling")).healthy is None


def test_only_fresh_beats_make_an_instance_healthy_at_the_end() -> None:
    beats = (beat("i-0"), beat("i-1", age=timedelta(minutes=3)))

    assert counted((known(0, "i-0", NEW),), look(beats=beats)).healthy == ("i-0",)


def test_nothing_is_new_while_the_digest_is_unknown() -> None:
    unknown = replace(rollout(), release=None)
    survey = RegionSurvey(EU, RegionState(9, "lineage", (known(0, "i-0", NEW),)), look())

    assert (count(unknown, survey).new, count(unknown, survey).old) == (0, 1)
