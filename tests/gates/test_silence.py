"""When does nothing happen in a region, and when can nobody tell?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from console.domain.fleet import Heartbeat, Instance, QueueSample, Reading, RegionSample
from console.domain.sentence import Tone
from console.domain.silence import (
    SilenceRules,
    Standing,
    Stillness,
    has_begun,
    has_ended,
    look,
    tell,
    tell_of_end,
)
from tests.gates.looks import EU, NOW, beat, machine

RULES = SilenceRules(timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=2))
ONE = (machine("i-1", 0),)


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def seen(
    after: timedelta = timedelta(0),
    *,
    beats: Sequence[Heartbeat] = (),
    machines: Sequence[Instance] = ONE,
    backlog: int = 0,
    errors: Sequence[str] = (),
) -> RegionSample:
    """Return a look at the region `after` NOW."""
    at = NOW + after
    sample = RegionSample(
        EU,
        at,
        Reading(at, tuple(machines)),
        Reading(at, tuple(beats)),
        Reading(at, QueueSample(backlog, 0, 0)),
    )
    failed: dict[str, Any] = {name: Reading(at, error="no answer") for name in errors}
    return replace(sample, **failed)


def after_all(*samples: RegionSample, rules: SilenceRules = RULES) -> Standing:
    """Return what is known after these looks."""
    standing = None
    for sample in samples:
        standing = look(standing, sample, rules)
    assert standing is not None
    return standing


def busy(age: float = 5, worked: float | None = 5) -> Heartbeat:
    """Return a beat `age` s old, of a worker that finished a job `worked` s ago."""
    at = None if worked is None else NOW - s(worked)
    return replace(beat("i-1", age=s(age), runs=10 if worked is not None else 0), worked_at=at)


YOUNG = (machine("i-1", 0, age=s(60)),)
LOOKS: dict[str, tuple[Sequence[RegionSample], Stillness]] = {
    "a fresh beat": ([seen(beats=[busy()])], Stillness.WORKS),
    "a beat as old as it may be": ([seen(beats=[busy(30)])], Stillness.WORKS),
    "a beat that is older": ([seen(beats=[busy(31)])], Stillness.SILENT),
    "one of two workers beats": (
        [seen(beats=[busy(90), beat("i-2", age=s(3))])],
        Stillness.WORKS,
    ),
    "a beat from the future": ([seen(beats=[busy(-4)])], Stillness.WORKS),
    "a first worker boots": ([seen(machines=YOUNG)], Stillness.WORKS),
    "a worker has never beaten": ([seen()], Stillness.SILENT),
    "no instance at all": ([seen(machines=())], Stillness.SILENT),
    "a booting one hides no silence": (
        [seen(beats=[busy(5)]), seen(s(60), machines=YOUNG)],
        Stillness.SILENT,
    ),
    "an instance that is gone is remembered": (
        [seen(beats=[busy(5)]), seen(s(10), machines=())],
        Stillness.WORKS,
    ),
    "EC2 does not answer": ([seen(errors=["instances"])], Stillness.UNSEEN),
    "CloudWatch does not answer": ([seen(errors=["heartbeats"])], Stillness.UNSEEN),
    "SQS does not answer": ([seen(beats=[busy()], errors=["queue"])], Stillness.WORKS),
    "nothing waits, nothing is done": (
        [seen(beats=[busy(worked=None)]), seen(s(1200), beats=[busy(-1199, None)])],
        Stillness.WORKS,
    ),
    "jobs have not waited long enough": (
        [
            seen(beats=[busy(worked=400)], backlog=3),
            seen(s(300), beats=[busy(-299, 400)], backlog=3),
        ],
        Stillness.WORKS,
    ),
    "jobs wait and none is done": (
        [
            seen(beats=[busy(worked=400)], backlog=3),
            seen(s(301), beats=[busy(-300, 400)], backlog=4),
        ],
        Stillness.IDLE,
    ),
    "jobs wait and some are done": (
        [
            seen(beats=[busy(worked=400)], backlog=3),
            seen(s(301), beats=[busy(-300, -100)], backlog=90),
        ],
        Stillness.WORKS,
    ),
    "the queue was empty in between": (
        [
            seen(beats=[busy(worked=400)], backlog=3),
            seen(s(200), beats=[busy(-199, 400)], backlog=0),
            seen(s(301), beats=[busy(-300, 400)], backlog=4),
        ],
        Stillness.WORKS,
    ),
    "a source that counts jobs and tells no times": (
        [
            seen(beats=[beat("i-1")], backlog=3),
            seen(s(301), beats=[beat("i-1", age=s(-300))], backlog=4),
        ],
        Stillness.WORKS,
    ),
}


@pytest.mark.parametrize(("looks", "state"), LOOKS.values(), ids=LOOKS)
def test_what_is_seen_decides_whether_anything_happens(
    looks: Sequence[RegionSample], state: Stillness
) -> None:
    assert after_all(*looks).state is state


def test_an_incident_begins_once_and_ends_once() -> None:
    looks = [
        seen(beats=[busy(5)]),
        seen(s(26), beats=[busy(5)]),
        seen(s(28), beats=[busy(5)]),
        seen(s(30), errors=["heartbeats"]),
        seen(s(32), beats=[busy(5)]),
        seen(s(34), beats=[busy(-33)]),
        seen(s(36), beats=[busy(-33)]),
    ]
    standing, told = None, []
    for sample in looks:
        now = look(standing, sample, RULES)
        told.append((has_begun(standing, now), has_ended(standing, now)))
        standing = now
    no = (False, False)
    assert told == [no, (True, False), no, no, no, (False, True), no]


def test_a_region_that_cannot_be_seen_starts_no_incident() -> None:
    standing = after_all(seen(beats=[busy()]), seen(s(600), errors=["heartbeats"]))
    assert standing.incident is None
    assert tell(standing).tone is Tone.WARN
    assert tell(standing).text == "eu-west-1 cannot be seen since 17:10:00 UTC: no answer"


def test_silence_is_told_from_the_last_beat_on() -> None:
    silent = after_all(seen(beats=[busy(5)]), seen(s(60), machines=(), backlog=41))
    assert tell(silent).text == (
        "nothing happens in eu-west-1 since 16:59:55 UTC: no instance runs; 41 jobs waiting"
    )
    works = look(silent, seen(s(95), beats=[busy(-95)]), RULES)
    told = "eu-west-1 works again: nothing happened there for 100 s"
    assert tell_of_end(silent, works).text == told


def test_without_a_time_for_jobs_only_beats_count() -> None:
    rules = replace(RULES, work_within=None)
    looks = (
        seen(beats=[busy(worked=None)], backlog=3),
        seen(s(3000), beats=[busy(-2999, None)], backlog=3),
    )
    assert after_all(*looks, rules=rules).state is Stillness.WORKS
