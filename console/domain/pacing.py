"""What do several looks of one gate add up to?

A look passes, waits, fails or brings no data. How many of them decide is the gate's pace; what was
counted so far stands in the verdict itself, so that a replayed journal knows it too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from console.domain.policy import Pace
from console.domain.verdicts import Counts, Status, Verdict

COMPARED = frozenset({"heartbeat", "backlog", "dead_letters", "failures"})
"""The gates whose failure is first compared with the regions that are not touched yet."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a look is taken."""

    now: datetime
    applied_at: datetime
    """When the region's batch was applied."""
    compared_at: datetime | None = None
    """When the regions that are not touched yet were looked at, the earliest of them; None without
    any."""
    look_every: timedelta = timedelta(0)
    """How often every region is looked at."""

    def has_compared(self, since: datetime) -> bool:
        """Whether what went wrong at `since` would have shown where nothing was changed."""
        if self.compared_at is None or self.now >= since + 4 * self.look_every:
            return True
        # Workers tell of what they did at every beat, so that one look may come too soon.
        return self.compared_at >= since + 2 * self.look_every


def paced(look: Verdict, known: Verdict | None, pace: Pace, moment: Moment) -> Verdict:
    """Return what the gate says after one more look.

    Args:
        look: what was measured just now.
        known: what the gate said before; None for its first look.
        pace: how many looks decide.
        moment: when the look was taken.
    """
    shown = replace(look, is_dry=pace.dry_run)
    before = known.counts if known is not None else Counts()
    if moment.now < moment.applied_at + pace.initial_delay:
        seconds = pace.initial_delay.total_seconds()
        reason = f"asked from {seconds:.0f} s after the apply on"
        return replace(shown, status=Status.WAIT, reason=reason, is_decided=False, counts=before)
    if not look.is_news:
        return known or shown
    # A look that comes a moment early is the one that was due.
    rest = pace.interval * 0.9
    if known is not None and before.counted_at and moment.now - before.counted_at < rest:
        return known
    counted = _count(_compared(shown, before, moment), before, pace)
    at = moment.now if pace.interval else None
    return replace(counted, counts=replace(counted.counts, counted_at=at))


def _compared(look: Verdict, before: Counts, moment: Moment) -> Verdict:
    """Let a failure wait until the regions that are not touched were looked at as well."""
    if look.status is not Status.FAIL or look.gate not in COMPARED or not moment.compared_at:
        return look
    since = before.failing_since or moment.now
    waits = replace(look, counts=Counts(failing_since=since))
    if moment.has_compared(since):
        return waits
    told = "; ".join(filter(None, (look.reason, "comparing with regions not touched yet")))
    return replace(waits, status=Status.WAIT, reason=told)


def _count(look: Verdict, before: Counts, pace: Pace) -> Verdict:
    since = look.counts.failing_since
    match look.status:
        case Status.PASS:
            passes = min(before.passes + 1, pace.consecutive)
            counts = Counts(passes, before.failures)
            if passes >= pace.consecutive:
                return replace(look, counts=counts)
            told = f"{passes} of {pace.consecutive} passes in a row"
            return replace(look, status=Status.WAIT, reason=told, counts=counts)
        case Status.FAIL:
            failures = min(before.failures, pace.failures_allowed) + 1
            counts = Counts(0, failures, failing_since=since)
            if failures > pace.failures_allowed:
                return replace(look, counts=counts)
            allowed = f"failure {failures} of {pace.failures_allowed} allowed"
            told = "; ".join(filter(None, (look.reason, allowed)))
            return replace(look, status=Status.WAIT, reason=told, counts=counts)
        case Status.WAIT:
            return replace(look, counts=Counts(0, before.failures, failing_since=since))
        case _:
            return _without_data(look, before, pace)


def _without_data(look: Verdict, before: Counts, pace: Pace) -> Verdict:
    if look.is_decided or pace.errors_allowed is None:
        return replace(look, counts=Counts(0, before.failures))
    errors = min(before.errors + 1, pace.errors_allowed + 1)
    counts = Counts(0, before.failures, errors)
    if errors > pace.errors_allowed:
        return replace(look, is_decided=True, counts=counts)
    told = f"{look.reason}; look {errors} of {pace.errors_allowed} allowed without data"
    return replace(look, reason=told, counts=counts)
