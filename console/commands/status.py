"""What is true of the fleet now?"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from console.commands.asked import Asked
from console.commands.census import Census, as_data, as_text
from console.commands.where import chosen_config, config_option
from console.domain.backlog_hint import backlog_hint
from console.domain.fleet import RegionName
from console.domain.rollout import Rollout
from console.domain.view import FleetView, RegionView, view_region
from console.engine.surveying import Seen
from console.wiring import SystemClock, World, wire


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def status(ctx: click.Context, /, config: Path | None, *, sandbox: bool, as_json: bool) -> None:
    """Show what every region runs, its queue and its locks, and slots that were changed outside
    the console. Changes nothing.
    """
    world = wire(chosen_config(ctx, config, sandbox=sandbox))
    rollout = world.newest_rollout()
    census = asyncio.run(look(world, world.last_acted()))
    lease, now = world.desk.look(), SystemClock().now()
    if as_json:
        click.echo(json.dumps(as_data(census, lease, rollout, now)))
    else:
        where = Asked(config, sandbox=sandbox).where
        for line in as_text(census, lease, rollout, now, where):
            print(line)  # noqa: T201 - data, on stdout
    # A region that could not be read is not a fleet that is well.
    sys.exit(5 if all(region.error for region in census.view.regions) else 0)


async def look(world: World, rollout: Rollout | None) -> Census:
    """Look at every region once. A region that fails hides no other."""
    try:
        seen = await world.surveyor.look(rollout)
    finally:
        world.session.close()
    now = SystemClock().now()
    found = {s.situation.region: s for s in seen}
    ordered = [found[RegionName(name)] for name in world.settings.regions if name in found]
    views = tuple(_view(world, s, now) for s in ordered)
    return Census(
        FleetView(world.settings.fleet, world.settings.environment, views),
        {s.situation.region: s.situation for s in ordered},
    )


def _view(world: World, seen: Seen, now: datetime) -> RegionView:
    survey = seen.survey
    view = view_region(
        survey.region,
        world.standing.region(survey.region).count,
        survey.state,
        survey.sample,
        state_error=survey.state_error or None,
        silent_after=world.settings.heartbeat.silent_after,
        boot_allowance=world.settings.readiness.within,
        now=now,
    )
    return replace(view, objects=seen.situation.objects, hint=_hint(world, view))


def _hint(world: World, view: RegionView) -> str:
    per_worker = world.policy.gates.backlog_per_worker
    if per_worker is None or view.queue is None or not view.is_seen:
        return ""
    return backlog_hint(view.queue.backlog, view.healthy, per_worker)
