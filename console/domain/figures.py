"""Which numbers of a region are kept, look by look?

Transitions are the journal's. These are samples made small: what charts are drawn from afterwards.
What could not be read is None, and drawn as a gap, never as nought.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.domain.chart import Point
from console.domain.fleet import InstanceId, RegionName, RegionSample
from console.domain.release import ReleaseLabel


@dataclass(frozen=True, slots=True)
class ReleaseFigures:
    """What the instances that beat as one release show together."""

    release: ReleaseLabel
    healthy: int
    """Running instances whose newest beat is fresh, and of this release."""
    runs: int = 0
    """Jobs run in the observed window, failed ones included."""
    failures: int = 0
    """Those of `runs` that failed."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A region at one moment, in numbers."""

    region: RegionName
    at: datetime
    releases: tuple[ReleaseFigures, ...] | None = None
    """In the order of their labels; None where heartbeats or instances could not be read."""
    window: timedelta = timedelta(minutes=15)
    """How far back runs and failures were counted."""
    backlog: int | None = None
    in_flight: int | None = None
    dead_letters: int | None = None
    oldest: timedelta | None = None

    @property
    def healthy(self) -> int | None:
        """Healthy instances of all releases."""
        return None if self.releases is None else sum(each.healthy for each in self.releases)

    def of(self, release: str) -> ReleaseFigures | None:
        """Return what `release` shows; None where nobody could look.

        A release of which nothing was seen shows noughts.
        """
        if self.releases is None:
            return None
        nothing = ReleaseFigures(ReleaseLabel(release), 0)
        return next((each for each in self.releases if each.release == release), nothing)


def figures_of(sample: RegionSample, silent_after: timedelta, window: timedelta) -> Figures:
    """Return the numbers of a look at a region.

    Args:
        sample: what was seen.
        silent_after: a beat older than this is silence.
        window: how far back the sample's runs and failures were counted.
    """
    queue = sample.queue.value
    return Figures(
        region=sample.region,
        at=sample.at,
        releases=_releases(sample, silent_after),
        window=window,
        backlog=queue.backlog if queue else None,
        in_flight=queue.in_flight if queue else None,
        dead_letters=queue.dead_letters if queue else None,
        oldest=queue.oldest if queue else None,
    )


def _releases(sample: RegionSample, silent_after: timedelta) -> tuple[ReleaseFigures, ...] | None:
    if sample.heartbeats.value is None or sample.instances.value is None:
        return None
    beats = [beat for beat in sample.heartbeats.value if beat.last_at is not None]
    current = _current(sample, silent_after)
    found = []
    for release in sorted({beat.release for beat in beats}):
        own = [beat for beat in beats if beat.release == release]
        healthy = sum(label == release for label in current.values())
        runs, failures = sum(beat.runs for beat in own), sum(beat.failures for beat in own)
        found.append(ReleaseFigures(release, healthy, runs, failures))
    return tuple(found)


def _current(sample: RegionSample, silent_after: timedelta) -> dict[InstanceId, ReleaseLabel]:
    """Return which release each healthy instance beats as: its newest beat tells."""
    healthy = sample.healthy(silent_after)
    fresh = [
        (beat.last_at, beat.instance, beat.release)
        for beat in sample.heartbeats.value or ()
        if beat.last_at is not None and beat.instance in healthy
    ]
    return {instance: release for _, instance, release in sorted(fresh)}


def points(figures: Iterable[Figures], label: str) -> dict[RegionName, list[Point]]:
    """Return what the chart draws, region by region.

    Args:
        figures: in the order of time.
        label: the release that is new.
    """
    found: dict[RegionName, list[Point]] = {}
    for each in figures:
        new, healthy = each.of(label), each.healthy
        if new is not None and healthy is not None:
            point = Point(each.at, new.healthy, healthy - new.healthy, each.backlog)
            found.setdefault(each.region, []).append(point)
    return found
