"""What a person sees of a region: every object by its own name, and its health."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain.fleet import (
    Heartbeat,
    Instance,
    InstanceId,
    ObjectKind,
    Reading,
    RegionSample,
    RegionState,
    SlotIndex,
    StateLock,
    StateObject,
)
from console.domain.view import FleetView, Health, ObjectView, RegionView, view_region

from .looks import EU, NEW, NOW, OLD, SILENT_AFTER, beat, look, machine

YOUNG, GROWN = timedelta(seconds=20), timedelta(hours=1)
BOOT_ALLOWANCE = timedelta(minutes=2)
LATE = SILENT_AFTER + timedelta(seconds=1)


def known(
    slot: int, instance: str, deposed_key: str | None = None, *, is_tainted: bool = False
) -> StateObject:
    address = f"aws_instance.worker[{slot}]"
    return StateObject(
        address, SlotIndex(slot), InstanceId(instance), NEW, deposed_key, is_tainted=is_tainted
    )


def state(*objects: StateObject, lock: StateLock | None = None) -> RegionState:
    return RegionState(4, "lineage", objects, lock)


def view(found: RegionState | None, sample: RegionSample, error: str | None = None) -> RegionView:
    return view_region(
        EU,
        2,
        found,
        sample,
        state_error=error,
        silent_after=SILENT_AFTER,
        boot_allowance=BOOT_ALLOWANCE,
        now=NOW,
    )


def only(seen: RegionView) -> ObjectView:
    (found,) = seen.objects
    return found


HEALTH = [
    ("beats", machine("i-0", 0), (beat("i-0"),), Health.HEALTHY),
    ("beats with another release than its tag", machine("i-0", 0, OLD), (beat("i-0"),), "healthy"),
    ("its beat is just in time", machine("i-0", 0), (beat("i-0", age=SILENT_AFTER),), "healthy"),
    ("its beat is stale", machine("i-0", 0), (beat("i-0", age=LATE),), Health.SILENT),
    ("young and has not beaten", machine("i-0", 0, age=YOUNG), (), Health.BOOTING),
    ("pending and has not beaten", machine("i-0", 0, state="pending", age=YOUNG), (), "booting"),
    ("young, has beaten and stopped", machine("i-0", 0, age=YOUNG),
     (beat("i-0", age=LATE),), Health.SILENT),
    ("old and has never beaten", machine("i-0", 0, age=GROWN), (), Health.SILENT),
    ("its time to boot has just run out", machine("i-0", 0, age=BOOT_ALLOWANCE), (), "silent"),
    ("only another instance beats", machine("i-0", 0, age=GROWN), (beat("i-1"),), "silent"),
    ("an old release's beat is newer", machine("i-0", 0),
     (beat("i-0", age=LATE), beat("i-0", "0.9.0", age=YOUNG)), "healthy"),
    ("EC2 says that it was terminated", machine("i-0", 0, state="terminated"),
     (beat("i-0"),), Health.GONE),
    ("EC2 says that it stops", machine("i-0", 0, state="shutting-down"),
     (beat("i-0"),), Health.GONE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("instance", "beats", "health"),
    [row[1:] for row in HEALTH],
    ids=[row[0] for row in HEALTH],
)
def test_health_is_what_ec2_and_heartbeats_tell_together(
    instance: Instance, beats: tuple[Heartbeat, ...], health: Health
) -> None:
    found = only(view(state(known(0, "i-0")), look((instance,), beats)))

    assert found.health == health


@pytest.mark.parametrize(("age", "health"), [(timedelta(), Health.HEALTHY), (LATE, Health.SILENT)])
def test_what_is_known_from_an_earlier_look_is_judged_as_of_then(
    age: timedelta, health: Health
) -> None:
    """A source that does not answer makes nobody silent."""
    then = NOW - 3 * LATE
    heard = Reading(then, (beat("i-0", age=NOW - then + age),), error="Throttling")
    sample = replace(look((machine("i-0", 0),)), at=then, heartbeats=heard)

    seen = view(state(known(0, "i-0")), sample)

    assert only(seen).health is health
    assert only(seen).last_beat == NOW - then + age
    assert (seen.fresh, seen.error) == (NOW - then, "Throttling")


@pytest.mark.parametrize(
    ("sample", "is_seen"),
    [(look(), True), (look("denied"), False), (look(beats="denied"), False)],
)
def test_without_instances_or_heartbeats_nobody_can_tell_what_works(
    sample: RegionSample, *, is_seen: bool
) -> None:
    assert view(state(known(0, "i-0")), sample).is_seen is is_seen


def test_an_object_that_ec2_does_not_know_is_a_ghost() -> None:
    found = only(view(state(known(0, "i-0")), look((), ())))

    assert (found.kind, found.health, found.state) == (ObjectKind.GHOST, Health.GONE, "gone")


def test_an_object_is_no_ghost_only_because_ec2_did_not_answer() -> None:
    found = only(view(state(known(0, "i-0")), look("RequestLimitExceeded", ())))

    assert (found.kind, found.state) == (ObjectKind.CURRENT, "unknown")
    assert found.health is not Health.HEALTHY


def test_all_objects_of_a_slot_are_shown_each_on_its_own() -> None:
    found = view(
        state(
            known(1, "i-new", is_tainted=True),
            known(1, "i-old", "9348ee3e", is_tainted=True),
            known(1, "i-older", "a1b2c3d4"),
            known(0, "i-0"),
        ),
        look(
            (
                machine("i-0", 0),
                machine("i-new", 1),
                machine("i-old", 1, OLD),
                machine("i-older", 1, OLD),
                machine("i-lost", 1),
            ),
            (),
        ),
    )

    told = [(o.slot, o.id, o.kind.value, o.is_tainted) for o in found.objects]
    assert told == [
        (0, "i-0", "current", False),
        (1, "i-new", "current", True),
        (1, "i-old", "deposed", False),  # a deposed object's mark says nothing any more
        (1, "i-older", "deposed", False),
        (1, "i-lost", "orphan", False),
    ]


def test_an_instance_that_is_gone_and_in_no_state_is_not_shown() -> None:
    assert view(state(), look((machine("i-0", 0, state="terminated"),), ())).objects == ()


def test_without_a_state_nobody_is_called_an_orphan() -> None:
    found = view(None, look((machine("i-0", 0),), ()), error="AccessDenied")

    assert only(found).kind is ObjectKind.CURRENT
    assert found.error == "AccessDenied"


def test_the_tag_and_the_beat_are_told_apart_where_they_disagree() -> None:
    found = only(
        view(state(known(0, "i-0")), look((machine("i-0", 0, NEW),), (beat("i-0", "0.9.0"),)))
    )

    assert (found.tag, found.heartbeat) == ("0.9.1", "0.9.0")


def test_the_release_shown_is_that_of_the_newest_beat() -> None:
    beats = (beat("i-0", "0.9.0", age=timedelta(seconds=9)), beat("i-0", age=timedelta(seconds=3)))

    found = only(view(state(known(0, "i-0")), look((machine("i-0", 0),), beats)))

    assert (found.heartbeat, found.last_beat) == ("0.9.1", timedelta(seconds=3))


def test_every_source_that_failed_is_named_once() -> None:
    found = view(None, look("no route", "no route", "denied"), error="no state")

    assert found.error == "no state; no route; denied"
    assert found.queue is None


def test_deposed_and_orphaned_workers_that_take_jobs_are_counted_as_healthy() -> None:
    sample = look(
        (machine("i-0", 0), machine("i-old", 0, OLD), machine("i-lost", None)),
        (beat("i-0", age=LATE), beat("i-old", "0.9.0"), beat("i-lost")),
    )

    assert view(state(known(0, "i-0"), known(0, "i-old", "9348ee3e")), sample).healthy == 2


def test_the_lock_and_the_age_of_the_data_are_shown() -> None:
    lock = StateLock("id-1", "bob@host", "apply", NOW)

    found = view_region(
        EU,
        2,
        state(lock=lock),
        look(),
        state_error=None,
        silent_after=SILENT_AFTER,
        boot_allowance=BOOT_ALLOWANCE,
        now=NOW + timedelta(seconds=7),
    )

    assert (found.lock, found.fresh) == (lock, timedelta(seconds=7))


def test_the_fleets_release_is_the_one_that_most_slots_are_meant_to_run() -> None:
    sample = look((machine("i-0", 0, OLD), machine("i-1", 1), machine("i-2", 2)), ())
    objects = tuple(known(i, f"i-{i}") for i in range(3))

    assert FleetView("checks", "test", (view(state(*objects), sample),)).release == "0.9.1"
    assert FleetView("checks", "test", (view(state(), look((), ())),)).release is None
