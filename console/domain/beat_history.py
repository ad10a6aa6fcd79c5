"""When did each instance beat, and as which release?

Only changes are kept: an instance that is well for hours costs one entry.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from console.domain.fleet import InstanceId, RegionSample
from console.domain.release import ReleaseLabel

# More changes than this in the minutes that a strip shows cannot be told apart anyway.
_MOST_CHANGES = 64


@dataclass(frozen=True, slots=True)
class Beat:
    """From `at` on, the instance beat as `release`; None for silence."""

    at: datetime
    release: ReleaseLabel | None


class BeatHistory:
    """The heartbeats of one region, as far as anybody has looked."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._changes: dict[InstanceId, deque[Beat]] = {}
        self._seen: datetime | None = None

    def see(self, sample: RegionSample, silent_after: timedelta) -> None:
        """Take in a look at the region; one without heartbeats tells nothing.

        Args:
            sample: what was seen.
            silent_after: a beat older than this is silence.
        """
        if sample.heartbeats.value is None or sample.heartbeats.error is not None:
            return
        self._seen = sample.at
        fresh = {
            beat.instance: beat.release
            for beat in sorted(sample.heartbeats.value, key=lambda b: b.last_at or _NEVER)
            if beat.is_fresh(sample.at, silent_after)
        }
        here = {instance.id for instance in sample.instances.value or () if instance.is_alive}
        for instance in (*self._changes, *(here - self._changes.keys())):
            self._note(instance, fresh.get(instance), sample.at)

    def strip(self, instance: InstanceId, width: int, span: timedelta) -> Sequence[Beat | None]:
        """Return what `instance` did, in `width` columns that end with the last look.

        A column tells the newest that is known of its time; None stands for a time before the
        first look.
        """
        changes = self._changes.get(instance)
        if changes is None or self._seen is None:
            return (None,) * width
        ends = (self._seen - span * (width - 1 - column) / width for column in range(width))
        return tuple(_at(changes, end) for end in ends)

    def _note(self, instance: InstanceId, release: ReleaseLabel | None, at: datetime) -> None:
        changes = self._changes.setdefault(instance, deque(maxlen=_MOST_CHANGES))
        if not changes or changes[-1].release != release:
            changes.append(Beat(at, release))


def _at(changes: Sequence[Beat], moment: datetime) -> Beat | None:
    return next((beat for beat in reversed(changes) if beat.at <= moment), None)


def per_minute(runs: int, window: timedelta, age: timedelta | None) -> float | None:
    """Return how many jobs a minute `runs` is; None for an instance that has only just begun.

    Args:
        runs: jobs in the window.
        window: how far back they were counted.
        age: of the instance; it has run no longer than that. None where it is not known.
    """
    counted = window if age is None else min(window, age)
    return runs / (counted / _MINUTE) if counted >= _SHORTEST else None


_MINUTE = timedelta(minutes=1)
_SHORTEST = timedelta(seconds=20)
_NEVER = datetime.min.replace(tzinfo=UTC)
