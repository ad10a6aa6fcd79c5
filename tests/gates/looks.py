"""What was seen of a region, for gates to judge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from console.domain.fleet import (
    Heartbeat,
    Instance,
    InstanceId,
    QueueSample,
    Reading,
    RegionName,
    RegionSample,
    SlotIndex,
    SlotTarget,
)
from console.domain.gates import Expectation
from console.domain.policy import GateRules
from console.domain.release import ImageRef, ReleaseLabel

NOW = datetime(2026, 1, 2, 17, 0, tzinfo=UTC)
EU = RegionName("eu-west-1")
SILENT_AFTER = timedelta(seconds=60)

OLD = SlotTarget(ReleaseLabel("0.9.0"), ImageRef("repo/worker@sha256:" + "a" * 64))
NEW = SlotTarget(ReleaseLabel("0.9.1"), ImageRef("repo/worker@sha256:" + "b" * 64))

ALL_GATES = GateRules(
    heartbeat_within=timedelta(minutes=5),
    completions_min=2,
    backlog_per_worker=100,
    oldest=timedelta(minutes=2),
    dead_letters_max_new=1,
    failures_max_ratio=0.1,
    failures_min_runs=10,
)
GATES = ("instances", "heartbeat", "completions", "backlog", "oldest", "dead_letters", "failures")


def machine(
    name: str,
    slot: int | None,
    target: SlotTarget | None = NEW,
    state: str = "running",
    age: timedelta = timedelta(hours=1),
) -> Instance:
    """Return an EC2 instance that was launched `age` ago."""
    index = None if slot is None else SlotIndex(slot)
    return Instance(InstanceId(name), state, index, target, launched_at=NOW - age)


def beat(
    name: str,
    release: str = "0.9.1",
    age: timedelta = timedelta(seconds=5),
    runs: int = 10,
    failures: int = 0,
    digest: str | None = None,
) -> Heartbeat:
    """Return what `name` proved to have done as `release`; its newest beat is `age` old.

    Args:
        name: the instance.
        release: the label that it beats with.
        age: of its newest beat.
        runs: jobs that it ran.
        failures: those that failed.
        digest: the digest that it reports, or its head, or none.
    """
    return Heartbeat(InstanceId(name), ReleaseLabel(release), NOW - age, runs, failures, digest)


GOOD_QUEUE = QueueSample(10, 2, 7, timedelta(seconds=30))


def look(
    instances: tuple[Instance, ...] | str = (machine("i-0", 0), machine("i-1", 1)),
    beats: tuple[Heartbeat, ...] | str = (beat("i-0"), beat("i-1")),
    queue: QueueSample | str = GOOD_QUEUE,
) -> RegionSample:
    """Return a good look at two new workers, or what a test makes of it.

    Args:
        instances: what EC2 says; a text is the error that it answers with.
        beats: what CloudWatch says, or its error.
        queue: what SQS says, or its error.
    """
    return RegionSample(
        EU,
        NOW,
        Reading(NOW, error=instances) if isinstance(instances, str) else Reading(NOW, instances),
        Reading(NOW, error=beats) if isinstance(beats, str) else Reading(NOW, beats),
        Reading(NOW, error=queue) if isinstance(queue, str) else Reading(NOW, queue),
    )


def wanted(
    *slots: SlotTarget, rules: GateRules = ALL_GATES, dead_letters_before: int | None = 7
) -> Expectation:
    """Return what the region shall look like: two new slots unless others are named."""
    return Expectation(
        region=EU,
        slots=slots or (NEW, NEW),
        target=NEW,
        since=NOW - timedelta(minutes=1),
        dead_letters_before=dead_letters_before,
        rules=rules,
        silent_after=SILENT_AFTER,
    )
