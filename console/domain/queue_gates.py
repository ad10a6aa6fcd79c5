"""Does a region's queue stay as it should under the new release?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from console.domain.baseline import dead_elsewhere, failing_elsewhere, waiting_elsewhere
from console.domain.expectation import Expectation
from console.domain.fleet import RegionSample
from console.domain.verdicts import Status, Verdict, room, unless, unmeasured

AGE = "oldest"
"""The gate that never decides alone: AWS leaves jobs that were received three times out of the age,
and a job that was old before the release makes a good one look bad."""


def queue_verdicts(expected: Expectation, sample: RegionSample) -> Iterator[Verdict]:
    """Backlog, oldest age and dead letters stay within their limits."""
    rules, queue = expected.rules, sample.queue.value
    limits: tuple[tuple[str, object], ...] = (
        ("backlog", rules.backlog_per_worker),
        ("oldest", rules.oldest),
        ("dead_letters", rules.dead_letters_max_new),
    )
    if queue is None:
        for gate, limit in limits:
            if limit is not None:
                yield unmeasured(gate, str(limit), sample.queue.error)
        return
    if rules.backlog_per_worker is not None:
        yield _backlog(expected, queue.backlog, rules.backlog_per_worker)
    if rules.oldest is not None:
        yield _oldest(rules.oldest, queue.oldest, queue.backlog)
    if rules.dead_letters_max_new is not None:
        yield _dead_letters(expected, queue.dead_letters, rules.dead_letters_max_new)


def _backlog(expected: Expectation, backlog: int, per_worker: int) -> Verdict:
    most = per_worker * len(expected.slots)
    margin = room(backlog, most)
    verdict = Verdict("backlog", Status.PASS, str(backlog), f"at most {most}", margin=margin)
    if backlog <= most:
        return verdict
    if expected.is_baking:
        excuse = waiting_elsewhere(expected.group, per_worker)
        return unless(excuse, replace(verdict, status=Status.FAIL, reason="jobs pile up"))
    return replace(verdict, status=Status.WAIT)


def _oldest(limit: timedelta, age: timedelta | None, backlog: int) -> Verdict:
    threshold = f"at most {limit.total_seconds():.0f} s"
    if age is not None:
        status, margin = Status.PASS if age <= limit else Status.WAIT, room(age / limit, 1)
        return Verdict(AGE, status, f"{age.total_seconds():.0f} s", threshold, margin=margin)
    if backlog == 0:
        return Verdict(AGE, Status.PASS, "the queue is empty", threshold)
    # AWS publishes the age a few minutes after a queue has come to life.
    return unmeasured("oldest", threshold, "CloudWatch has no age for this queue yet")


def _dead_letters(expected: Expectation, count: int, most: int) -> Verdict:
    threshold = f"at most {most} new"
    if expected.dead_letters_before is None:
        return unmeasured("dead_letters", threshold, "nobody could count them before the rollout")
    new = max(0, count - expected.dead_letters_before)
    margin = room(new, most) if most else None
    verdict = Verdict("dead_letters", Status.PASS, f"{new} new", threshold, margin=margin)
    if new <= most:
        return verdict
    if expected.is_rollback:
        # They follow up to a visibility time-out after the last job that it failed.
        told = "jobs that the release taken back has failed; shown, decides nothing"
        return replace(verdict, reason=told, margin=None)
    failed = replace(verdict, status=Status.FAIL, reason="jobs are given up")
    rate = expected.rules.failures_max_ratio or _NOTABLE
    excuse = dead_elsewhere(expected.group, new) or failing_elsewhere(expected.group, 0, rate)
    return unless(excuse, failed)


# Where no gate of failures says which ratio is too much.
_NOTABLE = 0.05
