"""Regions that stopped half-way, in a few words each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from console.domain.failure import Failure, FailureKind
from console.domain.fleet import InstanceId, ObjectKind, RegionName, StateLock
from console.domain.recovery.situation import Serial, Situation
from console.domain.view import Health, ObjectView

WEST = RegionName("us-west-1")
OLD, NEW = "0.9.0", "0.9.1"
LOCK = StateLock("3f0c", "ann@build-7", "OperationTypeApply", None)
LOOKED = datetime(2026, 1, 2, 17, 0, tzinfo=UTC)
AT_REST = Serial(41, LOOKED, LOOKED + timedelta(minutes=1))
MOVING = AT_REST.then(42, LOOKED + timedelta(seconds=63))
"""Of a state that somebody writes though it is locked."""

FAILED = Failure(FailureKind.FAILED, "3 instances did not become ready.", evidence="exit status 1")
INTERRUPTED = Failure(FailureKind.INTERRUPTED, "Terraform was stopped by ann")
INCONCLUSIVE = Failure(FailureKind.INCONCLUSIVE, "nobody saw how the apply ended")


@dataclass(frozen=True, slots=True)
class Machine:
    """What an instance does, as the census would see it."""

    health: Health
    beats: bool = False
    completions: int | None = None
    last_job: timedelta | None = None


WORKS = Machine(Health.HEALTHY, beats=True, completions=4)
IDLE = Machine(Health.HEALTHY, beats=True, completions=0)
"""Beats and finishes nothing: there is nothing to do, or it never works."""
NEVER_WORKS = IDLE
HANGS = Machine(Health.HEALTHY, beats=True, completions=4, last_job=timedelta(minutes=14))
"""Has worked, and finishes nothing any more, though it beats."""
SILENT = Machine(Health.SILENT)
BOOTING = Machine(Health.BOOTING)
CRASHING = Machine(Health.CRASHING)
CRASHES_AND_BEATS = Machine(Health.CRASHING, beats=True, completions=0)
"""Beats between two crashes."""
GONE = Machine(Health.GONE)


def _object(
    slot: int | None, name: str, machine: Machine, kind: ObjectKind, tag: str, **more: Any
) -> ObjectView:
    is_gone = machine.health is Health.GONE
    return ObjectView(
        slot=slot,
        id=InstanceId(name),
        kind=ObjectKind.GHOST if is_gone else kind,
        is_tainted=more.get("is_tainted", False),
        state="gone" if is_gone else "running",
        tag=tag,
        heartbeat=more.get("says", tag) if machine.beats else None,
        last_beat=timedelta(seconds=5) if machine.beats else None,
        health=machine.health,
        is_deposed=kind is ObjectKind.DEPOSED,
        completions=machine.completions,
        last_job=machine.last_job,
    )


def current(slot: int, machine: Machine, tag: str = NEW, **more: Any) -> ObjectView:
    """Return a slot's own object: `i-new-0` or `i-old-0` by its tag."""
    name = f"i-{'new' if tag == NEW else 'old'}-{slot}"
    return _object(slot, name, machine, ObjectKind.CURRENT, tag, **more)


def tainted(slot: int, machine: Machine, tag: str = NEW, **more: Any) -> ObjectView:
    """Return a slot's own object with the mark."""
    return current(slot, machine, tag, is_tainted=True, **more)


def deposed(slot: int, machine: Machine = WORKS, tag: str = OLD, name: str = "") -> ObjectView:
    """Return an object that a replacement has left in the slot: `i-old-0`."""
    return _object(slot, name or f"i-old-{slot}", machine, ObjectKind.DEPOSED, tag)


def orphan(machine: Machine, slot: int | None = 0, tag: str = NEW, name: str = "i-orphan") -> Any:
    """Return an instance that is in no state."""
    return _object(slot, name, machine, ObjectKind.ORPHAN, tag)


def region(*objects: ObjectView, desired: int = 1, **more: Any) -> Situation:
    """Return a region in which the rollout of NEW stopped after OLD."""
    known = {"release": NEW, "before": OLD, "cause": FAILED, **more}
    return Situation(WEST, desired, objects, **known)


def quiet(*objects: ObjectView, desired: int = 1, **more: Any) -> Situation:
    """Return a region in which no rollout stopped."""
    known = {"release": OLD, "before": "", "cause": None, **more}
    return Situation(WEST, desired, objects, **known)


def locked(situation: Situation, holder: Any) -> Situation:
    """Return the region with its state locked."""
    return replace(situation, lock=LOCK, holder=holder)


def bad_image(slots: int = 3) -> Situation:
    """Return the region in which each new instance is silent and each old one still works."""
    objects = [o for i in range(slots) for o in (tainted(i, SILENT), deposed(i))]
    return region(*objects, desired=slots)


def retried(times: int, machine: Machine = SILENT, old: Machine = WORKS) -> Situation:
    """Return a slot whose replacement failed, and failed again `times` times."""
    failed = [deposed(0, machine, NEW, f"i-try-{i}") for i in range(times)]
    return region(tainted(0, machine), *failed, deposed(0, old))
