"""An answer counts once: what comes again, or too late, changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from console.domain.commands import Abort, Approve
from console.domain.events import ApprovalRequested
from console.domain.failure import Failure, FailureKind
from console.domain.machine import Decision, Input, begin, decide
from console.domain.observations import Done, Failed, Sampled, Ticked
from console.domain.outcome import Outcome
from console.domain.rollout import Rollout
from tests.rollout.world import NEW, OLD, PaperWorld, policy, started

BROKEN = Failure(FailureKind.FAILED, "it broke")


class Echo:
    """Runs a rollout; each answer of an effect is given a second time."""

    def __init__(self) -> None:
        self.world = PaperWorld({"us-east-1": [OLD], "eu-west-1": [OLD, OLD]})
        self.waiting: list[Input] = []
        self.echoes: list[str] = []
        self.rollout = self.take(begin(started(policy(us_east_1=1, eu_west_1=2)), self.world.now))

    def take(self, decision: Decision) -> Rollout:
        for entry in decision.entries:
            if isinstance(entry.event, ApprovalRequested):
                self.waiting.append(Approve(entry.event.subject, "ada"))
        for effect in decision.effects:
            if (answer := self.world.answer(effect)) is not None:
                self.waiting.append(answer)
        return decision.rollout

    def send(self, received: Input, *, turns_bad: bool) -> None:
        self.rollout = self.take(decide(self.rollout, received, self.world.now))
        again: Input = received
        if turns_bad and isinstance(received, Done):
            again = Failed(received.at, BROKEN)
        echo = decide(self.rollout, again, self.world.now)
        self.echoes += [f"{received}: {entry.event}" for entry in echo.entries]

    def run(self, *, turns_bad: bool) -> None:
        while not self.rollout.is_finished:
            if self.waiting:
                self.send(self.waiting.pop(0), turns_bad=turns_bad)
            else:
                self.world.now += timedelta(seconds=1)
                samples = [self.world.sample(region.name) for region in self.rollout.regions]
                self.waiting += [Ticked(), *(Sampled(sample) for sample in samples)]


@pytest.mark.parametrize("turns_bad", [False, True])
def test_an_answer_that_comes_twice_changes_nothing(*, turns_bad: bool) -> None:
    echo = Echo()

    echo.run(turns_bad=turns_bad)

    assert echo.echoes == []
    assert echo.rollout.outcome is Outcome.COMPLETED
    assert echo.world.slots == {"us-east-1": [NEW], "eu-west-1": [NEW, NEW]}


def test_nothing_follows_the_end() -> None:
    echo = Echo()
    echo.run(turns_bad=False)

    late_ones: list[Input] = [Abort("ada"), Ticked()]
    late_ones += [Failed(step.at, BROKEN) for step in echo.rollout.steps]
    for late in late_ones:
        decision = decide(echo.rollout, late, echo.world.now)
        assert (decision.entries, decision.effects) == ((), ())
        assert decision.rollout == echo.rollout
