"""Which scenarios are there?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.sandbox.faults import end_troubles
from console.sandbox.scenarios import accidents, outages, releases
from console.sandbox.scenarios.scenario import ScenarioError, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from console.sandbox.layout import Layout
    from console.sandbox.scenarios.scenario import Scenario, TerraformByHand
    from console.sandbox.spec import RunningWorld

CALM = "calm"
"""Not a scenario: the end of what others have put into AWS and into the job queues."""

PREFERRED_REGION = "us-west-1"
"""Where the trouble is, unless said otherwise: three slots, and not the canary."""

SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        releases.BAD_IMAGE,
        releases.CRASH_LOOP,
        releases.NEVER_WORKS,
        releases.SLOW_BOOT,
        outages.POISON_JOBS,
        outages.NO_CAPACITY,
        outages.THROTTLED_CALLS,
        outages.EXPIRED_CREDENTIALS,
        outages.LOST_REGION,
        accidents.OPERATOR_KILLED,
        accidents.STALE_LOCK,
        accidents.UNTAINTED_BY_HAND,
        accidents.TERMINATED_BY_HAND,
        accidents.SECOND_OPERATOR,
    )
}
"""By name, in the order of the list."""


def set_stage(
    world: RunningWorld,
    region: str | None,
    say: Callable[[str], None],
    terraform: TerraformByHand,
) -> Stage:
    """Return the stage for a world and a region.

    Args:
        world: one that runs.
        region: None for the usual one.
        say: hears what is being done.
        terraform: what a person does to states.

    Raises:
        ScenarioError: the world has no such region.
    """
    usual = PREFERRED_REGION if PREFERRED_REGION in world.regions else [*world.regions][-1]
    chosen = region or usual
    if chosen not in world.regions:
        raise ScenarioError(
            f"This sandbox has no region {chosen}.", f"It has {', '.join(world.regions)}."
        )
    return Stage(world, chosen, say, terraform)


def calm(layout: Layout) -> str:
    """Let AWS answer again and every job be a good one; returns what is true now."""
    ended = end_troubles(layout.faults)
    if not ended:
        return "nothing was wrong with AWS or with the jobs"
    return f"AWS answers and jobs are good again; no longer: {', '.join(ended)}"
