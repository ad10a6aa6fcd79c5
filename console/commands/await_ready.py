"""How does Terraform wait until a new instance has proven itself?"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import click

from console.adapters.aws.await_ready import Wanted
from console.adapters.aws.await_ready import await_ready as wait
from console.adapters.aws.metrics import Workers
from console.commands.telling import say
from console.values import parse_span


def _span(ctx: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    """Read an option such as 300s or 5m."""
    try:
        return None if value is None else parse_span(value)
    except ValueError as error:
        raise click.BadParameter(f"{value} is {error}", ctx, param) from error


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
@click.option("--config", "config", metavar="FILE", type=click.Path(path_type=Path))
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
) -> None:
    """Wait until an instance beats with a release and its image, and has finished real jobs.

    Terraform's creation provisioner runs this, once for each new instance; the old instance is
    destroyed only after it has ended well. With --fleet, --namespace and --interval no settings are
    read, which saves its start half a second of CPU.
    """
    if fleet is None or namespace is None or interval is None:
        from console.wiring import wire

        settings = wire(config or ctx.obj).settings
        fleet = fleet or settings.fleet
        namespace = namespace or settings.heartbeat.namespace
        interval = interval or settings.heartbeat.interval
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
    failure = wait(wanted, every=min(interval, timedelta(seconds=2)), tell=say)
    if failure is None:
        say(f"{instance} works: it beats as {release} and has finished {completions} jobs or more")
        return
    say(f"error: {failure.message}\n  → {failure.hint}")
    sys.exit(5)
