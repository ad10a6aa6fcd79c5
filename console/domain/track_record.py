"""How well do releases go through this fleet?

Four figures over a number of rollouts, each with what it was counted from. Where there is too
little to count, there is no figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from console.domain.counted import counted
from console.domain.events import (
    Entry,
    RecoveryFinished,
    RegionLeft,
    RolloutFinished,
    RolloutHalted,
)
from console.domain.evolve import replay
from console.domain.fleet import RegionName
from console.domain.outcome import Outcome, RegionPhase
from console.domain.rollout import Rollout
from console.domain.spans import brief
from console.domain.steps import At, Result, Step

LEAST = 3
"""Fewer than this make no figure."""
_WEEK, _DAY = timedelta(weeks=1), timedelta(days=1)
_GOOD = {Outcome.COMPLETED, Outcome.ROLLED_BACK}


@dataclass(frozen=True, slots=True)
class Course:
    """One rollout, and when it turned."""

    rollout: Rollout
    ended_at: datetime | None
    """When it had its outcome; None while it is open."""
    failed_at: datetime | None
    """When something failed first; None where nothing did."""
    moves: tuple[tuple[datetime, RegionName], ...] = ()
    """Moves of `recover` that succeeded afterwards."""

    @property
    def is_change(self) -> bool:
        """Whether it shipped a release, changed something, and came through or failed.

        What a person ended although nothing had failed tells nothing of the release.
        """
        request, outcome = self.rollout.request, self.rollout.outcome
        is_release = not request.rolls_back and request.scale is None
        has_answer = outcome is Outcome.COMPLETED or self.failed_at is not None
        return is_release and outcome is not None and self.rollout.has_changed and has_answer


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """The figures; None where there is too little to count."""

    rollouts: int
    """How many were looked at."""
    changes: int
    """Those that shipped a release, changed something, and came through or failed."""
    failed: int
    """Those of `changes` in which something failed, or that were rolled back later."""
    completed: int
    """Those of `changes` that completed."""
    lead_times: tuple[timedelta, ...]
    restore_times: tuple[timedelta, ...]
    not_restored: int
    """Failed rollouts after which nothing has led every region on yet."""
    per_week: float | None
    """Completed changes a week."""

    @property
    def failure_rate(self) -> float | None:
        """The part of the changes that failed."""
        return self.failed / self.changes if self.changes >= LEAST else None

    @property
    def lead_time(self) -> timedelta | None:
        """The median."""
        return _median(self.lead_times)

    @property
    def time_to_restore(self) -> timedelta | None:
        """The median."""
        return _median(self.restore_times)


def course_of(entries: Sequence[Entry]) -> Course | None:
    """Return how a rollout's journal went; None for an empty one."""
    rollout = replay(entries)
    if rollout is None:
        return None
    ends = (e.at for e in entries if isinstance(e.event, RolloutFinished))
    failures = (e.at for e in entries if isinstance(e.event, RolloutHalted | RegionLeft))
    moves = (
        (e.at, e.event.move.region)
        for e in entries
        if isinstance(e.event, RecoveryFinished) and e.event.failure is None
    )
    return Course(rollout, next(ends, None), next(failures, None), tuple(moves))


def track_record(courses: Iterable[Course]) -> TrackRecord:
    """Return the figures of some rollouts, given in any order."""
    ordered = sorted(courses, key=lambda course: course.rollout.started_at)
    changes = [course for course in ordered if course.is_change]
    taken_back = {c.rollout.request.rolls_back for c in ordered if c.rollout.has_changed}
    completed = [c for c in changes if c.rollout.outcome is Outcome.COMPLETED]
    failed = [c for c in changes if c.failed_at is not None or c.rollout.id in taken_back]
    restored = [_restored_after(course, ordered) for course in failed]
    return TrackRecord(
        rollouts=len(ordered),
        changes=len(changes),
        failed=len(failed),
        completed=len(completed),
        lead_times=tuple(_lead_times(completed, ordered)),
        restore_times=tuple(span for span in restored if span is not None),
        not_restored=restored.count(None),
        per_week=_per_week(completed),
    )


