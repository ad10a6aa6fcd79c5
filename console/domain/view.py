"""What does a person see of a fleet?

One view model: the screens, `status` and its JSON draw the same objects. Objects are never merged
by address: a slot may have a current one and any number of deposed ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.domain.fleet import (
    Heartbeat,
    Instance,
    InstanceId,
    ObjectKind,
    QueueSample,
    RegionName,
    RegionSample,
    RegionState,
    StateLock,
    StateObject,
)
from console.domain.vocabulary import Health as Health

UNSEEN = "unknown"
"""What EC2 says of an instance that could not be asked for."""


@dataclass(frozen=True, slots=True)
class ObjectView:
    """One instance, wherever Terraform and EC2 know it from."""

    slot: int | None
    id: InstanceId
    kind: ObjectKind
    is_tainted: bool
    state: str
    """EC2's word; `gone` for a ghost."""
    tag: str | None
    """The release in its tags: what its user data was made to start."""
    heartbeat: str | None
    """The release that it reports."""
    last_beat: timedelta | None
    """How long ago its newest beat was."""
    health: Health
    is_deposed: bool = False
    """Whether the state has it as deposed; of a ghost, `kind` no longer tells."""
    completions: int | None = None
    """Jobs that it has finished within the observed window; None where it never beat."""
    last_minute: int | None = None
    """Those of the last minute; None where it never beat, or nobody tells."""
    last_job: timedelta | None = None
    """How long ago it finished its newest job; None where it did not, or nobody tells."""
    user_data: str | None = None
    """The release that its user data starts; None where nobody has looked so closely."""


@dataclass(frozen=True, slots=True)
class RegionView:
    """One region."""

    name: RegionName
    desired: int
    fresh: timedelta
    """How old the data is."""
    error: str | None
    """What could not be read, and why; None where all was."""
    queue: QueueSample | None
    lock: StateLock | None
    objects: tuple[ObjectView, ...]
    hint: str = ""
    """What the backlog says about the number of workers; empty where it says nothing."""
    is_seen: bool = True
    """Whether anybody can tell what works there; where not, `health` tells nothing."""

    @property
    def healthy(self) -> int:
        """How many instances are healthy, deposed ones and orphans included: they take jobs."""
        return sum(found.health is Health.HEALTHY for found in self.objects)


@dataclass(frozen=True, slots=True)
class FleetView:
    """The whole fleet."""

    fleet: str
    environment: str
    regions: tuple[RegionView, ...]

    @property
    def release(self) -> str | None:
        """The release that most slots are meant to run."""
        tags = Counter(
            found.tag
            for region in self.regions
            for found in region.objects
            if found.kind is ObjectKind.CURRENT and found.tag is not None
        )
        return tags.most_common(1)[0][0] if tags else None


def view_region(
    name: RegionName,
    desired: int,
    state: RegionState | None,
    sample: RegionSample,
    *,
    state_error: str | None,
    silent_after: timedelta,
    boot_allowance: timedelta,
    now: datetime,
) -> RegionView:
    """Put a region together from its state and from what AWS says.

    Args:
        name: the region.
        desired: slots that the settings want.
        state: its part of the Terraform state; None where that could not be read.
        sample: what was seen in AWS.
        state_error: why the state could not be read.
        silent_after: age of the newest beat at which an instance counts as silent.
        boot_allowance: how long a new instance may take to beat for the first time.
        now: the time.
    """
    readings = (sample.instances.error, sample.heartbeats.error, sample.queue.error)
    errors = dict.fromkeys(error for error in (state_error, *readings) if error)
    # What a look that failed has left of an earlier one is judged as of then: nobody can tell that
    # an instance has fallen silent since.
    heard = sample.heartbeats
    limits = (silent_after, boot_allowance, heard.at if heard.error else now)
    return RegionView(
        name=name,
        desired=desired,
        fresh=now - sample.at,
        error="; ".join(errors) or None,
        queue=sample.queue.value,
        lock=state.lock if state else None,
        objects=tuple(_objects(state, sample, limits, now)),
        is_seen=sample.is_seen,
    )


