"""Fleets on paper that the console is shown with."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from console.domain.policy import Policy
from tests.rollout.world import OLD, PaperWorld, policy
from tests.tui.paper import Paper


def one_region(environment: str = "test", **rules: object) -> Paper:
    """Return a fleet of one region with two slots."""
    return Paper(
        PaperWorld({"us-east-1": [OLD, OLD]}), _with(policy(us_east_1=2), rules), environment
    )


def two_waves(environment: str = "test", **rules: object) -> Paper:
    """Return a canary, and a second wave of two regions."""
    world = PaperWorld({"us-east-1": [OLD], "us-west-1": [OLD, OLD, OLD], "eu-west-1": [OLD, OLD]})
    made = policy(us_east_1=1, us_west_1=3, eu_west_1=2)
    regions = tuple(replace(spec, wave=min(2, spec.wave)) for spec in made.regions)
    units = tuple(replace(unit, wave=min(2, unit.wave)) for unit in made.units)
    return Paper(world, _with(replace(made, regions=regions, units=units), rules), environment)


def _with(rules: Policy, changes: dict[str, object]) -> Policy:
    quick: dict[str, object] = {"sample_every": timedelta(seconds=0.2), **changes}
    return replace(rules, **quick)  # type: ignore[arg-type]
