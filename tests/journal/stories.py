"""Whole rollouts on paper, as the journal would keep them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from console.domain.commands import Approve, Close, Continue, Interrupt, Pause
from console.domain.events import (
    ApprovalRequested,
    Entry,
    Event,
    Paused,
    RolloutHalted,
    StepStarted,
    WaveFinished,
)
from console.domain.machine import Decision, Input, begin, decide
from console.domain.observations import Sampled, Ticked
from console.domain.policy import Mark
from console.domain.rollout import Rollout
from console.domain.steps import At, Step
from tests.rollout.world import BROKEN, OLD, PaperWorld, policy, started

NAMES = ("good", "halted", "interrupted", "paused", "broken build")


def story(name: str) -> tuple[list[Entry], Rollout]:
    """Return a rollout's entries and where it ended."""
    from console.domain import effects

    world = PaperWorld({"us-east-1": [OLD], "eu-west-1": [OLD, OLD, None]})
    rules = replace(policy(us_east_1=1, eu_west_1=3), bake=timedelta(seconds=3))
    if name == "halted":
        world.sick.add("us-east-1")
    if name == "broken build":
        world.failures[effects.Build] = BROKEN
    if name == "paused":
        rules = replace(rules, mark=Mark.REPLACE)
    waiting: list[Input] = []
    decision = begin(started(rules), world.now)
    entries = _take(name, world, decision, waiting)
    rollout = decision.rollout
    while not rollout.is_finished:
        if not waiting:
            world.now += timedelta(seconds=1)
            waiting.append(Ticked())
            waiting.extend(Sampled(world.sample(region.name)) for region in rollout.regions)
        decision = decide(rollout, waiting.pop(0), world.now)
        rollout = decision.rollout
        entries += _take(name, world, decision, waiting)
    return entries, rollout


def _take(name: str, world: PaperWorld, decision: Decision, waiting: list[Input]) -> list[Entry]:
    waiting.extend(answer for e in decision.entries if (answer := _answer(name, e.event)))
    waiting.extend(seen for effect in decision.effects if (seen := world.answer(effect)))
    return list(decision.entries)


def _answer(name: str, event: Event) -> Input | None:
    match event:
        case ApprovalRequested(subject):
            return Approve(subject, "ada")
        case RolloutHalted():
            return Close("ada")
        case WaveFinished(1) if name == "paused":
            return Pause("ada")
        case Paused():
            return Continue("ada")
        case StepStarted(At(Step.APPLY)) if name == "interrupted":
            return Interrupt(2)
        case _:
            return None
