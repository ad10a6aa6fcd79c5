"""How is a rollout gone on with, whose console died or was left?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from console.commands.heralding import heralding
from console.commands.last_line import write_end
from console.commands.reporting import leave_report
from console.commands.taking_up import LeftOpen, left_open, reconciled, taken_up
from console.commands.telling import say
from console.commands.where import chosen_config, config_option
from console.domain.rollout import Rollout
from console.errors import UsageError
from console.headless.output import LineWriter, Narrator
from console.headless.reporter import Reporter
from console.headless.runner import proceed
from console.wiring import SystemClock, World, wire


@click.command()
@click.option("--yes", is_flag=True, help="Answer the confirmation.")
@click.option("--confirm", metavar="FLEET", help="Also from a console that looks alive.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@config_option
@click.pass_context
def resume(
    ctx: click.Context,
    /,
    config: Path | None,
    *,
    sandbox: bool,
    yes: bool,
    confirm: str | None,
    as_json: bool,
) -> None:
    """Go on with a rollout that was left open, headless, to its end.

    A Terraform that still runs is waited for. Then the state and EC2 tell what was done: an apply
    that has ended is not run again, one that never began is planned anew, and one that stopped
    half-way halts the rollout with what is true now and what leads on. With a screen:
    release-console, without options, stands where the rollout stood.
    """
    path = chosen_config(ctx, config, sandbox=sandbox)
    left = left_open(wire(path))
    if left is None:
        say("no rollout is open; there is nothing to resume")
        return
    world = wire(path, only=[region.name for region in left.rollout.regions])
    if confirm is not None and confirm != world.settings.fleet:
        raise UsageError(
            f"--confirm takes the fleet's name, and {confirm!r} is not it",
            f"the fleet is {world.settings.fleet}",
        )
    say(left.told)
    if not yes and confirm is None:
        click.confirm("Go on with it? The policy says yes from here on.", abort=True, err=True)
    lines = LineWriter() if as_json else None
    try:
        ended = asyncio.run(_resume(world, left, lines, from_the_living=confirm is not None))
    except Exception as error:
        if lines is not None:
            write_end(lines, error)
        raise
    finally:
        leave_report(world, left.rollout.id, None, say)
    ctx.exit(ended.exit_code or 0)


async def _resume(
    world: World, left: LeftOpen, lines: LineWriter | None, *, from_the_living: bool
) -> Rollout:
    clock, narrator = SystemClock(), Narrator()
    reporter = Reporter(narrator, lines, clock)
    reporter.begin(left.rollout)
    async with (
        heralding(world, reporter.notice) as herald,
        taken_up(world, left, from_the_living=from_the_living) as (engine, running),
    ):
        running.stream.join(reporter)
        running.stream.join(herald)
        rollout, command = await reconciled(world, left, running.stream.progress)
        return await proceed(engine, running.stream, rollout, command, narrator, clock)
