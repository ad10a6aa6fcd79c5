"""What is the fleet made of, and what was seen of it?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar

from console.domain.probe import ProbeAnswer
from console.domain.release import Digest, ImageRef, ReleaseLabel, digest_of, disagree
from console.domain.vocabulary import InstanceId as InstanceId
from console.domain.vocabulary import ObjectKind as ObjectKind
from console.domain.vocabulary import RegionName as RegionName
from console.domain.vocabulary import SlotIndex as SlotIndex
from console.domain.vocabulary import UnitName as UnitName

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Reading(Generic[T_co]):
    """What a source answered, or why it did not.

    Both only on a screen, which keeps what an earlier look was answered beside the newest error.

    A source that failed is a value, so that one region's trouble hides no other region.
    """

    at: datetime
    """When the source was asked."""
    value: T_co | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class SlotTarget:
    """What the user data of a slot's instance starts."""

    release: ReleaseLabel
    image: ImageRef

    @property
    def digest(self) -> Digest | None:
        """The digest in `image`; None where somebody deployed by tag."""
        return digest_of(self.image)


@dataclass(frozen=True, slots=True)
class StateObject:
    """One object of `aws_instance.worker[slot]` in a Terraform state."""

    address: str
    slot: SlotIndex
    instance: InstanceId
    target: SlotTarget | None
    """From the tags in the state; None where they are missing."""
    deposed_key: str | None = None
    """Terraform's key of a deposed object; None for the current one."""
    is_tainted: bool = False
    private_address: str | None = None
    ami: str | None = None

    @property
    def kind(self) -> ObjectKind:
        """Current or deposed; the state knows no others."""
        return ObjectKind.CURRENT if self.deposed_key is None else ObjectKind.DEPOSED


@dataclass(frozen=True, slots=True)
class StateLock:
    """Who holds Terraform's state lock."""

    id: str
    holder: str
    operation: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class RegionState:
    """A region's part of a Terraform state."""

    serial: int
    lineage: str
    objects: tuple[StateObject, ...] = ()
    lock: StateLock | None = None

    def current(self, slot: int) -> StateObject | None:
        """Return the current object of `slot`, or None where the slot is empty."""
        return next((o for o in self.objects if o.slot == slot and o.deposed_key is None), None)

    def deposed(self, slot: int) -> tuple[StateObject, ...]:
        """Return the deposed objects that hang on `slot`."""
        return tuple(o for o in self.objects if o.slot == slot and o.deposed_key is not None)


@dataclass(frozen=True, slots=True)
class ErroredState:
    """A state that an apply could not write to its backend, and has left in a file."""

    path: Path
    serial: int = 0
    lineage: str = ""
    regions: Mapping[RegionName, tuple[StateObject, ...]] = field(default_factory=dict)
    """The objects of each of the unit's regions."""
    error: str = ""
    """Why the file cannot be read; empty where it can."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One EC2 machine, as EC2 tells of it."""

    id: InstanceId
    state: str
    """EC2's word: pending, running, shutting-down, stopped, terminated."""
    slot: SlotIndex | None = None
    target: SlotTarget | None = None
    """From its tags: what its user data starts, not what it runs."""
    launched_at: datetime | None = None
    private_address: str | None = None

    @property
    def is_running(self) -> bool:
        """Whether EC2 says `running`."""
        return self.state == "running"

    @property
    def is_alive(self) -> bool:
        """Whether it may run, or come to run, a worker."""
        return self.state in {"pending", "running"}


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What one instance proved to have done as one release, within the observed window."""

    instance: InstanceId
    release: ReleaseLabel
    last_at: datetime | None
    """The newest beat; None where none was seen."""
    runs: int = 0
    """Jobs run in the window, failed ones included."""
    failures: int = 0
    """Those of `runs` that failed."""
    digest: str | None = None
    """The digest that it reports to run: `sha256:...`, or the head alone where no more is known of
    it; None where it reports none."""
    worked_at: datetime | None = None
    """When it last finished a job, to the half minute; None where it did not, or nobody tells."""
    last_minute: int | None = None
    """Jobs finished in the last minute, to the half minute; None where nobody tells."""

    @property
    def completions(self) -> int:
        """Jobs finished in the window."""
        return max(0, self.runs - self.failures)

    def contradicts(self, digest: str | None) -> bool:
        """Whether it says itself that it runs another image than `digest`."""
        return disagree(self.digest, digest)

    def is_fresh(self, now: datetime, silent_after: timedelta) -> bool:
        """Whether the newest beat is younger than `silent_after`."""
        return self.last_at is not None and now - self.last_at <= silent_after


@dataclass(frozen=True, slots=True)
class QueueSample:
    """What SQS said of a region's queues."""

    backlog: int
    in_flight: int
    dead_letters: int
    oldest: timedelta | None = None
    """Age of the oldest job; None where CloudWatch has no such datum."""
    visibility: timedelta | None = None
    """How long a job that was taken stays hidden; None where SQS did not say."""


@dataclass(frozen=True, slots=True)
class RegionSample:
    """A region as it was seen at one moment, source by source."""

    region: RegionName
    at: datetime
    instances: Reading[tuple[Instance, ...]]
    heartbeats: Reading[tuple[Heartbeat, ...]]
    queue: Reading[QueueSample]
    probes: tuple[ProbeAnswer, ...] = ()
    """What probes have answered since the region was applied, at most one a gate."""

    @property
    def is_seen(self) -> bool:
        """Whether anybody can tell what works: EC2 and the heartbeats have both answered."""
        return self.instances.value is not None and self.heartbeats.value is not None

    def beats_of(self, instance: str) -> tuple[Heartbeat, ...]:
        """Return what `instance` reported, one entry a release."""
        return tuple(b for b in self.heartbeats.value or () if b.instance == instance)

    def without(self, instances: Collection[InstanceId]) -> RegionSample:
        """Return the sample as if `instances` were not there."""
        if not instances:
            return self
        found, beats = self.instances, self.heartbeats
        if found.value is not None:
            kept = tuple(one for one in found.value if one.id not in instances)
            found = replace(found, value=kept)
        if beats.value is not None:
            beats = replace(
                beats, value=tuple(b for b in beats.value if b.instance not in instances)
            )
        return replace(self, instances=found, heartbeats=beats)

    def healthy(self, silent_after: timedelta) -> frozenset[InstanceId]:
        """Return the running instances whose heartbeat is fresh."""
        running = {i.id for i in self.instances.value or () if i.is_running}
        return frozenset(
            b.instance
            for b in self.heartbeats.value or ()
            if b.instance in running and b.is_fresh(self.at, silent_after)
        )
