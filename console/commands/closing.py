"""How is what a dead console left behind brought to an end?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import assert_never

import click

from console.commands.asked import Asked
from console.commands.heralding import heralding
from console.commands.last_line import write_nothing_open
from console.commands.left_moves import Attach
from console.commands.reporting import leave_report
from console.commands.taking_up import LeftOpen, as_recorded, left_open, taken_up
from console.commands.telling import say
from console.commands.where import chosen_config, config_option
from console.domain.commands import Abort
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName, StateLock
from console.domain.observations import Failed
from console.domain.recovery.situation import Liveness
from console.domain.recovery.typed import unlocking
from console.domain.rollout import Rollout
from console.engine.autopilot import Autopilot
from console.engine.engine import Engine
from console.errors import LockedError, RefusedError
from console.headless.output import LineWriter, Narrator
from console.headless.reporter import Reporter
from console.wiring import Running, SystemClock, World, operator, wire


@click.command()
@click.option("--yes", is_flag=True, help="Answer the confirmation.")
@config_option
@click.pass_context
def abort(ctx: click.Context, /, config: Path | None, *, sandbox: bool, yes: bool) -> None:
    """End a rollout that its console left open.

    Nothing is reverted: marks that were not applied are taken back, every region is looked at once
    more, and the outcome is recorded.
    """
    ctx.exit(end_open(chosen_config(ctx, config, sandbox=sandbox), yes=yes))


def end_open(config: Path | None, *, yes: bool, lines: LineWriter | None = None) -> int:
    """End the rollout that is open, and return its exit code; 0 where none is.

    Args:
        config: the settings file; None for the default.
        yes: whether the question is answered already.
        lines: where JSON lines go; None where nobody reads them.

    Raises:
        LockedError: a living console runs it, or a Terraform of a dead one still runs, or may.
    """
    world = wire(config)
    left = left_open(world)
    if left is None:
        say("no rollout is open; there is nothing to abort")
        write_nothing_open(lines, "abort")
        return 0
    rollout = left.rollout
    if left.is_alive:
        raise LockedError(
            f"rollout {rollout.id} is run by {left.lease}", "press Ctrl-C where it runs"
        )
    if not yes:
        click.confirm(f"End rollout {rollout.id} of {rollout.request.label}?", abort=True, err=True)
    ended = asyncio.run(_end(world, left, Asked(config).where, lines))
    leave_report(world, rollout.id, None, say)
    return int(ended.exit_code or 0)


async def _end(world: World, left: LeftOpen, where: str, lines: LineWriter | None) -> Rollout:
    reporter = Reporter(Narrator(), lines, SystemClock())
    if left.lease is not None:
        say(f"takes the lease of {left.lease}")
    async with heralding(world, reporter.notice) as herald:

        def attach(_: Engine, running: Running) -> None:
            reporter.begin(left.rollout)
            running.stream.join(reporter)
            running.stream.join(herald)

        return await aborted(world, left, where, attach, say)


async def aborted(
    world: World, left: LeftOpen, where: str, attach: Attach, tell: Callable[[str], None]
) -> Rollout:
    """End a rollout that its dead console has left open, and return it.

    Args:
        world: the fleet.
        left: the rollout.
        where: the options that name the settings, for commands in messages.
        attach: is told of the engine before anything is done.
        tell: hears what is left as it is, and why.

    Raises:
        LockedError: a Terraform of it still runs, or may; or its console lives.
    """
    await _refuse_while_terraform_runs(world, where, tell)
    async with taken_up(world, left) as (engine, running):
        attach(engine, running)
        running.stream.join(Autopilot(engine.send))
        # Whoever had the lease may have gone on until it was ours; since then nobody has.
        rollout = as_recorded(world, left.rollout.id)
        for step in rollout.running:
            # Nobody waited for its end, so nobody knows it; the census tells what is true.
            message = f"its console died during {step.at}"
            engine.send(Failed(step.at, Failure(FailureKind.INCONCLUSIVE, message)))
        return await engine.proceed(rollout, Abort(operator()))


async def _refuse_while_terraform_runs(
    world: World, where: str, tell: Callable[[str], None]
) -> None:
    """Terraform outlives its console; what it is doing is not over while it holds the lock.

    A lock whose holder is dead holds nothing back, and neither does a state that cannot be read:
    what is true of that region is recorded as unknown.
    """
    for unit in world.policy.units:
        state = await world.infrastructure.read(unit.name)
        if isinstance(state, Failure):
            tell(f"{unit.name} cannot be read, and is recorded as unknown: {state.message}")
            # Whether one still runs there can be seen here alone.
            await world.infrastructure.await_others(unit.name, lambda _: None)
            continue
        for region, part in state.items():
            if part.lock is not None:
                holder = await world.infrastructure.holder(unit.name, part.lock)
                _judge(region, part.lock, holder, where, tell)


def _judge(
    region: RegionName,
    lock: StateLock,
    holder: Liveness,
    where: str,
    tell: Callable[[str], None],
) -> None:
    abort, status = (
        f"release-console {words} {where}".rstrip() for words in ("abort --yes", "status")
    )
    held = f"the state of {region} is locked by {lock.holder} ({lock.operation}, {lock.id})"
    match holder:
        case Liveness.ALIVE:
            raise LockedError(
                f"{held}: the Terraform that the dead console started still runs",
                f"wait until {status} shows no lock, then abort again: {abort}",
            )
        case Liveness.UNKNOWN | Liveness.ELSEWHERE:
            raise LockedError(
                f"{held}, and whether that Terraform lives cannot be seen here",
                "once it is known to be dead, take its lock away: "
                f"{unlocking(region, lock, where)}; then abort again: {abort}",
            )
        case Liveness.DEAD:
            unlock = unlocking(region, lock, where)
            tell(f"{held}, and that Terraform is dead: {unlock} takes the lock away")
        case _:
            assert_never(holder)


@click.command()
@click.option("--yes", is_flag=True, help="Answer the confirmation.")
@click.option("--confirm", metavar="FLEET", help="Also from a console that may be alive.")
@config_option
@click.pass_context
def unlock(
    ctx: click.Context,
    /,
    config: Path | None,
    *,
    sandbox: bool,
    yes: bool,
    confirm: str | None,
) -> None:
    """Take the lease from a console that is dead.

    From one that looks alive it is taken only with --confirm and the fleet's name. Terraform's own
    state locks are not touched: release-console recover unlock takes those.
    """
    path = chosen_config(ctx, config, sandbox=sandbox)
    world = wire(path)
    lease = world.desk.look()
    if lease is None:
        say("nobody holds the lease")
        return
    if lease.is_alive(SystemClock().now()) and confirm != world.settings.fleet:
        raise RefusedError(
            f"the lease is held by {lease}, and that console looks alive",
            "end it there; or, if you know better: release-console unlock --confirm "
            f"{world.settings.fleet} {Asked(path).where}".rstrip(),
        )
    if not yes and confirm is None:
        click.confirm(f"Take the lease from {lease}?", abort=True, err=True)
    world.desk.release(lease)
    say(f"the lease of {lease} is taken away")
