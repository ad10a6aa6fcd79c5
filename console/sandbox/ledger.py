"""Where is each job? The books of one region's queues, as pure bookkeeping.

A job is in exactly one place: waiting, in flight, dead, its result on the way, or done. The places
are counted one after the other while jobs move on, so the order of counting decides which error is
possible. Per sample: (1) note which jobs were sent for certain, (2) count the work queue, (3) count
the dead letters, (4) drain the results queue completely.

A worker posts the result before it deletes the message, so a job that had left the work queue at
(2) is dead at (3) or has a result at (4): no job that exists can be missed, and a sample never says
too much. It may say too little: a job whose result was posted before (2) and whose message was
deleted after it is counted twice. Therefore a loss counts when at least three of the last five
samples show it, and not at the first sight of it, in case anything else was overlooked.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

_SAMPLES_KEPT = 5
_SAMPLES_NEEDED = 3


@dataclass(frozen=True, slots=True)
class Depth:
    """What SQS says about a region's queues."""

    waiting: int = 0
    in_flight: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """A result that was drained."""

    job: str
    release: str
    instance: str
    posted: float
    """When SQS took it, seconds since 1970."""


@dataclass(slots=True)
class Ledger:
    """The jobs of one region."""

    sent: int = 0
    duplicated: int = 0
    depth: Depth = Depth()
    waits: Counter[int] = field(default_factory=Counter)
    """Jobs by their wait in hundredths of a second."""
    by_release: Counter[str] = field(default_factory=Counter)
    _sending: dict[str, float] = field(default_factory=dict)
    _outstanding: dict[str, float] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)
    _missing: deque[int] = field(default_factory=lambda: deque(maxlen=_SAMPLES_KEPT))

    def begin(self, jobs: list[str], now: float) -> None:
        """Jobs are about to be sent; `now` in seconds since 1970."""
        self._sending.update(dict.fromkeys(jobs, now))

    def confirm(self, jobs: list[str]) -> None:
        """SQS has taken the jobs."""
        self.sent += len(jobs)
        for job in jobs:
            # A quick worker may have finished it before SQS's answer was read.
            if (sent := self._sending.pop(job, None)) is not None:
                self._outstanding[job] = sent

    def withdraw(self, jobs: list[str]) -> None:
        """SQS has not taken the jobs, or nobody knows."""
        for job in jobs:
            self._sending.pop(job, None)

    def take_result(self, result: Result) -> None:
        """Book a result."""
        if result.job in self._done:
            self.duplicated += 1
            return
        sent = self._sending.pop(result.job, None) or self._outstanding.pop(result.job, None)
        if sent is None:
            # Somebody else's job: not in these books.
            return
        self._done.add(result.job)
        self.by_release[result.release] += 1
        self.waits[max(0, round((result.posted - sent) * 100))] += 1

    @property
    def done(self) -> int:
        """Jobs that have a result."""
        return len(self._done)

    @property
    def lost(self) -> int:
        """Jobs that are nowhere, and have been for some samples."""
        seen = sorted(self._missing, reverse=True)
        return seen[_SAMPLES_NEEDED - 1] if len(seen) >= _SAMPLES_NEEDED else 0

    def certain(self) -> frozenset[str]:
        """The jobs that are in SQS's hands for certain and have no result yet: step (1)."""
        return frozenset(self._outstanding)

    def sample(
        self, before: frozenset[str], counted_at: float, depth: Depth, drained: list[Result]
    ) -> None:
        """Compare a sample's counts with the jobs that should be there.

        Args:
            before: what `certain` said before the work queue was counted.
            counted_at: when that was, seconds since 1970.
            depth: the counts.
            drained: the results drained after it, already booked.
        """
        self.depth = depth
        # A result posted before the count says where that job was: not in the queue.
        finished = {result.job for result in drained if result.posted < counted_at}
        expected = len(before - finished)
        found = depth.waiting + depth.in_flight + depth.dead
        self._missing.append(max(0, expected - found))


def percentile(waits: Counter[int], share: float) -> float | None:
    """The wait in seconds that `share` (0 to 1) of the jobs did not exceed; None without jobs."""
    wanted, seen = share * waits.total(), 0
    for hundredths in sorted(waits):
        seen += waits[hundredths]
        if seen >= wanted:
            return hundredths / 100
    return None
