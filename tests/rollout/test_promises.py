"""A move that is a rollout tells at its end whether it has led to what was promised."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from console.domain import effects
from console.domain.events import Noticed, RolloutFinished
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName
from console.domain.narrate import tell
from console.domain.outcome import Outcome
from console.domain.recovery.move import Promised
from console.domain.rollout import Rollout
from console.domain.sentence import Tone
from console.journal.codec import decode, encode

from .test_orphans import WithOrphan
from .world import BROKEN, OLD, PaperWorld, policy, run, started, yes

EU = RegionName("eu-west-1")
TWO = Promised(EU, healthy=2, left_over=0)


def retried(world: PaperWorld, promised: Promised) -> tuple[Rollout, list[Noticed]]:
    """Retry a region of two slots, and return what was noticed beside."""
    start = started(policy(eu_west_1=2), where="--config c.yaml", promised=(promised,))
    rollout = run(world, start, yes, most_s=400)
    return rollout, [event for event in world.events if isinstance(event, Noticed)]


def test_what_has_come_as_promised_is_told_as_good() -> None:
    rollout, (note,) = retried(PaperWorld({"eu-west-1": [OLD, OLD]}), TWO)

    assert rollout.outcome is Outcome.COMPLETED
    text = "eu-west-1: as promised: 2 workers healthy, 2 wanted, nothing left over"
    assert (note.text, note.region) == (text, EU)
    told = tell(note, rollout)
    assert told is not None
    assert told.tone is Tone.GOOD


@pytest.mark.parametrize("fails", [False, True])
def test_what_has_not_is_told_with_both_numbers_and_where_to_look(fails: bool) -> None:
    world = PaperWorld({"eu-west-1": [OLD, OLD]})
    if fails:
        world.failures[effects.ApplyPlan] = BROKEN

    _, (note,) = retried(world, replace(TWO, healthy=3))

    assert note.text.startswith("eu-west-1: not as promised: 2 workers healthy, 3 promised; ")
    assert note.text.endswith(
        "what may be done: release-console recover --region eu-west-1 --config c.yaml"
    )
    assert not note.is_good


def test_a_rollout_that_was_refused_has_broken_no_promise() -> None:
    refused = Failure(FailureKind.REFUSED, "the plan is another one")
    world = PaperWorld({"eu-west-1": [OLD, OLD]}, failures={effects.MakePlan: refused})

    rollout, noticed = retried(world, replace(TWO, healthy=3))

    assert rollout.outcome is Outcome.REFUSED
    assert noticed == []


def test_an_orphan_that_was_to_stay_is_as_promised_and_leads_on() -> None:
    world = WithOrphan({"eu-west-1": [OLD, OLD]})

    rollout, (note,) = retried(world, Promised(EU, healthy=3, left_over=1))

    assert note.text.endswith("3 workers healthy, 2 wanted, 1 object left over")
    finished = world.events[-1]
    assert isinstance(finished, RolloutFinished)
    assert rollout.outcome is Outcome.COMPLETED
    assert "recover terminate --region eu-west-1 --instance i-lost" in finished.next


def test_a_start_that_an_older_console_has_written_promises_nothing() -> None:
    start = started(policy(eu_west_1=2), promised=(TWO,))
    older = json.loads(encode(start))
    del older["promised"]

    assert decode(encode(start)) == start
    assert decode(json.dumps(older)) == replace(start, promised=())
