"""What did the instances report, and what does all of it come to?

Every source but CloudWatch tells of whoever reported, and as what; what it tells is put to the
instances that are there. An instance that should report and never has gets an entry without a
heartbeat: it is silent, not absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.domain.fleet import Heartbeat, Instance, InstanceId
from console.domain.release import ReleaseLabel, head_of

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{12,64})")
_WHOLE_DIGEST = 64

# A worker's clock may be ahead by so much. What is further ahead is no time of a heartbeat, and
# would keep a dead instance fresh until that time has come.
_AHEAD = timedelta(minutes=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Report:
    """What an instance did as a release, at one time or in the short while that begins then."""

    instance: str
    release: str
    at: datetime
    is_beat: bool = False
    runs: int = 0
    """Jobs that it ran then, failed ones included."""
    failures: int = 0
    digest: str | None = None


class SourceError(Exception):
    """A source did not tell; the message is a sentence, the hint says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        """Keep both."""
        super().__init__(message)
        self.hint = hint

    @property
    def text(self) -> str:
        """Message and hint in one line."""
        return f"{self}; {self.hint}" if self.hint else str(self)


def sum_up(
    reports: Iterable[Report],
    instances: Sequence[Instance],
    releases: Iterable[str],
    *,
    at: datetime,
    window: timedelta,
) -> tuple[Heartbeat, ...]:
    """Return an entry for each living instance and each release that it may run, or says it runs.

    Args:
        reports: what the source told, of others too.
        instances: those that are there.
        releases: what they may run besides what their tags say.
        at: the time of the question.
        window: what is older does not count.

    Raises:
        SourceError: every heartbeat lies in the future: its unit, or a clock, is off.
    """
    alive = {instance.id: instance for instance in instances if instance.is_alive}
    mine = [report for report in reports if InstanceId(report.instance) in alive]
    _check_times(mine, at)
    by_pair: dict[tuple[str, str], list[Report]] = {
        (instance.id, release): []
        for instance in alive.values()
        for release in (*((instance.target.release,) if instance.target else ()), *releases)
    }
    for report in mine:
        if at - window <= report.at <= at + _AHEAD:
            by_pair.setdefault((report.instance, report.release), []).append(report)
    return tuple(_heartbeat(*pair, told, at - _MINUTE) for pair, told in by_pair.items())


def normal_digest(text: object) -> str | None:
    """Return a reported digest as heartbeats hold it: `sha256:...`, or its head; None for none."""
    if not isinstance(text, str) or not text.strip():
        return None
    found = _DIGEST.fullmatch(text.strip().lower())
    if found is None:
        return text.strip()
    return f"sha256:{found[1]}" if len(found[1]) == _WHOLE_DIGEST else head_of(found[1])


def _check_times(reports: Sequence[Report], at: datetime) -> None:
    beats = [report for report in reports if report.is_beat]
    if beats and all(report.at > at + _AHEAD for report in beats):
        ahead = min(report.at for report in beats) - at
        raise SourceError(
            f"every heartbeat lies in the future, the nearest by {ahead.total_seconds():.0f} s",
            "heartbeat times are seconds since 1970, in UTC; look at the workers' clocks too",
        )


def _heartbeat(
    instance: str, release: str, reports: Sequence[Report], minute: datetime
) -> Heartbeat:
    recent = [report for report in reports if report.at >= minute]
    last = max((report for report in reports if report.is_beat), key=_time, default=None)
    digests = [report for report in reports if report.digest is not None]
    return Heartbeat(
        instance=InstanceId(instance),
        release=ReleaseLabel(release),
        last_at=last.at if last else None,
        runs=sum(report.runs for report in reports),
        failures=sum(report.failures for report in reports),
        digest=max(digests, key=_time).digest if digests else None,
        worked_at=_worked_at(reports),
        last_minute=max(0, sum(report.runs - report.failures for report in recent)),
    )


def _worked_at(reports: Sequence[Report]) -> datetime | None:
    """Return when it last ran more jobs than it failed."""
    finished: dict[datetime, int] = {}
    for report in reports:
        finished[report.at] = finished.get(report.at, 0) + report.runs - report.failures
    return max((at for at, jobs in finished.items() if jobs > 0), default=None)


def _time(report: Report) -> datetime:
    return report.at
