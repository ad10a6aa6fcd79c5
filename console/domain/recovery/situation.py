"""What is true of one region, as far as getting it whole again is concerned?"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from console.domain.failure import Failure
from console.domain.fleet import ObjectKind, RegionName, StateLock, StateObject
from console.domain.recovery.drift import Drift
from console.domain.view import UNSEEN, Health, ObjectView


class Liveness(StrEnum):
    """Whether the Terraform that took a state lock still lives."""

    ALIVE = "alive"
    DEAD = "dead"
    ELSEWHERE = "on another machine"
    """It was taken there: by a colleague, or by a CI runner."""
    UNKNOWN = "unknown"
    """Nobody can tell, though it was taken here."""


# Terraform writes what it has done so far every 20 s (TF_STATE_PERSIST_INTERVAL): one whose state
# was written so shortly ago may well do so again.
_SETTLES = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Serial:
    """The serial of a locked state, look by look."""

    number: int
    since: datetime
    """The first look at which it was so."""
    at: datetime
    """The newest look."""
    before: int | None = None
    """What it was before that; None where nobody has seen it move."""

    @property
    def is_moving(self) -> bool:
        """Whether somebody writes the state."""
        return self.before is not None and self.at - self.since < _SETTLES

    def then(self, number: int, at: datetime) -> Serial:
        """Return what is known after another look."""
        if number == self.number:
            return replace(self, at=at)
        return Serial(number, at, at, before=self.number)


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot, with everything that the state and EC2 have in it."""

    index: int
    current: ObjectView | None
    """None where the slot is empty; a ghost where its instance is gone."""
    deposed: tuple[ObjectView, ...]
    """Those of the release before come first, those that are gone last."""
    working: tuple[ObjectView, ...] = ()
    """Those of its objects that count as workers."""

    @property
    def current_works(self) -> bool:
        """Whether its current object counts as a worker."""
        return self.current in self.working

    @property
    def is_unfinished(self) -> bool:
        """Whether a plan would change it though nobody wants another release there."""
        current = self.current
        return current is None or current.is_tainted or is_gone(current) or bool(self.deposed)

    @property
    def healthy_deposed(self) -> ObjectView | None:
        """The old worker that still works; None where there is none."""
        return next((found for found in self.deposed if found in self.working), None)


