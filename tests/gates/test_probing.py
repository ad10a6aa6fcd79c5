"""What a probe's answer means for its gate: neither silence nor an error is ever a pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain.events import Entry, Event, GateJudged, RegionSurveyed
from console.domain.evolve import replay
from console.domain.gates import Status, Verdict, judge, settle
from console.domain.pacing import Moment, paced
from console.domain.policy import Pace, ProbeRule
from console.domain.probe import Answer, ProbeAnswer
from tests.rollout.world import START, policy, started

from .looks import ALL_GATES, EU, NOW, look, wanted

RULE = ProbeRule("alarm quiet", "OK")
RULES = replace(ALL_GATES, probes=(RULE,))
PASS, WAIT, FAIL, INCONCLUSIVE = Status


def answered(answer: Answer, **changes: object) -> ProbeAnswer:
    told = ProbeAnswer("alarm quiet", NOW, answer, "ALARM", "1 of 3 datapoints")
    return replace(told, **changes)  # type: ignore[arg-type]


def verdict_on(*answers: ProbeAnswer, alarming: tuple[str, ...] = ()) -> Verdict:
    expected = replace(wanted(rules=RULES), alarming=alarming)
    (verdict,) = [
        v for v in judge(expected, replace(look(), probes=answers)) if v.gate == RULE.gate
    ]
    return verdict


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer.GOOD, PASS),
        (Answer.BAD, FAIL),
        (Answer.NO_DATA, INCONCLUSIVE),
        (Answer.ERROR, INCONCLUSIVE),
    ],
)
def test_an_answer_is_a_verdict_with_what_was_measured(answer: Answer, status: Status) -> None:
    verdict = verdict_on(answered(answer))
    assert verdict.status is status
    assert (verdict.measured, verdict.threshold) == ("ALARM", "OK")
    assert "1 of 3 datapoints" in verdict.reason


def test_no_answer_yet_is_waited_for_and_no_data_when_time_is_up() -> None:
    verdict = verdict_on()
    assert (verdict.status, verdict.measured) == (WAIT, "no answer yet")
    assert settle((verdict,), is_over=False) is WAIT
    assert settle((verdict,), is_over=True) is INCONCLUSIVE


def test_the_answer_of_another_gate_is_none_of_this_one() -> None:
    assert verdict_on(answered(Answer.GOOD, gate="alarm other")).status is WAIT


def test_an_answer_that_was_told_before_is_no_news() -> None:
    assert verdict_on(answered(Answer.GOOD)).is_news
    assert not verdict_on(answered(Answer.GOOD, is_news=False)).is_news


def test_an_alarm_that_rang_before_the_rollout_tells_nothing_of_the_release() -> None:
    verdict = verdict_on(answered(Answer.BAD), alarming=(RULE.gate,))
    assert verdict.status is INCONCLUSIVE
    assert "as before the rollout began" in verdict.reason
    assert verdict_on(answered(Answer.GOOD), alarming=(RULE.gate,)).status is PASS


def test_an_alarm_that_was_ok_since_tells_of_the_release_again() -> None:
    start = started(policy(eu_west_1=1))
    surveyed = RegionSurveyed(EU, (None,), (), 0, alarming=(RULE.gate, "alarm other"))
    good = Verdict(RULE.gate, PASS, "OK", "OK")
    events: list[Event] = [start, surveyed, GateJudged(EU, good)]
    entries = [
        Entry("r1", seq, START + timedelta(seconds=seq), event)
        for seq, event in enumerate(events, start=1)
    ]
    before, after = replay(entries[:2]), replay(entries)
    assert before is not None
    assert before.region(EU).alarming == (RULE.gate, "alarm other")
    assert after is not None
    assert after.region(EU).alarming == ("alarm other",)


MOMENT = Moment(NOW, NOW - timedelta(minutes=1))


def test_one_answer_counts_once_however_often_its_region_is_looked_at() -> None:
    pace = Pace(consecutive=2, failures_allowed=1)
    first = paced(verdict_on(answered(Answer.BAD)), None, pace, MOMENT)
    assert (first.status, first.counts.failures) == (WAIT, 1)
    same = paced(verdict_on(answered(Answer.BAD, is_news=False)), first, pace, MOMENT)
    assert same == first
    second = paced(verdict_on(answered(Answer.BAD)), same, pace, MOMENT)
    assert second.status is FAIL


def test_waiting_for_the_first_answer_uses_up_no_error() -> None:
    pace = Pace(errors_allowed=0)
    silent = paced(verdict_on(), None, pace, MOMENT)
    assert settle((silent,), is_over=False) is WAIT
    error = paced(verdict_on(answered(Answer.ERROR)), silent, pace, MOMENT)
    assert settle((error,), is_over=False) is INCONCLUSIVE


def test_a_dry_probe_decides_nothing() -> None:
    dry = paced(verdict_on(answered(Answer.BAD)), None, Pace(dry_run=True), MOMENT)
    assert (dry.status, dry.is_dry) == (FAIL, True)
    assert settle((dry,), is_over=True) is PASS


def test_the_pace_of_a_probe_is_found_by_its_gate() -> None:
    rules = replace(RULES, paces=((RULE.gate, Pace(dry_run=True)),))
    assert rules.pace("alarm quiet").dry_run
