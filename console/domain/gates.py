"""Is a region good after an apply?

A gate measures one thing and answers with one of three verdicts that end it (pass, fail,
inconclusive) or with wait. No data is never a pass, and a probe that failed is no data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.domain.counted import counted
from console.domain.fleet import Heartbeat, RegionName, RegionSample, SlotTarget
from console.domain.policy import GateRules
from console.domain.release import told_apart
from console.domain.vocabulary import Status as Status


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate says of one region, with the number behind it."""

    gate: str
    status: Status
    measured: str
    threshold: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a region shall look like."""

    region: RegionName
    slots: tuple[SlotTarget, ...]
    """Slot by slot, what each shall run."""
    target: SlotTarget
    """The release that is being shipped."""
    since: datetime
    """When the region's first batch was applied."""
    dead_letters_before: int | None
    """Dead letters before the first batch; None where nobody could count them."""
    rules: GateRules
    silent_after: timedelta

    @property
    def new_slots(self) -> int:
        """How many slots shall run the new release."""
        return sum(slot.digest == self.target.digest for slot in self.slots)


def judge(expected: Expectation, sample: RegionSample) -> tuple[Verdict, ...]:
    """Return every gate's verdict on `sample`, in the order in which they are shown."""
    return (
        _instances(expected, sample),
        *_heartbeat(expected, sample),
        *_completions(expected, sample),
        *_queue(expected, sample),
        *_failures(expected, sample),
    )


def settle(verdicts: tuple[Verdict, ...], *, is_over: bool) -> Status:
    """Return the one answer of all gates.

    Args:
        verdicts: one a gate.
        is_over: whether the deadline has passed. Then a gate that still waits has failed, and one
            that could not be measured leaves the region inconclusive.
    """
    found = {verdict.status for verdict in verdicts}
    if Status.FAIL in found:
        return Status.FAIL
    if found <= {Status.PASS}:
        return Status.PASS
    if not is_over:
        return Status.WAIT
    return Status.INCONCLUSIVE if Status.INCONCLUSIVE in found else Status.FAIL


def _instances(expected: Expectation, sample: RegionSample) -> Verdict:
    """Each slot has one running instance with the announced digest."""
    slots = counted(len(expected.slots), "slot")
    threshold = f"{slots}, one each"
    if sample.instances.value is None:
        return _unmeasured("instances", threshold, sample.instances.error)
    alive = [i for i in sample.instances.value if i.is_alive]
    right = sum(
        [
            i.is_running and i.target is not None and i.target.digest == slot.digest
            for i in alive
            if i.slot == index
        ]
        == [True]
        for index, slot in enumerate(expected.slots)
    )
    measured = f"{right} of {len(expected.slots)}"
    if right == len(expected.slots) == len(alive):
        return Verdict("instances", Status.PASS, measured, threshold)
    are = "instance is" if len(alive) == 1 else "instances are"
    reason = f"{len(alive)} {are} there for {slots}"
    return Verdict("instances", Status.WAIT, measured, threshold, reason)


def _new_beats(expected: Expectation, sample: RegionSample) -> tuple[Heartbeat, ...]:
    """Fresh heartbeats with the new release's digest, by instances that run.

    A worker that reports no digest is believed by its label: what its instance pulls is pinned to
    the digest, and the gate of the instances compares that.
    """
    digest = expected.target.digest
    return tuple(b for b in _labelled_beats(expected, sample) if not b.contradicts(digest))


def _labelled_beats(expected: Expectation, sample: RegionSample) -> tuple[Heartbeat, ...]:
    """Fresh heartbeats with the new release's label, by instances that run."""
    running = {i.id for i in sample.instances.value or () if i.is_running}
    return tuple(
        beat
        for beat in sample.heartbeats.value or ()
        if beat.instance in running
        and beat.release == expected.target.release
        and beat.is_fresh(sample.at, expected.silent_after)
    )


def _heartbeat(expected: Expectation, sample: RegionSample) -> Iterator[Verdict]:
    """As many distinct instances beat with the new release's digest as there are slots for it."""
    if expected.rules.heartbeat_within is None:
        return
    threshold = f"{expected.new_slots} beating with {expected.target.release}"
    if (error := sample.heartbeats.error or sample.instances.error) is not None:
        yield _unmeasured("heartbeat", threshold, error)
        return
    beating = len({beat.instance for beat in _new_beats(expected, sample)})
    status = Status.PASS if beating >= expected.new_slots else Status.WAIT
    yield Verdict("heartbeat", status, f"{beating} beating", threshold, _others(expected, sample))