@dataclass(frozen=True, slots=True)
class Situation:
    """One region; every field is something that was seen."""

    region: RegionName
    desired: int
    """Slots that the settings want."""
    objects: tuple[ObjectView, ...]
    release: str = ""
    """The release of the rollout that stopped; empty where none did."""
    before: str = ""
    """The release that most of the region's slots ran before it; empty where that is not known.

    After a rollback it is the release that was rolled back to.
    """
    lock: StateLock | None = None
    holder: Liveness = Liveness.UNKNOWN
    """Whether the lock's holder lives."""
    has_errored_state: bool = False
    """Whether an apply could not write its state, which lies in a file now."""
    error: str = ""
    """What of the region could not be read; empty where all was."""
    cause: Failure | None = None
    """Why the rollout stopped here; None where it did not."""
    proof: int = 1
    """Jobs that an instance must have finished to be proven; 0 where a heartbeat is enough."""
    work_within: timedelta = timedelta(minutes=6)
    """How long ago the newest of them may be, while jobs wait."""
    jobs_wait: bool = True
    """Whether there are jobs that an instance could take; also where nobody can tell."""
    unwritten: tuple[StateObject, ...] = ()
    """What the state that could not be written holds of the region."""
    is_untouched: bool = False
    """Whether the rollout of `release` has not begun anything here."""
    waits_for: tuple[RegionName, ...] = ()
    """Regions of earlier waves that are not through with `release`."""
    drift: tuple[Drift, ...] | None = None
    """Slots that were changed outside the console; None where nobody can tell."""
    serial: Serial | None = None
    """The locked state's; None where there is no lock."""

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every slot that is wanted, or that the state has something in."""
        known = [found for found in self.objects if found.kind is not ObjectKind.ORPHAN]
        by_slot: defaultdict[int, list[ObjectView]] = defaultdict(list)
        for found in known:
            if found.slot is not None:
                by_slot[found.slot].append(found)
        count = max(self.desired, *(index + 1 for index in by_slot), 0)
        return tuple(self._slot(index, by_slot[index]) for index in range(count))

    @property
    def orphans(self) -> tuple[ObjectView, ...]:
        """Instances that run with the fleet's tag and are in no state."""
        return tuple(found for found in self.objects if found.kind is ObjectKind.ORPHAN)

    @property
    def unfinished(self) -> tuple[Slot, ...]:
        """The slots that an apply has left half-way, or that somebody has taken the object of."""
        return tuple(slot for slot in self.slots if slot.is_unfinished)

    @property
    def needs_somebody(self) -> bool:
        """Whether something is left over, held or unreadable: it does not go on by itself."""
        left = self.unfinished or self.orphans or self.lock or self.cause
        return bool(left or self.error or self.has_errored_state)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left over, and everything could be read."""
        left = self.unfinished or self.orphans or self.lock or self.has_errored_state
        return not (left or self.error)

    @property
    def is_unseen(self) -> bool:
        """Whether no instance could be looked at, so that nobody can tell what works."""
        return bool(self.error) and all(found.state == UNSEEN for found in self.objects)

    @property
    def healthy(self) -> int:
        """How many instances work now, wherever they stand."""
        return sum(map(self.works, self.objects))

    @property
    def wanted(self) -> str:
        """The release that an empty slot should get: the rollout's, or what most slots run."""
        if self.release and not self.is_untouched:
            return self.release
        tags = Counter(found.tag for found in self.objects if found.tag)
        return tags.most_common(1)[0][0] if tags else ""

    def works(self, found: ObjectView) -> bool:
        """Whether an instance counts as a worker.

        A heartbeat is enough for one that nobody doubts. Any other has to have finished jobs: a
        worker that starts and does nothing must never cost a working one.
        """
        return self.is_proven(found) if self._is_doubted(found) else is_healthy(found)

    def is_proven(self, found: ObjectView) -> bool:
        """Whether an instance works with the release that it is tagged with."""
        done = found.completions or 0
        works = done >= self.proof and not self.has_stopped_working(found)
        return is_healthy(found) and found.heartbeat == found.tag and works

    def has_stopped_working(self, found: ObjectView) -> bool:
        """Whether an instance has finished jobs, and none of late although there are some.

        With an empty queue it waits, and what it has finished proves it. Where a source counts jobs
        and tells no times, the count has to do.
        """
        is_late = found.last_job is not None and found.last_job > self.work_within
        return is_late and self.jobs_wait and self.proof > 0

    def _is_doubted(self, found: ObjectView) -> bool:
        """Whether nobody has seen it become ready, as far as the region tells.

        What runs the release before worked before the rollout began, whatever its mark says. Where
        a rollout stopped, anything else may be what it stopped for: a failed instance of an earlier
        try hangs on its slot as deposed, and looks like the old worker beside it.
        """
        beside = [o for o in self.objects if o.slot == found.slot and o.is_deposed]
        is_current = not found.is_deposed and found.kind is not ObjectKind.ORPHAN
        if is_current and beside:
            return True
        if self.before and found.tag == self.before != self.release:
            return False
        if self.cause is not None or found.kind is ObjectKind.ORPHAN:
            return True
        is_of_another_rollout = found.is_tainted and found.tag != self.wanted
        return is_of_another_rollout or (found.is_deposed and len(beside) > 1)

    def _slot(self, index: int, mine: list[ObjectView]) -> Slot:
        deposed = sorted(
            (found for found in mine if found.is_deposed),
            key=lambda found: (is_gone(found), found.tag != self.before),
        )
        current = next((found for found in mine if not found.is_deposed), None)
        return Slot(index, current, tuple(deposed), tuple(filter(self.works, mine)))


def is_healthy(found: ObjectView) -> bool:
    """Whether an instance proves that it works."""
    return found.health is Health.HEALTHY


def is_gone(found: ObjectView) -> bool:
    """Whether EC2 does not have the instance any more."""
    return found.health is Health.GONE
