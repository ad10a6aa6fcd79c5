"""How does Terraform wait until a new instance has proven itself?"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from console.adapters.aws.await_ready import Seen, Wanted, await_proof
from console.adapters.aws.await_ready import await_ready as wait
from console.adapters.aws.metrics import Workers
from console.commands.telling import say
from console.domain.vocabulary import InstanceId, RegionName
from console.values import parse_span

if TYPE_CHECKING:
    from console.wiring import World

Look: TypeAlias = Callable[[Wanted], Callable[[Seen], Seen]]
"""Makes a look at what is wanted."""


def _span(ctx: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    """Read an option such as 300s or 5m."""
    try:
        return None if value is None else parse_span(value)
    except ValueError as error:
        raise click.BadParameter(f"{value} is {error}", ctx, param) from error


def _drain_before(config: Path | None, region: RegionName, instance: InstanceId) -> None:
    """Have what the instance replaces finish its jobs: it is destroyed next."""
    import asyncio

    from console.engine.draining import drain_predecessors
    from console.wiring import wire

    world = wire(config)
    if world.drain is None:
        return
    try:
        asyncio.run(
            drain_predecessors(
                world.drain, world.fleet, region, instance, lambda progress: say(progress.message)
            )
        )
    finally:
        world.session.close()


@click.command("await-ready")
@click.option("--region", required=True, metavar="R", help="Where the instance is.")
@click.option("--instance", required=True, metavar="I", help="Its id.")
@click.option("--release", required=True, metavar="L", help="The release that it must beat with.")
@click.option("--digest", metavar="D", help="sha256:... of the image, if it reports what it runs.")
@click.option("--completions", required=True, type=click.IntRange(0), metavar="N", help="Jobs.")
@click.option("--within", required=True, callback=_span, metavar="T", help="Such as 300s or 5m.")
@click.option("--fleet", help="Instead of the settings' fleet.")
@click.option("--namespace", help="Instead of the settings' heartbeat.namespace.")
@click.option("--interval", callback=_span, help="Instead of the settings' heartbeat.interval.")
@click.option("--drain", is_flag=True, help="Then drain what it replaces, as the settings say.")
@click.option("--config", "config", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--directory", metavar="D", help="Read the settings as if it were started there.")
@click.pass_context
def await_ready(
    ctx: click.Context,
    /,
    region: str,
    instance: str,
    release: str,
    digest: str | None,
    completions: int,
    within: timedelta,
    fleet: str | None,
    namespace: str | None,
    interval: timedelta | None,
    config: Path | None,
    directory: str | None,
    drain: bool,
) -> None:
    """Wait until an instance beats with a release and its image, and has finished real jobs.

    Terraform's creation provisioner runs this, once for each new instance; the old instance is
    destroyed only after it has ended well. With --fleet, --namespace and --interval no settings are
    read, which saves its start half a second of CPU; the source is CloudWatch then.
    """
    if directory is not None:
        os.chdir(directory)
    look: Look | None = None
    if fleet is None or namespace is None or interval is None:
        from console.wiring import wire

        world = wire(config or ctx.obj)
        settings = world.settings
        fleet = fleet or settings.fleet
        namespace = namespace or settings.heartbeat.namespace
        interval = interval or settings.heartbeat.interval
        look = _other_look(world)
    wanted = Wanted(
        region=region,
        instance=instance,
        release=release,
        workers=Workers(namespace, fleet),
        completions=completions,
        within=within,
        interval=interval,
        digest=digest,
    )
    every = min(interval, timedelta(seconds=2))
    if look is None:
        failure = wait(wanted, every=every, tell=say)
    else:
        failure = await_proof(wanted, look(wanted), every=every, tell=say)
    if failure is None:
        say(f"{instance} works: it beats as {release} and has finished {completions} jobs or more")
        if drain:
            _drain_before(config or ctx.obj, RegionName(region), InstanceId(instance))
        return
    say(f"error: {failure.message}\n  → {failure.hint}")
    sys.exit(5)


def _other_look(world: World) -> Look | None:
    """Return how the settings' source is looked at; None where that is CloudWatch."""
    from console.adapters.heartbeats.proof import look_through
    from console.heartbeat_sources import beat_age_allowed
    from console.settings.heartbeat import HeartbeatSource

    settings = world.settings
    if settings.heartbeat.source is HeartbeatSource.CLOUDWATCH:
        return None
    source, fresh = world.heartbeats, beat_age_allowed(settings)
    return lambda wanted: look_through(source, wanted, fresh)
