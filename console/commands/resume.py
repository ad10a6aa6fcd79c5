"""How is a rollout gone on with, whose console died or was left?"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import click

from console.commands.asked import Asked
from console.commands.endings import end_with
from console.commands.heralding import heralding
from console.commands.last_line import with_its_end, write_nothing_open
from console.commands.left_moves import clear_the_way, is_anything_left
from console.commands.reporting import leave_report
from console.commands.taking_up import LeftOpen, left_open, reconciled, taken_up
from console.commands.telling import say
from console.commands.unattended import left_between, taken_back
from console.commands.where import chosen_config, config_option
from console.domain.rollout import Rollout
from console.errors import UsageError
from console.headless.lines import end_line
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
    half-way halts the rollout with what is true now and what leads on. Where the policy rolls
    back what failed, that follows here too. With a screen:
    release-console, without options, stands where the rollout stood.
    """
    path = chosen_config(ctx, config, sandbox=sandbox)
    ctx.exit(with_its_end(partial(_resume, path, yes=yes, confirm=confirm), as_json=as_json))


def _resume(path: Path | None, lines: LineWriter | None, *, yes: bool, confirm: str | None) -> int:
    known = wire(path)
    asked = Asked(path, auto=True, as_json=lines is not None)
    left = left_open(known)
    if left is None:
        return _with_none_open(known, asked, lines, yes=yes)
    world = wire(path, only=[region.name for region in left.rollout.regions])
    if confirm is not None and confirm != world.settings.fleet:
        raise UsageError(
            f"--confirm takes the fleet's name, and {confirm!r} is not it",
            f"the fleet is {world.settings.fleet}",
        )
    say(left.told)
    if not yes and confirm is None:
        click.confirm("Go on with it? The policy says yes from here on.", abort=True, err=True)
    return led_to_its_end(world, left, asked, lines, from_the_living=confirm is not None)


def led_to_its_end(
    world: World,
    left: LeftOpen,
    asked: Asked,
    lines: LineWriter | None,
    *,
    from_the_living: bool = False,
    skips: bool = False,
) -> int:
    """Go on with a rollout that was left open, take it back where its policy says so.

    Args:
        world: the fleet, restricted to the rollout's regions.
        left: the rollout.
        asked: how it is told, and how the settings were named.
        lines: where JSON lines go; None where none are wanted.
        from_the_living: whether it may be taken from a console that looks alive.
        skips: whether the region that halted it is left as it is, so that the others go on.

    Returns:
        The exit code of all of it.
    """
    going_on = _resumed(world, left, lines, from_the_living=from_the_living, skips=skips)
    try:
        ended, bug = asyncio.run(going_on)
    finally:
        leave_report(world, left.rollout.id, None, say)
    if bug is None:
        return taken_back(world.config, asked, ended, lines)
    if isinstance(bug, Exception):
        end_with(bug)  # only its trace is left to tell: the rollout itself has ended in order
    return int(ended.exit_code or 0)


def _with_none_open(world: World, asked: Asked, lines: LineWriter | None, *, yes: bool) -> int:
    """Go on with a take-back whose console died between two rollbacks, or end what is left."""
    between = left_between(world)
    if between is None:
        _clear(world, asked.where, lines)
        return 0
    newest, left = between
    say(left)
    if not yes:
        click.confirm("Go on with it, as the policy says?", abort=True, err=True)
    if lines is not None:
        # Should nothing be left to do after all, this is how it has ended.
        lines.write(SystemClock().now(), newest.id, end_line(newest))
    return taken_back(world.config, asked, newest, lines)


def _clear(world: World, where: str, lines: LineWriter | None) -> None:
    """End what is left after the end of the newest rollout, and say what leads on from there."""
    if not is_anything_left(world):
        say("no rollout is open; there is nothing to resume")
        write_nothing_open(lines, "resume")
        return
    asyncio.run(clear_the_way(world, where))
    lead = f"release-console recover {where}".rstrip()
    say(f"no rollout is open; {lead} shows what is true, and which move leads on")
    write_nothing_open(lines, "resume", lead)


async def _resumed(
    world: World,
    left: LeftOpen,
    lines: LineWriter | None,
    *,
    from_the_living: bool,
    skips: bool,
) -> tuple[Rollout, BaseException | None]:
    """Go on with a rollout that was left open, and return it finished, and the bug it met."""
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
        ended = await proceed(
            engine, running.stream, rollout, command, narrator, clock, skips=skips
        )
        return ended, engine.bug