_Limits = tuple[timedelta, timedelta, datetime]
"""The ages at which an instance counts as silent and as booted, and the time that they end at."""


def _objects(
    state: RegionState | None, sample: RegionSample, limits: _Limits, now: datetime
) -> Iterable[ObjectView]:
    seen = {instance.id: instance for instance in sample.instances.value or ()}
    # Found once: to look through all heartbeats for each of a hundred instances takes seconds.
    newest = _newest(sample.heartbeats.value or ())
    known = state.objects if state else ()
    is_read = sample.instances.value is not None
    for found in sorted(known, key=lambda o: (o.slot, o.deposed_key or "")):
        yield _known(found, seen.get(found.instance), newest, limits, now, has_been_seen=is_read)
    ids = {found.instance for found in known}
    for instance in sample.instances.value or ():
        if instance.id not in ids and instance.is_alive:
            # Without a state nobody can say that an instance is in none.
            kind = ObjectKind.ORPHAN if state is not None else ObjectKind.CURRENT
            yield _view(instance, kind, newest, limits, now)


_Newest = Mapping[InstanceId, Heartbeat]


def _known(
    found: StateObject,
    instance: Instance | None,
    newest: _Newest,
    limits: _Limits,
    now: datetime,
    *,
    has_been_seen: bool,
) -> ObjectView:
    if instance is None or not instance.is_alive:
        kind = ObjectKind.GHOST if has_been_seen else found.kind
        return ObjectView(
            slot=found.slot,
            id=found.instance,
            kind=kind,
            is_tainted=_is_tainted(found),
            state="gone" if has_been_seen else UNSEEN,
            tag=found.target.release if found.target else None,
            heartbeat=None,
            last_beat=None,
            health=Health.GONE if has_been_seen else Health.SILENT,
            is_deposed=found.deposed_key is not None,
        )
    return _view(instance, found.kind, newest, limits, now, found)


def _view(
    instance: Instance,
    kind: ObjectKind,
    beats: _Newest,
    limits: _Limits,
    now: datetime,
    found: StateObject | None = None,
) -> ObjectView:
    newest = beats.get(instance.id)
    target = instance.target or (found.target if found else None)
    return ObjectView(
        slot=found.slot if found else instance.slot,
        id=instance.id,
        kind=kind,
        is_tainted=_is_tainted(found),
        state=instance.state,
        tag=target.release if target else None,
        heartbeat=newest.release if newest else None,
        last_beat=now - newest.last_at if newest and newest.last_at else None,
        health=_health(instance, newest, limits),
        is_deposed=kind is ObjectKind.DEPOSED,
        completions=newest.completions if newest else None,
        last_minute=newest.last_minute if newest else None,
        last_job=now - newest.worked_at if newest and newest.worked_at else None,
    )


def _is_tainted(found: StateObject | None) -> bool:
    # A deposed object keeps the mark that its replacement began with; it says nothing any more.
    return found is not None and found.is_tainted and found.kind is ObjectKind.CURRENT


def _newest(beats: Iterable[Heartbeat]) -> _Newest:
    """Return each instance's newest heartbeat; an instance that never beat has none."""
    found: dict[InstanceId, Heartbeat] = {}
    for beat in beats:
        if beat.last_at is None:
            continue
        known = found.get(beat.instance)
        if known is None or known.last_at is None or beat.last_at > known.last_at:
            found[beat.instance] = beat
    return found


def _health(instance: Instance, newest: Heartbeat | None, limits: _Limits) -> Health:
    silent_after, boot_allowance, now = limits
    if instance.is_running and newest is not None and newest.is_fresh(now, silent_after):
        return Health.HEALTHY
    is_young = instance.launched_at is None or now - instance.launched_at < boot_allowance
    return Health.BOOTING if newest is None and is_young else Health.SILENT
