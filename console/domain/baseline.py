"""What was so before the release, or is so where the release is not?

The same numbers are taken before the rollout and, at the same time, in the regions that are not
touched yet. What rises there as well is not the release's doing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.domain.counted import counted
from console.domain.fleet import RegionName, RegionSample

NOT_THE_RELEASE = "not the release"
"""How each reason begins for which nothing is held against it."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A region's numbers at one moment; None for what could not be measured."""

    at: datetime
    runs: int | None = None
    """Jobs that its workers ran in the observed window, whatever their release."""
    failures: int | None = None
    healthy: int | None = None
    """Instances that beat."""
    backlog: int | None = None
    oldest: timedelta | None = None
    dead_letters: int | None = None


@dataclass(frozen=True, slots=True)
class Control:
    """A region that is not touched yet: now, and what it was like before."""

    region: RegionName
    now: Measure
    before: tuple[Measure, ...]
    """When the rollout began, and when the gates of this wave began."""


@dataclass(frozen=True, slots=True)
class Group:
    """All regions that are not touched yet."""

    regions: tuple[Control, ...] = ()
    window: timedelta = timedelta(minutes=15)
    """The time whose runs and failures a look counts."""

    @property
    def names(self) -> str:
        """The regions, for a sentence."""
        shown = ", ".join(control.region for control in self.regions[:3])
        rest = len(self.regions) - 3
        return f"{shown} and {rest} more" if rest > 0 else shown

    @property
    def pasts(self) -> Iterator[tuple[tuple[Measure, Measure], ...]]:
        """Yield, for each moment before, every region's numbers then and now."""
        for place in range(max((len(c.before) for c in self.regions), default=0)):
            yield tuple((c.before[place], c.now) for c in self.regions if len(c.before) > place)


def measure(sample: RegionSample, silent_after: timedelta) -> Measure:
    """Return the numbers of a look at a region."""
    queue, beats = sample.queue.value, sample.heartbeats.value
    is_blind = beats is None or sample.instances.value is None
    return Measure(
        sample.at,
        runs=None if beats is None else sum(beat.runs for beat in beats),
        failures=None if beats is None else sum(beat.failures for beat in beats),
        healthy=None if is_blind else len(sample.healthy(silent_after)),
        backlog=queue.backlog if queue else None,
        oldest=queue.oldest if queue else None,
        dead_letters=queue.dead_letters if queue else None,
    )


# A third of what the touched region shows is enough: in doubt, a person looks.
_COMPARABLE = 1 / 3
# One failed job somewhere says nothing.
_LEAST_FAILURES = 2


def failed_before(before: Measure | None, ratio: float, limit: float, least: int) -> str:
    """Return that as many jobs failed before the rollout; empty where that is not so.

    Args:
        before: the region before the rollout.
        ratio: of the new release's failed jobs, now.
        limit: the ratio that the gate allows.
        least: runs that prove a ratio.
    """
    if before is None or not before.runs or before.failures is None or before.runs < least:
        return ""
    was = before.failures / before.runs
    if was <= limit or ratio > 2 * was:
        return ""
    return (
        f"{NOT_THE_RELEASE}: before it, {before.failures} of {counted(before.runs, 'run')} failed"
    )


def failing_elsewhere(group: Group, ratio: float, limit: float) -> str:
    """Return that jobs began to fail where nothing was changed; empty where they did not."""
    for past in group.pasts:
        runs, failures = _since(past, group.window)
        has_risen = failures >= _LEAST_FAILURES and runs and failures / runs > limit
        if has_risen and failures / runs >= ratio * _COMPARABLE:
            were_so = f"{failures} of about {counted(runs, 'run')}"
            return (
                f"{NOT_THE_RELEASE}: {were_so} failed meanwhile in {group.names}, "
                "which it has not reached"
            )
    return ""


def _since(past: Iterable[tuple[Measure, Measure]], window: timedelta) -> tuple[int, int]:
    """Return the runs and the failures of a group of regions since that moment.

    Both are counted over a window that moves. Where it was full already, its number of runs does
    not grow; then a share of it by time tells how many came since.
    """
    runs = failures = 0
    for before, now in past:
        if None in (before.runs, before.failures, now.runs, now.failures):
            continue
        share = min(1.0, max(0.0, (now.at - before.at) / window))
        runs += max((now.runs or 0) - (before.runs or 0), round((now.runs or 0) * share))
        failures += max(0, (now.failures or 0) - (before.failures or 0))
    return runs, failures


def dead_elsewhere(group: Group, new: int) -> str:
    """Return that dead letters came in where nothing was changed; empty where none did."""
    for past in group.pasts:
        came = [
            max(0, now.dead_letters - before.dead_letters)
            for before, now in past
            if before.dead_letters is not None and now.dead_letters is not None
        ]
        if came and sum(came) and sum(came) / len(came) >= new * _COMPARABLE:
            return (
                f"{NOT_THE_RELEASE}: {sum(came)} new meanwhile in {group.names}, "
                "which it has not reached"
            )
    return ""


def waiting_elsewhere(group: Group, per_worker: int) -> str:
    """Return that the backlog grew where nothing was changed; empty where it did not."""
    for past in group.pasts:
        known = [
            (before.backlog, now.backlog, now.healthy or 1)
            for before, now in past
            if before.backlog is not None and now.backlog is not None
        ]
        then, waiting = sum(b for b, _, _ in known), sum(n for _, n, _ in known)
        most = per_worker * sum(healthy for _, _, healthy in known)
        if waiting > 2 * then and waiting > most * _COMPARABLE:
            return (
                f"{NOT_THE_RELEASE}: from {then} to {waiting} jobs wait in {group.names}, "
                "which it has not reached"
            )
    return ""


def silent_elsewhere(group: Group) -> str:
    """Return that heartbeats ceased where nothing was changed; empty where they did not."""
    for past in group.pasts:
        known = [
            (before.healthy, now.healthy)
            for before, now in past
            if before.healthy is not None and now.healthy is not None
        ]
        then, beating = sum(b for b, _ in known), sum(n for _, n in known)
        if then and beating <= then / 2:
            return (
                f"{NOT_THE_RELEASE}: {beating} of {then} still beat in {group.names}, "
                "which it has not reached"
            )
    return ""
