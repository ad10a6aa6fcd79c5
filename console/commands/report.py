"""What did a rollout do, for those who were not there?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.commands.where import chosen_config, config_option
from console.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_LAST = "last"
_BOTH = "both"
_MOST = 5


@click.command()
@click.argument("rollout", default=_LAST, metavar="[ROLLOUT]")
@click.option(
    "--out",
    "directory",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where to; by default reports in the store.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(("md", "html", _BOTH)),
    default=_BOTH,
    show_default=True,
    help="Markdown, one page of HTML that needs nothing else, or both.",
)
@config_option
@click.pass_context
def report(
    ctx: click.Context,
    /,
    rollout: str,
    directory: Path | None,
    kind: str,
    config: Path | None,
    *,
    sandbox: bool,
) -> None:
    """Write what a rollout did as Markdown and HTML, and print where.

    ROLLOUT is an id of release-console history --json, the beginning of one, or last, which it is
    unless given. One that is under way or was left open is reported as far as its journal goes.
    """
    from console.commands.reporting import FORMATS, default_directory, write_report
    from console.wiring import wire

    world = wire(chosen_config(ctx, config, sandbox=sandbox))
    name = chosen(rollout, world.journal.rollouts())
    formats = FORMATS if kind == _BOTH else (kind,)
    for path in write_report(world, name, directory or default_directory(world), formats):
        click.echo(path)


def chosen(text: str, rollouts: Sequence[str]) -> str:
    """Return the id of the rollout that `text` names.

    Args:
        text: an id, the beginning of one, or `last`.
        rollouts: all ids, the newest first.

    Raises:
        UsageError: it names none, or several.
    """
    if not rollouts:
        raise UsageError("nothing was ever rolled out here", "release-console --release LABEL")
    if text in rollouts:
        return text
    if text == _LAST:
        return rollouts[0]
    found = [name for name in rollouts if name.startswith(text)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{text!r} is the beginning of several", f"write one of: {_list(found)}")
    raise UsageError(f"there is no rollout {text!r}", f"the newest are: {_list(rollouts)}")


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more
