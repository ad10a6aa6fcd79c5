"""Are the settings right, and what may be set?"""

from __future__ import annotations

from pathlib import Path

import click

from console.commands.telling import say
from console.commands.where import chosen_config, config_option


@click.group()
def config() -> None:
    """Check the settings, or print their schema."""


@config.command()
@config_option
@click.pass_context
def check(ctx: click.Context, /, config: Path | None, *, sandbox: bool) -> None:
    """Say everything that is wrong with the settings, each with file, line and key."""
    from console.wiring import wire

    world = wire(chosen_config(ctx, config, sandbox=sandbox))
    waves = world.policy.waves
    regions = len(world.policy.regions)
    say(f"{world.config} is good: {world.settings.fleet}, {regions} regions in {waves} waves")


@config.command()
def schema() -> None:
    """Print the JSON schema of the settings, for editors."""
    from console.settings import schema_text

    click.echo(schema_text(), nl=False)
