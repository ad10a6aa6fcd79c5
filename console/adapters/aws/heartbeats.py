"""Who beats, as which release, and what have they done of late?

The whole window is asked for only once a minute, and whenever somebody new is to be asked for, and
coarsely; in between only what is newest, which is put to what is remembered. An emulator pays for
each query with the data in the window times the periods, and AWS answers a short one sooner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from console.adapters.aws.metrics import (
    BY_DIGEST,
    DIGEST,
    FAILURES,
    HEARTBEAT,
    MINUTE,
    RUNS,
    AskFor,
    Pair,
    Point,
    Points,
    Window,
    Workers,
    digest_in,
    fitting_period,
    newest,
    total,
)
from console.domain.fleet import Heartbeat, Instance, InstanceId
from console.domain.release import ReleaseLabel

_EPOCH = datetime.fromtimestamp(0, UTC)

# What arrives later than the overlap is found by the next look at the whole window.
_WHOLE_EVERY = MINUTE
_LEAST_OVERLAP = timedelta(seconds=20)
_OVERLAP_INTERVALS = 3
_COUNTING_PERIOD = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class _Memory:
    """What was found for one region."""

    whole_at: datetime
    """When the whole window was asked for."""
    at: datetime
    points: Points

    def knows(self, pairs: Sequence[Pair]) -> bool:
        return all((pair, HEARTBEAT) in self.points for pair in pairs)


class Heartbeats:
    """Reads the heartbeats of one fleet."""

    def __init__(self, workers: Workers, interval: timedelta, window: timedelta) -> None:
        """Ask nothing yet.

        Args:
            workers: whose they are.
            interval: between two heartbeats of a worker.
            window: how far back runs and failures are counted and a silent one is remembered.
        """
        self._workers = workers
        self._interval = interval
        self._window = window
        self._memories: dict[str, _Memory] = {}
        fine = fitting_period(interval)
        counting = max(fine, _COUNTING_PERIOD)
        coarse = dict.fromkeys((RUNS, FAILURES, DIGEST, BY_DIGEST), counting)
        self._periods = {HEARTBEAT: fine, **coarse}
        self._bucket = counting

    def read(
        self, ask_for: AskFor, region: str, pairs: Sequence[Pair], now: datetime
    ) -> tuple[Heartbeat, ...]:
        """Return one entry for each of `pairs`, in their order; blocking."""
        if not pairs:
            return ()
        memory = self._look(ask_for, self._memories.get(region), pairs, now)
        # Replaced as a whole, so that another look in another thread loses nothing but its work.
        self._memories[region] = memory
        oldest = self._floor(now - self._window)
        minute = self._floor(now - MINUTE)
        return tuple(_heartbeat(pair, memory.points, oldest, minute) for pair in pairs)

    def _look(
        self, ask_for: AskFor, memory: _Memory | None, pairs: Sequence[Pair], now: datetime
    ) -> _Memory:
        # Workers' clocks may be ahead.
        end = now + max(self._interval, timedelta(seconds=2))
        overlap = max(self._interval * _OVERLAP_INTERVALS, _LEAST_OVERLAP)
        if memory is None or not memory.knows(pairs) or now - memory.whole_at >= _WHOLE_EVERY:
            recent = self._floor(now - overlap)
            memory = _Memory(now, now, self._find_older(ask_for, pairs, now, recent))
        else:
            recent = self._floor(min(memory.at, now) - overlap)
        found = self._workers.find(ask_for, pairs, self._periods, Window(recent, end))
        return _Memory(memory.whole_at, now, dict(_joined(memory.points, found, recent)))

    def _find_older(
        self, ask_for: AskFor, pairs: Sequence[Pair], now: datetime, recent: datetime
    ) -> Points:
        window = Window(self._floor(now - self._window), recent)
        if window.start >= window.end:
            return {}
        coarse = dict.fromkeys(self._periods, self._bucket)
        return self._workers.find(ask_for, pairs, coarse, window)

    def _floor(self, at: datetime) -> datetime:
        """Return the start of the counting period that `at` is in, so that periods never shift."""
        return at - (at - _EPOCH) % self._bucket


def pairs_of(instances: Iterable[Instance], releases: Iterable[str]) -> tuple[Pair, ...]:
    """Return what may beat: each living instance as its tag's release and as each of `releases`.

    As the others too, because a tag says what was meant and only a heartbeat what runs.
    """
    others = tuple(releases)
    return tuple(
        pair for instance in instances if instance.is_alive for pair in _pairs_of(instance, others)
    )


def _pairs_of(instance: Instance, others: Iterable[str]) -> Iterator[Pair]:
    meant = instance.target
    if meant is not None:
        yield Pair(instance.id, meant.release, meant.digest)
    for release in dict.fromkeys(others):
        if meant is None or release != meant.release:
            yield Pair(instance.id, release)


def _joined(
    old: Points, new: Mapping[tuple[Pair, str], tuple[Point, ...]], start: datetime
) -> Iterator[tuple[tuple[Pair, str], tuple[Point, ...]]]:
    """Yield what is known now: all from `start` on is new, and what is older stays as it was."""
    for key, points in new.items():
        yield key, (*(point for point in old.get(key, ()) if point.at < start), *points)


def _heartbeat(pair: Pair, points: Points, oldest: datetime, minute: datetime) -> Heartbeat:
    beats, runs, failures, heads, by_digest = (
        tuple(point for point in points.get((pair, metric), ()) if point.at >= oldest)
        for metric in (HEARTBEAT, RUNS, FAILURES, DIGEST, BY_DIGEST)
    )
    return Heartbeat(
        instance=InstanceId(pair.instance),
        release=ReleaseLabel(pair.release),
        last_at=newest(beats),
        runs=total(runs),
        failures=total(failures),
        digest=digest_in(pair, heads, by_digest),
        worked_at=_worked_at(runs, failures),
        last_minute=max(0, _since(minute, runs) - _since(minute, failures)),
    )


def _since(start: datetime, points: Sequence[Point]) -> int:
    return total([point for point in points if point.at >= start])


def _worked_at(runs: Sequence[Point], failures: Sequence[Point]) -> datetime | None:
    """Return the start of the newest period in which a job was finished."""
    failed = {point.at: point.value for point in failures}
    return newest([point for point in runs if point.value > failed.get(point.at, 0)])
