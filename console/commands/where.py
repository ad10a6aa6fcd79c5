"""Which settings does a command read?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from console.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])


def config_option(command: F) -> F:
    """Let a command take `--config FILE` and `--sandbox`, behind its name as well as before it."""
    option = click.option(
        "--config",
        "config",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Settings; else RELEASE_CONSOLE_CONFIG, else config/release.yaml.",
    )
    sandbox = click.option("--sandbox", is_flag=True, help="The sandbox of this directory.")
    return option(sandbox(command))


def chosen_config(ctx: click.Context, config: Path | None, *, sandbox: bool = False) -> Path | None:
    """Return the settings file that was named, or None for the default.

    Raises:
        UsageError: no sandbox was started in this directory.
    """
    if sandbox:
        return sandbox_config()
    above: Path | None = ctx.obj
    return config or above


def sandbox_config() -> Path:
    """Return the settings file of this directory's sandbox.

    Raises:
        UsageError: none was started here.
    """
    from console.commands.extras import sandbox_installed

    with sandbox_installed():
        from console.founding import default_directory
        from console.sandbox.layout import Layout
    founded = Layout(default_directory()).config
    if not founded.exists():
        raise UsageError(
            "no sandbox was started in this directory",
            "start one: release-console sandbox up --detach",
        )
    return founded
