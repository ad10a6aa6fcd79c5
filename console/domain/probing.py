"""What do a probe's answers mean for its gate?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.domain.policy import ProbeRule
from console.domain.probe import Answer, ProbeAnswer
from console.domain.verdicts import Verdict
from console.domain.vocabulary import Status

_STATUS = {
    Answer.GOOD: Status.PASS,
    Answer.BAD: Status.FAIL,
    Answer.NO_DATA: Status.INCONCLUSIVE,
    Answer.ERROR: Status.INCONCLUSIVE,
}


def probed(
    rules: Sequence[ProbeRule], answers: Sequence[ProbeAnswer], alarming: Sequence[str] = ()
) -> Iterator[Verdict]:
    """Yield the verdict of every gate that asks something outside, in the order of the settings.

    Args:
        rules: the gates.
        answers: what was answered since the region was applied, at most one a gate.
        alarming: gates whose alarms were in ALARM before anything had changed: until they are OK
            once, an ALARM tells nothing of the release.
    """
    known = {answer.gate: answer for answer in answers}
    for rule in rules:
        answer = known.get(rule.gate)
        yield _silent(rule) if answer is None else _verdict(rule, answer, rule.gate in alarming)


def _silent(rule: ProbeRule) -> Verdict:
    # To wait for the first answer is no failed look.
    return Verdict(rule.gate, Status.WAIT, "no answer yet", rule.threshold, is_news=False)


def _verdict(rule: ProbeRule, answer: ProbeAnswer, was_alarming: bool) -> Verdict:
    status, reason = _STATUS[answer.answer], answer.reason
    if was_alarming and answer.answer is Answer.BAD:
        status, reason = Status.INCONCLUSIVE, f"as before the rollout began; {reason}"
    return Verdict(
        rule.gate, status, answer.measured, rule.threshold, reason, is_news=answer.is_news
    )
