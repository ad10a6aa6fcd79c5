"""What would AWS and Terraform tell of a fleet, second by second?

A fleet that is only told: machines with fixed times of birth, first beat and death, and the
Terraform objects that stand for them. Everything is a function of the time, so that a rehearsal is
the same whenever and wherever it is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from console.domain.fleet import (
    Heartbeat,
    Instance,
    InstanceId,
    QueueSample,
    Reading,
    RegionName,
    RegionSample,
    RegionState,
    SlotIndex,
    SlotTarget,
    StateObject,
)

BEAT_EVERY = timedelta(seconds=10)
FIRST_BEAT = timedelta(seconds=34)
"""From an instance's launch to its first heartbeat."""
PATIENCE = timedelta(seconds=75)
"""How long the readiness check waits for it."""
_BETWEEN_SLOTS = timedelta(seconds=3)
_PROOF = timedelta(seconds=7)
"""From the first heartbeat to the first finished job: then the old instance goes."""
_FAREWELL = timedelta(seconds=16)
_SECONDS_A_JOB = 3
_WINDOW = timedelta(minutes=15)
"""Over which the console lets CloudWatch count."""
_JAMMED_BY = 3
"""So many old workers that leave at once make the jobs wait for a while."""
_JAM_S = 45


@dataclass(slots=True)
class Machine:
    """One EC2 instance, from its launch to its end."""

    id: InstanceId
    slot: SlotIndex
    target: SlotTarget
    address: str
    launched_at: datetime
    beats_from: datetime | None
    """None for one that never comes to work."""
    leaves_at: datetime | None = None

    def instance(self, now: datetime) -> Instance | None:
        """Return what EC2 tells of it; None before its launch and after its end."""
        if now < self.launched_at or (self.leaves_at and now >= self.leaves_at + _FAREWELL):
            return None
        state = "pending" if now < self.launched_at + timedelta(seconds=9) else "running"
        if self.leaves_at is not None and now >= self.leaves_at:
            state = "shutting-down"
        return Instance(self.id, state, self.slot, self.target, self.launched_at, self.address)

    def heartbeat(self, now: datetime) -> Heartbeat | None:
        """Return what it has reported of itself; None where that is nothing."""
        if self.beats_from is None or now < self.beats_from:
            return None
        until = min(now, self.leaves_at or now)
        age = until - self.beats_from
        busy = min(age, _WINDOW).total_seconds()
        return Heartbeat(
            self.id,
            self.target.release,
            self.beats_from + age // BEAT_EVERY * BEAT_EVERY,
            runs=int(busy) // _SECONDS_A_JOB,
        )


@dataclass(frozen=True, slots=True)
class _Span:
    """A Terraform object, and while it stood in the state like that."""

    found: StateObject
    since: datetime
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        return self.since <= now and (self.until is None or now < self.until)


