"""A move in one region is told by that region's own rollout, whatever was rolled out since."""

from __future__ import annotations

from dataclasses import replace

from console.domain.events import (
    Entry,
    Event,
    RegionSurveyed,
    RolloutFinished,
    StepFinished,
    StepStarted,
)
from console.domain.fleet import RegionName, SlotTarget, UnitName
from console.domain.outcome import Outcome
from console.domain.policy import Policy, RegionSpec, Unit
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.situation import Situation
from console.domain.steps import At, Result, Step
from tests.recovery.situations import GONE, WORKS, current, region
from tests.rollout.world import NEW, OLD, START, started
from tests.tui.fleets import two_waves
from tests.tui.test_recover import Ward, choose, confirming

EAST, WEST, EU = (RegionName(n) for n in ("us-east-1", "us-west-1", "eu-west-1"))


def kept(ward: Ward, name: str, found: SlotTarget, *regions: RegionName, back: str = "") -> None:
    """Keep a rollout in the journal that has come to its end, in `regions` or in all."""
    policy = ward.paper.policy
    rules = _only(policy, regions) if regions else policy
    label, image = (OLD.release, OLD.image) if back else (NEW.release, NEW.image)
    begun = started(rules, rollout=name, label=label, image=image, rolls_back=back)
    tainted = [At(Step.TAINT, UnitName(r.name)) for r in rules.regions if r.name != EU]
    facts: list[Event] = [
        begun,
        *(RegionSurveyed(r.name, (found,) * r.count, (), 0) for r in rules.regions),
        *(StepStarted(at) for at in tainted),
        *(StepFinished(at, Result.OK) for at in tainted),
        RolloutFinished(Outcome.PARTIAL, 5, "it stopped", ""),
    ]
    entries = [Entry(name, seq, START, fact) for seq, fact in enumerate(facts, start=1)]
    ward.paper.journal.append(entries)


def _only(policy: Policy, names: tuple[RegionName, ...]) -> Policy:
    regions: tuple[RegionSpec, ...] = tuple(r for r in policy.regions if r.name in names)
    units: tuple[Unit, ...] = tuple(u for u in policy.units if set(u.regions) & set(names))
    return replace(policy, regions=regions, units=units)


def in_region(name: RegionName, situation: Situation) -> Situation:
    return replace(situation, region=name, cause=None)


async def test_a_second_region_is_rolled_back_after_the_first() -> None:
    left = region(current(0, WORKS), current(1, WORKS), desired=2)
    it = Ward(two_waves(), in_region(EU, left))
    kept(it, "r1", OLD)
    kept(it, "r2", NEW, WEST, back="r1")
    async with it.shown(choice=None) as shown:
        await shown.sees("in the registry")
        await shown.pilot.press("ctrl+r")
        await shown.sees("rollback")
        await choose(shown, Remedy.ROLLBACK)
        await confirming(shown)
        await shown.pilot.press("y")
        await shown.until(lambda: len(it.chosen) == 1)
    (chosen,) = it.chosen
    assert (chosen.label, chosen.image) == (OLD.release, OLD.image)
    assert (chosen.regions, chosen.rolls_back) == ((EU,), "r1")


async def test_where_the_newest_rollout_never_came_a_retry_ships_what_runs_there() -> None:
    left = region(current(0, WORKS, "0.9.0"), current(1, GONE, "0.9.0"), desired=2)
    it = Ward(two_waves(), in_region(EU, replace(left, is_untouched=True)))
    kept(it, "r1", OLD)
    async with it.shown(choice=None) as shown:
        await shown.sees("in the registry")
        await shown.pilot.press("ctrl+r")
        await shown.sees("retry")
        await choose(shown, Remedy.RETRY)
        await confirming(shown)
        await shown.sees("A rollout of 0.9.0 begins")
        await shown.pilot.press("y")
        await shown.until(lambda: len(it.chosen) == 1)
    (chosen,) = it.chosen
    assert (chosen.label, chosen.image, chosen.regions) == (OLD.release, OLD.image, (EU,))