def _lead_times(completed: Sequence[Course], ordered: Sequence[Course]) -> Iterator[timedelta]:
    """Yield, for each release that completed, the time from its source or its build to there."""
    seen = set()
    for course in completed:
        release = course.rollout.release
        if release is None or course.ended_at is None or release.digest in seen:
            continue
        seen.add(release.digest)
        begun = release.committed_at or _built_at(course, ordered)
        if begun is not None:
            yield course.ended_at - begun


def _built_at(course: Course, ordered: Sequence[Course]) -> datetime | None:
    """Return when the image's first build began, in this rollout or in an earlier one."""
    digest = course.rollout.released.digest
    builds = (
        other.rollout.step(At(Step.BUILD))
        for other in ordered
        if other.rollout.release is not None
        and other.rollout.release.digest == digest
        and other.rollout.request.image is None
        and other.rollout.started_at <= course.rollout.started_at
    )
    return next((b.started_at for b in builds if b is not None and b.result is Result.OK), None)


def _restored_after(course: Course, ordered: Sequence[Course]) -> timedelta | None:
    """Return how long it took until every region that had failed was led on; None if not yet.

    A region is led on by a move of `recover` that succeeded, or by a later rollout or rollback of
    it that came to a good end.
    """
    began = course.failed_at or course.ended_at
    if began is None:
        return None
    broken = _broken(course.rollout)
    for at, regions in _remedies(course, ordered):
        broken -= regions
        if not broken:
            return at - began
    return None


def _broken(rollout: Rollout) -> set[RegionName]:
    failed = {run.name for run in rollout.regions if run.phase is RegionPhase.FAILED}
    half_way = {outcome.region for outcome in rollout.outcomes if outcome.happened}
    return failed | half_way or {run.name for run in rollout.regions if run.batches}


def _remedies(
    course: Course, ordered: Sequence[Course]
) -> Iterator[tuple[datetime, set[RegionName]]]:
    found = [(at, {region}) for at, region in course.moves]
    for other in ordered:
        is_later = other.rollout.started_at > course.rollout.started_at
        if is_later and other.ended_at is not None and other.rollout.outcome in _GOOD:
            found.append((other.ended_at, {run.name for run in other.rollout.regions}))
    yield from sorted(found, key=lambda each: each[0])


def _per_week(completed: Sequence[Course]) -> float | None:
    if len(completed) < LEAST:
        return None
    span = completed[-1].rollout.started_at - completed[0].rollout.started_at
    # One of them is the fence's first post: it ends no interval.
    return (len(completed) - 1) / (span / _WEEK) if span >= _DAY else None


def _median(spans: Sequence[timedelta]) -> timedelta | None:
    if len(spans) < LEAST:
        return None
    return timedelta(seconds=median(span.total_seconds() for span in spans))


def told(record: TrackRecord) -> tuple[tuple[str, str], ...]:
    """Return each figure with its name, in words; where there is none, why."""
    rate, per_week = record.failure_rate, record.per_week
    open_ones = f", {record.not_restored} not yet" if record.not_restored else ""
    return (
        (
            "lead time",
            _of_median(record.lead_time, len(record.lead_times), "traceable release"),
        ),
        (
            "change failure rate",
            _too_few(record.changes, "change")
            if rate is None
            else f"{rate:.0%} ({record.failed} of {counted(record.changes, 'change')})",
        ),
        (
            "time to restore",
            _of_median(record.time_to_restore, len(record.restore_times), "restored failure")
            + open_ones,
        ),
        (
            "frequency",
            _too_few(record.completed, "completed change", "on different days")
            if per_week is None
            else f"{per_week:.1f} completed a week",
        ),
    )


def _of_median(value: timedelta | None, number: int, noun: str) -> str:
    if value is None:
        return _too_few(number, noun)
    return f"{_long(value)} (median of {number})"


def _too_few(number: int, noun: str, more: str = "") -> str:
    wanted = f"{LEAST} are needed" + (f" {more}" if more else "")
    return f"too few: {counted(number, noun)}, {wanted}"


def _long(span: timedelta) -> str:
    return f"{span / _DAY:.1f} days" if span >= 2 * _DAY else brief(span)
