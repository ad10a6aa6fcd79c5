"""Do notifications arrive?"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from console.commands.where import chosen_config, config_option
from console.domain.foreign import shown
from console.domain.notification import Message
from console.domain.vocabulary import Occasion
from console.engine.ports import Recipient
from console.errors import UsageError
from console.identity import operator
from console.wiring import World, wire


@click.group()
def notify() -> None:
    """Who is told how a rollout goes, and where nothing happens."""


@notify.command()
@config_option
@click.pass_context
def test(ctx: click.Context, /, config: Path | None, *, sandbox: bool) -> None:
    """Send a test message to every address of the settings. Changes nothing."""
    world = wire(chosen_config(ctx, config, sandbox=sandbox))
    if not world.settings.notify:
        raise UsageError(
            "the settings name nobody to notify",
            'write notify: ["${SLACK_WEBHOOK}"] or another address that Apprise knows',
        )
    failures = asyncio.run(_send(world))
    for recipient, failure in failures:
        line = f"{'✓' if failure is None else '✗'} {recipient.name:<22} {failure or 'was told'}"
        print(shown(line))  # noqa: T201 - stdout is the answer
    sys.exit(0 if all(failure is None for _, failure in failures) else 3)


async def _send(world: World) -> list[tuple[Recipient, str | None]]:
    settings, told = world.settings, world.notifications
    message = Message(
        Occasion.STARTED,
        "test",
        f"{settings.fleet} ({settings.environment}): a test of release-console",
        (f"sent by {operator()}; nothing was changed, and nothing has to be done",),
    )
    failures = await asyncio.gather(
        *(told.send(index, message) for index in range(len(told.recipients)))
    )
    return list(zip(told.recipients, failures, strict=True))