@dataclass(slots=True)
class Region:
    """One region of the fleet."""

    name: RegionName
    subnet: str
    """The first three bytes of its private addresses."""
    breaks: frozenset[int] = frozenset()
    """Slots whose next replacement never becomes ready."""
    machines: list[Machine] = field(default_factory=list)
    _spans: list[_Span] = field(default_factory=list)

    def begin(self, targets: Sequence[SlotTarget], now: datetime) -> None:
        """Fill the slots with machines that have run for a while."""
        for index, target in enumerate(targets):
            machine = self._machine(SlotIndex(index), target, now - timedelta(days=2, hours=index))
            self._open(machine, machine.launched_at)

    def targets(self, now: datetime) -> tuple[SlotTarget | None, ...]:
        """Return what the state's current objects run, by slot."""
        return tuple(o.target for o in sorted(self._current(now), key=lambda o: o.slot))

    def current(self, slot: int, now: datetime) -> StateObject:
        """Return the current object of a slot."""
        return next(o for o in self._current(now) if o.slot == slot)

    def taint(self, slots: Sequence[int], now: datetime) -> None:
        """Mark slots for replacement."""
        for found in [o for o in self._current(now) if o.slot in slots]:
            self._change(found, replace(found, is_tainted=True), now)

    def untaint(self, slots: Sequence[int], now: datetime) -> None:
        """Take the marks back."""
        for found in [o for o in self._current(now) if o.slot in slots]:
            self._change(found, replace(found, is_tainted=False), now)

    def roll(self, slot: int, target: SlotTarget, now: datetime) -> Replacement:
        """Let Terraform replace a slot's instance, new before old; it begins `now`."""
        begins = now + _BETWEEN_SLOTS + slot * timedelta(seconds=1)
        old = self.current(slot, now)
        key = sha256(old.instance.encode()).hexdigest()[:8]
        is_broken = slot in self.breaks
        machine = self._machine(SlotIndex(slot), target, begins, is_broken=is_broken)
        self._change(old, replace(old, deposed_key=key), begins)
        self._open(machine, begins)
        if machine.beats_from is None:
            fails_at = begins + PATIENCE
            found = self.current(slot, begins)
            self._change(found, replace(found, is_tainted=True), fails_at)
            return Replacement(slot, machine.id, old.instance, key, begins, None, fails_at)
        proven_at = machine.beats_from + _PROOF
        ends_at = proven_at + _FAREWELL
        leaving = next(m for m in self.machines if m.id == old.instance)
        leaving.leaves_at = proven_at
        self._close(key, ends_at)
        return Replacement(slot, machine.id, old.instance, key, begins, proven_at, ends_at)

    def sample(self, now: datetime) -> RegionSample:
        """Return what AWS tells of the region."""
        instances = [i for m in self.machines if (i := m.instance(now)) is not None]
        alive = {i.id for i in instances}
        beats = [
            beat for m in self.machines if m.id in alive and (beat := m.heartbeat(now)) is not None
        ]
        return RegionSample(
            self.name,
            now,
            Reading(now, tuple(instances)),
            Reading(now, tuple(beats)),
            Reading(now, self._queue(now, len(beats))),
        )

    def state(self, now: datetime) -> RegionState:
        """Return the region's Terraform state."""
        moments = {m for s in self._spans for m in (s.since, s.until) if m is not None and m <= now}
        objects = (span.found for span in self._spans if span.holds(now))
        ordered = sorted(objects, key=lambda o: (o.slot, o.deposed_key or ""))
        return RegionState(40 + len(moments), f"lineage-of-{self.name}", tuple(ordered))

    def _queue(self, now: datetime, workers: int) -> QueueSample:
        # A saw that looks like traffic, in whole numbers: the same on every machine.
        second = int(now.timestamp()) + 11 * len(self.name)
        swell = abs(second % 180 - 90) // 6
        burst = max(0, 12 - second % 75)
        backlog = 3 * max(1, workers) + swell + burst
        jam = self._jam(now)
        return QueueSample(backlog + jam, 2 * workers, 0, timedelta(seconds=3 + swell // 2 + jam))

    def _jam(self, now: datetime) -> int:
        """Return how far a queue has fallen behind whose workers have just changed all at once."""
        left = [m.leaves_at for m in self.machines if m.leaves_at and m.leaves_at <= now]
        if len(left) < _JAMMED_BY:
            return 0
        since = int((now - max(left)).total_seconds())
        return max(0, 160 - since) if since < _JAM_S else 0

    def _machine(
        self, slot: SlotIndex, target: SlotTarget, born: datetime, *, is_broken: bool = False
    ) -> Machine:
        name = f"{self.name}/{slot}/{target.release}/{born.isoformat()}"
        digest = sha256(name.encode()).hexdigest()
        machine = Machine(
            InstanceId(f"i-0{digest[:16]}"),
            slot,
            target,
            f"{self.subnet}.{10 + int(digest[:4], 16) % 240}",
            born,
            None if is_broken else born + FIRST_BEAT + slot * timedelta(seconds=4),
        )
        self.machines.append(machine)
        return machine

    def _current(self, now: datetime) -> Iterator[StateObject]:
        for span in self._spans:
            if span.holds(now) and span.found.deposed_key is None:
                yield span.found

    def _open(self, machine: Machine, now: datetime) -> None:
        found = StateObject(
            f"module.workers.aws_instance.worker[{machine.slot}]",
            machine.slot,
            machine.id,
            machine.target,
            private_address=machine.address,
        )
        self._spans.append(_Span(found, now))

    def _change(self, before: StateObject, after: StateObject, now: datetime) -> None:
        place = next(i for i, s in enumerate(self._spans) if s.found == before and s.until is None)
        self._spans[place] = replace(self._spans[place], until=now)
        self._spans.append(_Span(after, now))

    def _close(self, key: str, now: datetime) -> None:
        place = next(i for i, s in enumerate(self._spans) if s.found.deposed_key == key)
        self._spans[place] = replace(self._spans[place], until=now)


@dataclass(frozen=True, slots=True)
class Replacement:
    """How one slot is replaced."""

    slot: int
    new: InstanceId
    old: InstanceId
    deposed_key: str
    begins_at: datetime
    proven_at: datetime | None
    """When the new instance has finished its first job; None where it never does."""
    ends_at: datetime
    """When the old instance is gone, or the readiness check gives up."""
