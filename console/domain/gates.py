"""Is a region good after an apply?

A gate measures one thing and answers with one of three verdicts that end it (pass, fail,
inconclusive) or with wait. No data is never a pass, and a probe that failed is no data. What was so
before the release, or rises where the release is not, is inconclusive: a person looks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime

from console.domain.baseline import failed_before, failing_elsewhere, silent_elsewhere
from console.domain.counted import counted
from console.domain.expectation import Expectation as Expectation
from console.domain.fleet import Heartbeat, RegionSample
from console.domain.probing import probed
from console.domain.queue_gates import AGE, queue_verdicts
from console.domain.release import told_apart
from console.domain.verdicts import Status as Status
from console.domain.verdicts import Verdict as Verdict
from console.domain.verdicts import room, unless, unmeasured


def judge(expected: Expectation, sample: RegionSample) -> tuple[Verdict, ...]:
    """Return every gate's verdict on `sample`, in the order in which they are shown."""
    return (
        _instances(expected, sample),
        *_heartbeat(expected, sample),
        *_completions(expected, sample),
        *queue_verdicts(expected, sample),
        *_failures(expected, sample),
        *probed(expected.rules.probes, sample.probes, expected.alarming),
    )


def settle(
    verdicts: tuple[Verdict, ...], *, is_over: bool, late: Collection[str] = frozenset()
) -> Status:
    """Return the one answer of all gates.

    Args:
        verdicts: one a gate.
        is_over: whether the deadline has passed. Then a gate that still waits has failed, and one
            that could not be measured leaves the region inconclusive.
        late: gates whose own deadline has passed.
    """
    asked = [verdict for verdict in verdicts if not verdict.is_dry]
    found = {verdict.status for verdict in asked}
    if Status.FAIL in found:
        return Status.FAIL
    if found <= {Status.PASS}:
        return Status.PASS
    due = [verdict for verdict in asked if is_over or verdict.gate in late]
    blind = [v for v in asked if v.status is Status.INCONCLUSIVE and (v in due or v.is_decided)]
    if blind or any(verdict.is_silent for verdict in due):
        return Status.INCONCLUSIVE
    waiting = {verdict.gate for verdict in due if verdict.status is Status.WAIT}
    if not waiting:
        return Status.WAIT
    return Status.INCONCLUSIVE if waiting == {AGE} else Status.FAIL


def _instances(expected: Expectation, sample: RegionSample) -> Verdict:
    """Each slot has one running instance with the announced digest."""
    slots = counted(len(expected.slots), "slot")
    threshold = f"{slots}, one each"
    if sample.instances.value is None:
        return unmeasured("instances", threshold, sample.instances.error)
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
    # An instance too many is somebody's accident; a slot without its own has lost it.
    has_lost = expected.is_baking and right < len(expected.slots)
    status = Status.FAIL if has_lost else Status.WAIT
    return Verdict("instances", status, measured, threshold, reason)


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
        and not _is_ahead(beat, sample.at + expected.silent_after)
    )


def _is_ahead(beat: Heartbeat, latest: datetime) -> bool:
    """Whether a beat comes from a clock that is so wrong that it would never grow old."""
    return beat.last_at is not None and beat.last_at > latest


def _heartbeat(expected: Expectation, sample: RegionSample) -> Iterator[Verdict]:
    """As many distinct instances beat with the new release's digest as there are slots for it."""
    if expected.rules.heartbeat_within is None:
        return
    threshold = f"{expected.new_slots} beating with {expected.target.release}"
    if (error := sample.heartbeats.error or sample.instances.error) is not None:
        yield unmeasured("heartbeat", threshold, error)
        return
    beating = len({beat.instance for beat in _new_beats(expected, sample)})
    measured, reason = f"{beating} beating", _others(expected, sample)
    if beating >= expected.new_slots:
        yield Verdict("heartbeat", Status.PASS, measured, threshold, reason)
    elif not expected.is_baking:
        yield Verdict("heartbeat", Status.WAIT, measured, threshold, reason)
    else:
        fell = Verdict("heartbeat", Status.FAIL, measured, threshold, reason or "fell silent")
        yield unless(silent_elsewhere(expected.group), fell)


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
        yield unmeasured("completions", threshold, error)
        return
    beats = _new_beats(expected, sample)
    working = sum(beat.completions >= least for beat in beats)
    done = sum(beat.completions for beat in beats)
    status = Status.PASS if working >= expected.new_slots else Status.WAIT
    yield Verdict("completions", status, f"{done} by {counted(working, 'instance')}", threshold)


def _failures(expected: Expectation, sample: RegionSample) -> Iterator[Verdict]:
    """Of the new release's runs, few fail."""
    limit = expected.rules.failures_max_ratio
    if limit is None:
        return
    threshold = f"at most {limit:.1%}"
    if (error := sample.heartbeats.error or sample.instances.error) is not None:
        yield unmeasured("failures", threshold, error)
        return
    beats = _new_beats(expected, sample)
    runs, failures = sum(b.runs for b in beats), sum(b.failures for b in beats)
    measured = f"{failures} of {counted(runs, 'run')}"
    if runs == 0:
        # Without a slot for it there is nothing that could run.
        status = Status.WAIT if expected.new_slots else Status.PASS
        reason = "no job was run yet" if expected.new_slots else ""
        yield Verdict("failures", status, measured, threshold, reason)
        return
    ratio, least = failures / runs, expected.rules.failures_min_runs
    verdict = Verdict("failures", Status.PASS, measured, threshold, margin=room(ratio, limit))
    if ratio <= limit:
        yield verdict
    elif runs < least:
        told = f"fewer than {counted(least, 'run')}"
        yield replace(verdict, status=Status.WAIT, reason=told, margin=None)
    else:
        excuse = failed_before(expected.before, ratio, limit, least)
        excuse = excuse or failing_elsewhere(expected.group, ratio, limit)
        failed = replace(verdict, status=Status.FAIL, reason="jobs fail")
        yield unless(excuse, failed)
