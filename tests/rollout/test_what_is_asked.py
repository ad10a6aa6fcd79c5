"""The one sentence above a rollout: what holds it back hides behind no question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.commands import Command, Interrupt, Pause
from console.domain.fleet import RegionName, UnitName
from console.domain.machine import begin, decide
from console.domain.rollout import Halt, Rollout
from console.domain.rollout_view import ask_of
from console.domain.sentence import Tone
from console.domain.steps import At, Step

from .world import BROKEN, OLD, START, PaperWorld, policy, started

WEST = RegionName("us-west-1")


@pytest.fixture
def asking() -> Rollout:
    """Return a rollout that asks whether to ship."""
    world = PaperWorld({"us-east-1": [OLD]})
    decision = begin(started(policy(us_east_1=1)), world.now)
    surveyed = world.answer(decision.effects[0])
    assert surveyed is not None
    rollout = decide(decision.rollout, surveyed, world.now).rollout
    assert [question for _, question in rollout.questions] == ["Ship 0.9.1?"]
    return rollout


def after(rollout: Rollout, command: Command) -> Rollout:
    return decide(rollout, command, START).rollout


def test_what_is_asked_is_told(asking: Rollout) -> None:
    ask = ask_of(asking, START)

    assert (ask.text, ask.tone, ask.subject) == ("Ship 0.9.1?", Tone.ASK, asking.waiting_for[0])


def test_a_pause_stands_before_the_question_and_says_how_to_go_on(asking: Rollout) -> None:
    ask = ask_of(after(asking, Pause("ada@host")), START)

    assert ask.text == "paused by ada@host: nothing runs; still asked: Ship 0.9.1?"
    assert (ask.tone, ask.subject) == (Tone.WARN, asking.waiting_for[0])
    assert ("rollout.continue", "goes on") in ask.keys


def test_a_halt_stands_before_the_question_of_another_region(asking: Rollout) -> None:
    halted = replace(asking, halt=Halt(WEST, At(Step.APPLY, UnitName(WEST)), BROKEN))

    ask = ask_of(halted, START)

    assert ask.text == f"halted at us-west-1: {BROKEN.message}; still asked: Ship 0.9.1?"
    assert (ask.tone, ask.subject) == (Tone.BAD, asking.waiting_for[0])
    assert "view.recover" in dict(ask.keys)


def test_where_a_stop_waits_for_a_yes_the_question_stands_first(asking: Rollout) -> None:
    """The regions that were begun are finished: a yes is what they wait for."""
    stopped = after(asking, Interrupt(2))
    asked = replace(stopped, questions=asking.questions, waiting_for=asking.waiting_for)

    assert ask_of(asked, START).text == "Ship 0.9.1?"
