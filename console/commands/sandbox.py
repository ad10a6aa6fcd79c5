"""How is the embedded world started, asked and ended?"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from console.commands.extras import sandbox_installed
from console.commands.telling import say
from console.errors import RefusedError, UsageError

F = TypeVar("F", bound=Callable[..., Any])


_ROOTS = {"per-region": "region", "single-root": "single-root"}


def _dir_option(command: F) -> F:
    return click.option(
        "--dir",
        "directory",
        metavar="D",
        type=click.Path(path_type=Path),
        help="Where it lives; else .release-console/sandbox.",
    )(command)


def _place(directory: Path | None) -> Path:
    from console.founding import default_directory

    return (directory or default_directory()).resolve()


@click.group()
def sandbox() -> None:
    """Run the embedded world: AWS on loopback, real workers, real jobs."""


@sandbox.command()
@_dir_option
@click.option("--detach", is_flag=True, help="Leave it running in the background.")
@click.option("--rate", default=3.0, show_default=True, help="Jobs a second in each region.")
@click.option("--job-time", default=0.3, show_default=True, help="Seconds that a job takes.")
@click.option(
    "--stop-grace",
    default=20,
    show_default=True,
    help="Seconds that a worker has, from its stop signal on.",
)
@click.option("--port", default=0, help="Of the AWS endpoint; any free one unless given.")
@click.option(
    "--regions",
    metavar="R=N,…",
    default="us-east-1=1,us-west-1=3,eu-west-1=2",
    show_default=True,
    help="Regions with their instances; the first is the canary.",
)
@click.option(
    "--layout",
    type=click.Choice(["per-region", "single-root"]),
    default="per-region",
    show_default=True,
    help="A Terraform state for each region, or one for all.",
)
@click.option("--boot-delay", default=1.0, show_default=True, help="Seconds until a launcher runs.")
@click.option(
    "--instances",
    type=click.Choice(["auto", "containers", "processes"]),
    default="auto",
    show_default=True,
    help="What they are; auto: containers where a Docker engine and docker-registry are.",
)
@click.option(
    "--prometheus",
    default="",
    metavar="URL",
    help="Heartbeats go to this server, not to CloudWatch; it has to scrape D/targets/*.json.",
)
def up(
    directory: Path | None,
    *,
    detach: bool,
    rate: float,
    job_time: float,
    stop_grace: int,
    port: int,
    regions: str,
    layout: str,
    boot_delay: float,
    instances: str,
    prometheus: str,
) -> None:
    """Start a world with its first fleet at 0.9.0, or join the one that runs.

    \b
    D/env          exports to source: the AWS CLI, Terraform and release-console use the world
    D/config.yaml  settings for it, to use as they are or to copy and edit
    D/targets      with --prometheus: what to scrape, for its file_sd_configs

    In containers, the sample worker stands on this machine's own Python: a base image that the
    sandbox makes, and that nothing is meant to be shipped on. An image of yours names its own base.
    """
    with sandbox_installed():
        from console import founding
        from console.sandbox.control import stop
        from console.sandbox.layout import Layout
        from console.sandbox.spec import WorldSpec
    if prometheus and instances == "containers":
        raise UsageError(
            "--prometheus scrapes instances that are processes",
            "write --instances processes, or leave --prometheus out",
        )
    spec = WorldSpec(
        directory=_place(directory),
        terraform_root=founding.terraform_root(_ROOTS[layout]),
        layout=layout,
        regions=_counts(regions),
        rate=rate,
        job_time=timedelta(seconds=job_time),
        stop_grace=timedelta(seconds=stop_grace),
        port=port,
        boot_delay=timedelta(seconds=boot_delay),
        instances="processes" if prometheus else instances,
        prometheus=prometheus,
    )
    running, is_new = asyncio.run(founding.up(spec, say))
    files = Layout(running.directory)
    say(f"{'up' if is_new else 'already up'}: . {files.shell}, or --config {files.config}")
    if detach:
        return
    say("Ctrl-C ends it")
    try:
        _wait_for_signal()
    finally:
        stop(running.directory)
        say("down")


def _wait_for_signal() -> None:
    wanted = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
    signal.sigwait(wanted)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, wanted)


def _counts(text: str) -> dict[str, int]:
    try:
        pairs = [pair.split("=") for pair in text.split(",")]
        counts = {name.strip(): int(count) for name, count in pairs}
    except ValueError:
        counts = {}
    if not counts or min(counts.values()) < 1:
        raise UsageError(
            f"--regions {text!r} names no regions with their instances",
            "write it like us-east-1=1,eu-west-1=2",
        )
    return counts


@sandbox.command()
@_dir_option
def down(directory: Path | None) -> None:
    """End the world and everything that it runs."""
    with sandbox_installed():
        from console.sandbox.control import stop
    place = _place(directory)
    was_running = stop(place)
    say("down" if was_running else f"no sandbox was running in {place}")


@sandbox.command()
@_dir_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def books(directory: Path | None, *, as_json: bool) -> None:
    """Show the account of all jobs: sent, done, lost, done twice, and how long they waited."""
    with sandbox_installed():
        from console.sandbox.books import read_books
    place = _place(directory)
    found = read_books(place)
    if found is None:
        raise RefusedError(
            f"there are no books in {place}", "release-console sandbox up starts some"
        )
    data = asdict(found)
    if as_json:
        click.echo(json.dumps(data))
        return
    for key, value in data.items():
        click.echo(f"{key:<12} {_shown(value)}")


@sandbox.command()
@_dir_option
@click.argument("name", required=False)
@click.option("--region", metavar="R", help="Where; us-west-1 or the last one unless given.")
@click.option("--end", is_flag=True, help="The same as calm: take back what AWS and jobs suffer.")
def scenario(directory: Path | None, name: str | None, region: str | None, *, end: bool) -> None:
    """Put the world into trouble that an operator may meet, to practise the way out.

    Without NAME: the list of them. `calm` lets AWS answer again, and every job be a good one.
    """
    with sandbox_installed():
        from console.sandbox.control import load
        from console.sandbox.layout import Layout
        from console.sandbox.scenarios.registry import CALM, SCENARIOS, calm, set_stage
    if name is None and not end:
        for each in SCENARIOS.values():
            click.echo(f"{each.name:<20} {each.summary}")
        click.echo(f"{CALM:<20} takes back what the others have done to AWS and to the jobs")
        return
    is_calm = end or name == CALM
    chosen = None if is_calm else SCENARIOS.get(name or "")
    if not is_calm and chosen is None:
        raise UsageError(
            f"there is no scenario {name!r}", "release-console sandbox scenario lists them"
        )
    place = _place(directory)
    running = load(place)
    if running is None:
        raise RefusedError(f"no sandbox runs in {place}", "release-console sandbox up --detach")
    if chosen is None:
        say(calm(Layout(place)))
        return
    from console.commands.by_hand import TerraformByHand

    stage = set_stage(running, region, say, TerraformByHand(Layout(place).config))
    is_true = chosen.play(stage)
    for line in chosen.ending(stage, is_true):
        say(line)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {number}" for name, number in value.items()) or "-"
    return "-" if value is None else str(value)
