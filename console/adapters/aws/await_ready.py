"""Has this new instance proven that it works?

Terraform's creation provisioner asks this before the old instance may go: the instance has to beat
with the new release, report no other image, and, where that is wanted, to have finished real jobs.
It runs as a process of its own for each new instance, so nothing heavy is imported.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from console.adapters.aws.metrics import (
    BY_DIGEST,
    DIGEST,
    FAILURES,
    HEARTBEAT,
    RUNS,
    AskFor,
    Pair,
    Point,
    Window,
    Workers,
    ask,
    digest_in,
    fitting_period,
    newest,
    total,
)
from console.adapters.aws.signed import signed_cloudwatch
from console.adapters.aws.trouble import explain
from console.domain.failure import Failure, FailureKind
from console.domain.release import disagree, told_apart

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

_CONNECT_TIMEOUT_S = 3
_READ_TIMEOUT_S = 5

# A worker that beat once and fell over is not ready: its newest beat must be this many intervals
# old at most, and a little more for what CloudWatch needs.
_FRESH_INTERVALS = 2
_SLACK = timedelta(seconds=5)

# What it did between its launch and this question counts.
_LEAST_LOOKBACK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an instance has to show."""

    region: str
    instance: str
    release: str
    workers: Workers
    completions: int
    """Jobs that it must have finished; 0 asks for the heartbeat alone."""
    within: timedelta
    interval: timedelta = timedelta(seconds=10)
    """Between two heartbeats."""
    digest: str | None = None
    """Of the image that it must run, where it reports what it runs; None for any."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What it has shown so far."""

    beats: int = 0
    is_fresh: bool = False
    runs: int = 0
    failures: int = 0
    digest: str | None = None
    """What it reports to run, maybe the head alone; None where it reports nothing."""
    trouble: str = ""
    """Why the source did not answer the last time; empty where it did."""

    def satisfies(self, wanted: Wanted) -> bool:
        """Whether that is enough."""
        is_other = disagree(self.digest, wanted.digest)
        return self.is_fresh and not is_other and self.runs - self.failures >= wanted.completions


def await_ready(
    wanted: Wanted,
    *,
    every: timedelta = timedelta(seconds=2),
    environment: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Failure | None:
    """Block until the instance is ready or the time is over.

    Args:
        wanted: what it has to show.
        every: time between two looks.
        environment: with the AWS credentials; None for the process's own.
        tell: gets a sentence whenever something new is seen.

    Returns:
        None when it is ready, else what was missing, with the last thing seen.
    """
    ask_for = _cloudwatch(wanted.region, os.environ if environment is None else environment)
    since = datetime.now(UTC) - max(wanted.within, _LEAST_LOOKBACK)

    def look(before: Seen) -> Seen:
        return _look(wanted, ask_for, since, before)

    return await_proof(wanted, look, every=every, tell=tell)


def await_proof(
    wanted: Wanted,
    look: Callable[[Seen], Seen],
    *,
    every: timedelta,
    tell: Callable[[str], None],
) -> Failure | None:
    """Block until `look` shows what is wanted or the time is over.

    Args:
        wanted: what the instance has to show.
        look: returns what it has shown; gets what it had shown the last time.
        every: time between two looks.
        tell: gets a sentence whenever something new is seen.

    Returns:
        None when it is ready, else what was missing, with the last thing seen.
    """
    deadline = time.monotonic() + wanted.within.total_seconds()
    seen, told = Seen(), ""
    while True:
        seen = look(seen)
        if seen.satisfies(wanted):
            return None
        if (sentence := describe(wanted, seen)) != told:
            told = sentence
            tell(sentence)
        left = deadline - time.monotonic()
        if left <= 0:
            return Failure(
                FailureKind.FAILED,
                f"{wanted.instance} was not ready within {_seconds(wanted.within)}: {sentence}",
                "look at the instance's console output; the old instance is kept",
            )
        time.sleep(min(every.total_seconds(), left))


def describe(wanted: Wanted, seen: Seen) -> str:
    """Return what was seen so far, in words."""
    if seen.beats == 0:
        state = f"no heartbeat as {wanted.release}"
    elif not seen.is_fresh:
        state = f"it did beat as {wanted.release}, and stopped"
    else:
        done = seen.runs - seen.failures
        state = f"it beats as {wanted.release}, {done} of {wanted.completions} jobs finished"
    if disagree(seen.digest, wanted.digest):
        other, announced = told_apart(str(seen.digest), str(wanted.digest))
        state = f"{state}, but reports the digest {other}, announced was {announced}"
    failed = f", {seen.failures} failed" if seen.failures else ""
    return f"{state}{failed}{f' ({seen.trouble})' if seen.trouble else ''}"


def _look(wanted: Wanted, ask_for: AskFor, since: datetime, before: Seen) -> Seen:
    try:
        return _ask(wanted, ask_for, since)
    except Exception as error:
        trouble = explain(error, "cloudwatch", wanted.region)
        if trouble is None and not isinstance(error, OSError):
            raise  # no word of AWS: a bug of ours
        return replace(before, is_fresh=False, trouble=trouble.text if trouble else str(error))


def _ask(wanted: Wanted, ask_for: AskFor, since: datetime) -> Seen:
    pair = Pair(wanted.instance, wanted.release, wanted.digest)
    now = datetime.now(UTC)
    # The instance's own clock may be ahead, and CloudWatch leaves the end out.
    end = now + max(wanted.interval, timedelta(seconds=2))
    window = Window(since, end)
    identity = () if wanted.digest is None else (DIGEST, BY_DIGEST)
    periods = dict.fromkeys((HEARTBEAT, RUNS, FAILURES, *identity), window.whole)
    found = wanted.workers.find(ask_for, [pair], periods, window)
    seen = Seen(
        beats=total(found[pair, HEARTBEAT]),
        runs=total(found[pair, RUNS]),
        failures=total(found[pair, FAILURES]),
        digest=digest_in(pair, found.get((pair, DIGEST), ()), found.get((pair, BY_DIGEST), ())),
    )
    if seen.beats == 0:
        return seen
    period = fitting_period(wanted.interval)
    oldest = now - wanted.interval * _FRESH_INTERVALS - period - _SLACK
    recent = wanted.workers.find(ask_for, [pair], {HEARTBEAT: period}, Window(oldest, end))
    return replace(seen, is_fresh=newest(recent[pair, HEARTBEAT]) is not None)


def _cloudwatch(region: str, environment: Mapping[str, str]) -> AskFor:
    signed = signed_cloudwatch(region, environment)
    if signed is not None:
        return signed.ask
    return _by_boto3(region)


def _by_boto3(region: str) -> AskFor:
    clients: list[CloudWatchClient] = []

    def ask_for(
        queries: Sequence[MetricDataQueryTypeDef], window: Window
    ) -> Mapping[str, tuple[Point, ...]]:
        # Made here, because a profile that does not exist shows at once.
        if not clients:
            import boto3  # 0.3 s of CPU, only where the environment alone does not do
            from botocore.config import Config

            config = Config(connect_timeout=_CONNECT_TIMEOUT_S, read_timeout=_READ_TIMEOUT_S)
            clients.append(boto3.client("cloudwatch", region_name=region, config=config))
        return ask(clients[0], queries, window)

    return ask_for


def _seconds(time_span: timedelta) -> str:
    return f"{time_span.total_seconds():.0f} s"
