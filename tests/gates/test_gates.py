"""Each gate, with what it can be shown: silence, old news and failed probes are never a pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from console.domain.fleet import QueueSample, RegionSample
from console.domain.gates import Expectation, Status, Verdict, judge, settle
from console.domain.policy import GateRules

from .looks import ALL_GATES, GATES, NEW, OLD, SILENT_AFTER, beat, look, machine, wanted

PASS, WAIT, FAIL, INCONCLUSIVE = Status
SECOND = timedelta(seconds=1)
LATE = SILENT_AFTER + SECOND
TWO_NEW_SLOTS = wanted()


@dataclass(frozen=True)
class Row:
    """What is seen, what is wanted, and what one gate says to it."""

    gate: str
    what: str
    seen: RegionSample
    status: Status
    phrase: str
    """Something that measured, threshold or reason must say."""
    expected: Expectation = TWO_NEW_SLOTS


def queue(
    backlog: int = 10, dead: int = 7, oldest: timedelta | None = timedelta(seconds=30)
) -> RegionSample:
    return look(queue=QueueSample(backlog, 2, dead, oldest))


def beats(*seen: object) -> RegionSample:
    return look(beats=seen)  # type: ignore[arg-type]


ONE_OLD = look(instances=(machine("i-0", 0), machine("i-1", 1, OLD)))
NOTHING_BEATS = look(beats=())
TABLE = [
    Row("instances", "both slots run it", look(), PASS, "2 of 2"),
    Row("instances", "a slot runs the old release", ONE_OLD, WAIT, "1 of 2"),
    Row("instances", "EC2 knows none", look(instances=()), WAIT, "0 of 2"),
    Row(
        "instances",
        "one still boots",
        look(instances=(machine("i-0", 0), machine("i-1", 1, state="pending"))),
        WAIT,
        "1 of 2",
    ),
    Row(
        "instances",
        "the old one of a slot still runs beside the new one",
        look(instances=(machine("i-0", 0), machine("i-1", 1), machine("i-9", 1, OLD))),
        WAIT,
        "3 instances are there for 2 slots",
    ),
    Row(
        "instances",
        "an orphan without a slot runs too",
        look(instances=(machine("i-0", 0), machine("i-1", 1), machine("i-9", None))),
        WAIT,
        "3 instances are there for 2 slots",
    ),
    Row(
        "instances",
        "one is without tags",
        look(instances=(machine("i-0", 0), machine("i-1", 1, None))),
        WAIT,
        "1 of 2",
    ),
    Row(
        "instances",
        "what was terminated does not count",
        look(
            instances=(
                machine("i-0", 0),
                machine("i-1", 1),
                machine("i-9", 1, OLD, state="terminated"),
            )
        ),
        PASS,
        "2 of 2",
    ),
    Row(
        "instances",
        "a later batch keeps the old release",
        ONE_OLD,
        PASS,
        "2 of 2",
        wanted(NEW, OLD),
    ),
    Row("instances", "EC2 cannot be asked", look("RequestLimitExceeded"), INCONCLUSIVE, "Limit"),
    Row("heartbeat", "both beat", look(), PASS, "2 beating"),
    Row("heartbeat", "one beats", beats(beat("i-0")), WAIT, "1 beating"),
    Row("heartbeat", "nobody beats", NOTHING_BEATS, WAIT, "0 beating"),
    Row(
        "heartbeat",
        "both report the announced digest",
        beats(beat("i-0", digest="b" * 12), beat("i-1", digest="b" * 12)),
        PASS,
        "2 beating",
    ),
    Row(
        "heartbeat",
        "one reports the announced digest, one its head, which is all that it can",
        beats(beat("i-0", digest="sha256:" + "b" * 64), beat("i-1", digest="b" * 12)),
        PASS,
        "2 beating",
    ),
    Row(
        "heartbeat",
        "one reports a digest that only begins like the announced one",
        beats(beat("i-0"), beat("i-1", digest="sha256:" + "b" * 63 + "c")),
        WAIT,
        f"i-1 reports the digest sha256:{'b' * 63}c, announced was sha256:{'b' * 64}",
    ),
    Row(
        "heartbeat",
        "one reports another image under the same label",
        beats(beat("i-0", digest="b" * 12), beat("i-1", digest="c" * 12)),
        WAIT,
        "i-1 reports the digest cccccccccccc, announced was bbbbbbbbbbbb",
    ),
    Row(
        "completions",
        "what another image has done under the same label counts for nothing",
        beats(beat("i-0", digest="b" * 12), beat("i-1", digest="c" * 12)),
        WAIT,
        "10 by 1 instance",
    ),
    Row(
        "heartbeat",
        "a beat is just in time",
        beats(beat("i-0"), beat("i-1", age=SILENT_AFTER)),
        PASS,
        "2 beating",
    ),
    Row(
        "heartbeat",
        "a beat is stale",
        beats(beat("i-0"), beat("i-1", age=LATE)),
        WAIT,
        "1 beating",
    ),
    Row(
        "heartbeat",
        "one instance beats twice",
        beats(beat("i-0"), beat("i-0", age=2 * SECOND)),
        WAIT,
        "1 beating",
    ),
    Row(
        "heartbeat",
        "only the old release beats",
        beats(beat("i-0", "0.9.0"), beat("i-1", "0.9.0")),
        WAIT,
        "0 beating",
    ),
    Row(
        "heartbeat",
        "an instance that is gone has beaten a moment ago",
        look(instances=(machine("i-0", 0), machine("i-1", 1, state="terminated"))),
        WAIT,
        "1 beating",
    ),
    Row(
        "heartbeat",
        "no beat was ever seen",
        beats(beat("i-0"), replace(beat("i-1"), last_at=None)),
        WAIT,
        "1 beating",
    ),
    Row("heartbeat", "CloudWatch is throttled", look(beats="Throttling"), INCONCLUSIVE, "Thro"),
    Row("heartbeat", "EC2 cannot be asked", look("ExpiredToken"), INCONCLUSIVE, "ExpiredToken"),
    Row("completions", "both have worked", look(), PASS, "20 by 2 instances"),
    Row(
        "completions",
        "one has finished too few",
        beats(beat("i-0", runs=50), beat("i-1", runs=1)),
        WAIT,
        "by 1 instance",
    ),
    Row(
        "completions",
        "just enough",
        beats(beat("i-0", runs=2), beat("i-1", runs=2)),
        PASS,
        "4 by 2 instances",
    ),
    Row(
        "completions",
        "jobs that failed are not finished",
        beats(beat("i-0"), beat("i-1", runs=10, failures=9)),
        WAIT,
        "by 1 instance",
    ),
    Row(
        "completions",
        "only the old release has worked",
        beats(beat("i-0", "0.9.0", runs=90), beat("i-1", "0.9.0", runs=90)),
        WAIT,
        "0 by 0 instances",
    ),
    Row(
        "completions",
        "work of an instance that fell silent does not count",
        beats(beat("i-0", runs=90), beat("i-1", runs=90, age=LATE)),
        WAIT,
        "by 1 instance",
    ),
    Row("completions", "nobody beats", NOTHING_BEATS, WAIT, "0 by 0"),
    Row("completions", "CloudWatch is down", look(beats="EndpointError"), INCONCLUSIVE, "Endpoint"),
    Row("completions", "EC2 is down", look("EndpointError"), INCONCLUSIVE, "Endpoint"),
    Row("backlog", "short", queue(10), PASS, "10"),
    Row("backlog", "at the limit", queue(200), PASS, "at most 200"),
    Row("backlog", "above the limit", queue(201), WAIT, "201"),
    Row("backlog", "SQS is down", look(queue="AccessDenied"), INCONCLUSIVE, "AccessDenied"),
    Row("oldest", "young", queue(), PASS, "30 s"),
    Row("oldest", "at the limit", queue(oldest=timedelta(minutes=2)), PASS, "120 s"),
    Row("oldest", "too old", queue(oldest=timedelta(seconds=121)), WAIT, "121 s"),
    Row("oldest", "nothing waits", queue(0, oldest=None), PASS, "the queue is empty"),
    Row("oldest", "no datum, and jobs wait", queue(1, oldest=None), INCONCLUSIVE, "no age"),
    Row("oldest", "SQS is down", look(queue="AccessDenied"), INCONCLUSIVE, "AccessDenied"),
    Row("dead_letters", "none are new", queue(), PASS, "0 new"),
    Row("dead_letters", "as many as allowed", queue(dead=8), PASS, "1 new"),
    Row("dead_letters", "one too many", queue(dead=9), FAIL, "2 new"),
    Row("dead_letters", "somebody took some away", queue(dead=3), PASS, "0 new"),
    Row(
        "dead_letters",
        "nobody counted them before",
        queue(),
        INCONCLUSIVE,
        "before the rollout",
        wanted(dead_letters_before=None),
    ),
    Row("dead_letters", "SQS is down", look(queue="AccessDenied"), INCONCLUSIVE, "AccessDenied"),
    Row("failures", "none fail", look(), PASS, "0 of 20 runs"),
    Row(
        "failures",
        "a tenth may fail",
        beats(beat("i-0", failures=1), beat("i-1", failures=1)),
        PASS,
        "2 of 20 runs",
    ),
    Row(
        "failures",
        "more than a tenth fail",
        beats(beat("i-0", failures=2), beat("i-1", failures=1)),
        FAIL,
        "3 of 20 runs",
    ),
    Row(
        "failures",
        "few runs prove no ratio",
        beats(beat("i-0", runs=5, failures=4), beat("i-1", runs=4)),
        WAIT,
        "fewer than 10 runs",
    ),
    Row("failures", "nothing was run yet", beats(beat("i-0", runs=0)), WAIT, "no job was run yet"),
    Row(
        "failures",
        "the old release's failures are not the new one's",
        beats(beat("i-0"), beat("i-1"), beat("i-1", "0.9.0", runs=90, failures=90)),
        PASS,
        "0 of 20 runs",
    ),
    Row(
        "failures",
        "only the old release has run, and all went well",
        beats(beat("i-0", "0.9.0"), beat("i-1", "0.9.0")),
        WAIT,
        "no job was run yet",
    ),
    Row("failures", "CloudWatch is down", look(beats="Throttling"), INCONCLUSIVE, "Throttling"),
    Row("failures", "EC2 is down", look("RequestExpired"), INCONCLUSIVE, "RequestExpired"),
]


def verdict_of(gate: str, expected: Expectation, seen: RegionSample) -> Verdict:
    (verdict,) = (v for v in judge(expected, seen) if v.gate == gate)
    return verdict


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.gate}: {row.what}")
def test_a_gate_says_what_the_table_says(row: Row) -> None:
    verdict = verdict_of(row.gate, row.expected, row.seen)

    assert verdict.status is row.status
    assert row.phrase in f"{verdict.measured}; {verdict.threshold}; {verdict.reason}"


def test_the_table_shows_every_gate_passing_not_passing_and_without_data() -> None:
    told = {(row.gate, row.status) for row in TABLE}

    for gate in GATES:
        assert (gate, PASS) in told
        assert {(gate, WAIT), (gate, FAIL)} & told
        assert (gate, INCONCLUSIVE) in told


def test_gates_are_judged_in_the_order_in_which_they_are_shown() -> None:
    assert tuple(verdict.gate for verdict in judge(wanted(), look())) == GATES


def test_a_region_of_which_nothing_is_known_passes_no_gate() -> None:
    blind = look("down", "down", "down")

    verdicts = judge(wanted(), blind)

    assert {verdict.status for verdict in verdicts} == {INCONCLUSIVE}
    assert {verdict.gate for verdict in verdicts} == set(GATES)


def test_a_region_with_nobody_in_it_passes_no_gate_that_asks_for_work() -> None:
    empty = look((), (), QueueSample(0, 0, 7, None))

    passed = {v.gate for v in judge(wanted(), empty) if v.status is PASS}

    assert passed == {"backlog", "oldest", "dead_letters"}


OFF = GateRules(heartbeat_within=None, completions_min=None, dead_letters_max_new=None)


def test_a_gate_that_is_switched_off_is_not_asked_and_instances_always_are() -> None:
    assert [v.gate for v in judge(wanted(rules=OFF), look())] == ["instances"]
    assert [v.gate for v in judge(wanted(rules=OFF), look("x", "x", "x"))] == ["instances"]


def verdicts(*statuses: Status) -> tuple[Verdict, ...]:
    return tuple(Verdict(f"gate {i}", status, "", "") for i, status in enumerate(statuses))


@pytest.mark.parametrize(
    ("statuses", "in_time", "too_late"),
    [
        ((PASS,), PASS, PASS),
        ((PASS, PASS), PASS, PASS),
        ((PASS, WAIT), WAIT, FAIL),
        ((WAIT,), WAIT, FAIL),
        ((PASS, INCONCLUSIVE), WAIT, INCONCLUSIVE),
        ((WAIT, INCONCLUSIVE), WAIT, INCONCLUSIVE),
        ((PASS, FAIL), FAIL, FAIL),
        ((FAIL, WAIT), FAIL, FAIL),
        ((FAIL, INCONCLUSIVE), FAIL, FAIL),
    ],
)
def test_all_gates_together_give_one_answer(
    statuses: tuple[Status, ...], in_time: Status, too_late: Status
) -> None:
    given = verdicts(*statuses)

    assert settle(given, is_over=False) is in_time
    assert settle(given, is_over=True) is too_late


@pytest.mark.parametrize("bad", [WAIT, FAIL, INCONCLUSIVE])
@pytest.mark.parametrize("is_over", [False, True])
def test_one_gate_that_does_not_pass_is_enough_to_hold_a_region_back(
    bad: Status, *, is_over: bool
) -> None:
    assert settle(verdicts(PASS, PASS, bad, PASS), is_over=is_over) is not PASS


def test_the_deadline_is_the_longest_of_the_times_that_gates_have() -> None:
    assert ALL_GATES.deadline == timedelta(minutes=5)
    assert replace(ALL_GATES, completions_within=timedelta(minutes=9)).deadline == timedelta(
        minutes=9
    )
    without = replace(ALL_GATES, heartbeat_within=None, completions_within=timedelta(minutes=2))
    assert without.deadline == timedelta(minutes=2)