def _others(expected: Expectation, sample: RegionSample) -> str:
    """Tell who runs another image under the new release's label."""
    wanted = str(expected.target.digest)
    return "; ".join(
        "{} reports the digest {}, announced was {}".format(
            beat.instance, *told_apart(str(beat.digest), wanted)
        )
        for beat in _labelled_beats(expected, sample)
        if beat.contradicts(wanted)
    )


def _completions(expected: Expectation, sample: RegionSample) -> Iterator[Verdict]:
    """Every new instance has finished its share of real jobs."""
    least = expected.rules.completions_min
    if least is None:
        return
    threshold = f"{least} or more each by {expected.target.release}"
    if (error := sample.heartbeats.error or sample.instances.error) is not None:
        yield _unmeasured("completions", threshold, error)
        return
    beats = _new_beats(expected, sample)
    working = sum(beat.completions >= least for beat in beats)
    done = sum(beat.completions for beat in beats)
    status = Status.PASS if working >= expected.new_slots else Status.WAIT
    yield Verdict("completions", status, f"{done} by {counted(working, 'instance')}", threshold)


def _queue(expected: Expectation, sample: RegionSample) -> Iterator[Verdict]:
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
                yield _unmeasured(gate, str(limit), sample.queue.error)
        return
    if rules.backlog_per_worker is not None:
        most = rules.backlog_per_worker * len(expected.slots)
        status = Status.PASS if queue.backlog <= most else Status.WAIT
        yield Verdict("backlog", status, str(queue.backlog), f"at most {most}")
    if rules.oldest is not None:
        yield _oldest(rules.oldest, queue.oldest, queue.backlog)
    if rules.dead_letters_max_new is not None:
        yield _dead_letters(expected, queue.dead_letters, rules.dead_letters_max_new)


def _oldest(limit: timedelta, age: timedelta | None, backlog: int) -> Verdict:
    threshold = f"at most {limit.total_seconds():.0f} s"
    if age is not None:
        status = Status.PASS if age <= limit else Status.WAIT
        return Verdict("oldest", status, f"{age.total_seconds():.0f} s", threshold)
    if backlog == 0:
        return Verdict("oldest", Status.PASS, "the queue is empty", threshold)
    # AWS publishes the age a few minutes after a queue has come to life.
    return _unmeasured("oldest", threshold, "CloudWatch has no age for this queue yet")


def _dead_letters(expected: Expectation, count: int, most: int) -> Verdict:
    threshold = f"at most {most} new"
    if expected.dead_letters_before is None:
        return _unmeasured("dead_letters", threshold, "nobody could count them before the rollout")
    new = count - expected.dead_letters_before
    if new <= most:
        return Verdict("dead_letters", Status.PASS, f"{max(0, new)} new", threshold)
    return Verdict("dead_letters", Status.FAIL, f"{new} new", threshold, "jobs are given up")


def _failures(expected: Expectation, sample: RegionSample) -> Iterator[Verdict]:
    """Of the new release's runs, few fail."""
    limit = expected.rules.failures_max_ratio
    if limit is None:
        return
    threshold = f"at most {limit:.1%}"
    if (error := sample.heartbeats.error or sample.instances.error) is not None:
        yield _unmeasured("failures", threshold, error)
        return
    beats = _new_beats(expected, sample)
    runs, failures = sum(b.runs for b in beats), sum(b.failures for b in beats)
    measured = f"{failures} of {counted(runs, 'run')}"
    if runs == 0 and expected.new_slots > 0:
        yield Verdict("failures", Status.WAIT, measured, threshold, "no job was run yet")
    elif runs and failures / runs > limit:
        is_proof = runs >= expected.rules.failures_min_runs
        reason = (
            "" if is_proof else f"fewer than {counted(expected.rules.failures_min_runs, 'run')}"
        )
        yield Verdict(
            "failures", Status.FAIL if is_proof else Status.WAIT, measured, threshold, reason
        )
    else:
        yield Verdict("failures", Status.PASS, measured, threshold)


def _unmeasured(gate: str, threshold: str, error: str | None) -> Verdict:
    return Verdict(gate, Status.INCONCLUSIVE, "no data", threshold, error or "no data")
