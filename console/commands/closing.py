"""How is what a dead console left behind brought to an end?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from console import __version__
from console.commands.heralding import heralding
from console.commands.reporting import leave_report
from console.commands.telling import say
from console.commands.where import chosen_config, config_option
from console.domain.commands import Abort
from console.domain.failure import Failure, FailureKind
from console.domain.observations import Failed
from console.domain.rollout import Rollout
from console.engine.autopilot import Autopilot
from console.engine.engine import Engine
from console.errors import LockedError, RefusedError
from console.headless.output import Narrator
from console.headless.reporter import Reporter
from console.journal.fenced import FencedJournal
from console.journal.keeper import Keeper
from console.journal.lease import Lease
from console.wiring import SystemClock, World, operator, wire


@click.command()
@click.option("--yes", is_flag=True, help="Answer the confirmation.")
@config_option
@click.pass_context
def abort(ctx: click.Context, /, config: Path | None, *, sandbox: bool, yes: bool) -> None:
    """End a rollout that its console left open.

    Nothing is reverted: marks that were not applied are taken back, every region is looked at once
    more, and the outcome is recorded.
    """
    world = wire(chosen_config(ctx, config, sandbox=sandbox))
    rollout = world.newest_rollout()
    if rollout is None or rollout.is_finished:
        say("no rollout is open; there is nothing to abort")
        return
    lease = world.desk.look()
    if lease is not None and lease.is_alive(SystemClock().now()):
        raise LockedError(f"rollout {rollout.id} is run by {lease}", "press Ctrl-C where it runs")
    if not yes:
        click.confirm(f"End rollout {rollout.id} of {rollout.request.label}?", abort=True, err=True)
    ended = asyncio.run(_end(world, rollout, lease))
    leave_report(world, rollout.id, None, say)
    ctx.exit(ended.exit_code or 0)


async def _end(world: World, rollout: Rollout, dead: Lease | None) -> Rollout:
    clock = SystemClock()
    await _refuse_while_terraform_runs(world)
    if dead is not None:
        world.desk.release(dead)
        say(f"took the lease of {dead}")
    lease = world.desk.claim(operator(), __version__, f"aborting {rollout.id}", clock.now())
    keeper = Keeper(world.desk, lease, clock)
    reporter = Reporter(Narrator(), None, clock)
    async with (
        heralding(world, reporter.notice) as herald,
        keeper.keeping(),
        world.running(rollout.id) as running,
    ):
        running.stream.join(reporter)
        running.stream.join(herald)
        engine = Engine(
            FencedJournal(world.journal, lease),
            running.performer,
            running.stream,
            clock,
            may_act=keeper.may_act,
        )
        running.stream.join(Autopilot(engine.send))
        for step in rollout.running:
            # Nobody waited for its end, so nobody knows it; the census tells what is true.
            message = f"its console died during {step.at}"
            engine.send(Failed(step.at, Failure(FailureKind.INCONCLUSIVE, message)))
        return await engine.proceed(rollout, Abort(operator()))


async def _refuse_while_terraform_runs(world: World) -> None:
    """Terraform outlives its console; what it is doing is not over while it holds the lock."""
    for unit in world.policy.units:
        state = await world.infrastructure.read(unit.name)
        if isinstance(state, Failure):
            raise RefusedError(state.message, state.hint)
        for region, part in state.items():
            if part.lock is not None:
                raise LockedError(
                    f"the state of {region} is locked by {part.lock.holder} ({part.lock.operation}"
                    f", {part.lock.id}): the Terraform that the dead console started may still run",
                    "wait until release-console status shows no lock, then abort again",
                )


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
    state locks are not touched.
    """
    world = wire(chosen_config(ctx, config, sandbox=sandbox))
    lease = world.desk.look()
    if lease is None:
        say("nobody holds the lease")
        return
    if lease.is_alive(SystemClock().now()) and confirm != world.settings.fleet:
        raise RefusedError(
            f"the lease is held by {lease}, and that console looks alive",
            f"end it there; or, if you know better: unlock --confirm {world.settings.fleet}",
        )
    if not yes and confirm is None:
        click.confirm(f"Take the lease from {lease}?", abort=True, err=True)
    world.desk.release(lease)
    say(f"the lease of {lease} is taken away")
