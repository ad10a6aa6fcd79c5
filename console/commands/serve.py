"""How do colleagues see the watch mode in a browser?"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from contextlib import redirect_stdout
from pathlib import Path

import click

from console.commands.extras import serve_installed
from console.commands.telling import say
from console.commands.where import chosen_config, config_option
from console.errors import RefusedError, UsageError

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command()
@config_option
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option(
    "--port",
    default=8765,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="0 takes any free one.",
)
@click.pass_context
def serve(
    ctx: click.Context, /, config: Path | None, *, sandbox: bool, host: str, port: int
) -> None:
    """Put the watch mode, and only that, on a web page of this machine.

    Each browser that looks gets a `release-console --watch` of its own, up to twelve at once: the
    same screens as in a terminal, live while somebody rolls out, and no key in them changes
    anything.

    There is no password, so it listens on loopback only. To look from another machine, log in to
    this one and take the port along:

    \b
      ssh -L 8765:127.0.0.1:8765 this-machine     then open http://127.0.0.1:8765

    Ctrl-C ends it, and every view with it; a rollout goes on. Needs the extra `serve`: pip install
    'release-console[serve]'.
    """
    with serve_installed():
        from console.web.server import is_loopback
    if not is_loopback(host):
        raise UsageError(
            f"--host {host} is no loopback address: the page has no password, and whoever "
            "reaches it sees the fleet",
            f"leave --host out, and look from elsewhere through ssh -L {port}:127.0.0.1:{port} "
            "this-machine",
        )
    from console.settings import load, settings_path

    path = (chosen_config(ctx, config, sandbox=sandbox) or settings_path(os.environ)).absolute()
    settings = load(path)
    title = f"{settings.fleet} ({settings.environment}) · watch"
    # textual-serve prints what a watch has to say for itself; stdout is for data.
    with redirect_stdout(sys.stderr):
        asyncio.run(_serve(watch_command(path), title, host.strip("[]"), port))


def watch_command(config: Path) -> str:
    """Return what runs for each browser, for a shell: this console, read-only."""
    command = (sys.executable, "-m", "console.cli", "--watch", "--config", str(config))
    # In the shell's place, so that there is no shell to end beside it.
    return f"exec {shlex.join(command)}"


async def _serve(command: str, title: str, host: str, port: int) -> None:
    from console.web.server import serving

    is_over = asyncio.Event()
    for number in _ENDINGS:
        asyncio.get_running_loop().add_signal_handler(number, is_over.set)
    try:
        async with serving(command, title, host, port) as bound:
            shown = f"[{host}]" if ":" in host else host
            say(f"{title}: http://{shown}:{bound}")
            say("read-only, and for this machine only; Ctrl-C ends it and all its views")
            await is_over.wait()
    except OSError as error:
        raise RefusedError(
            f"port {port} of {host} cannot be had: {error.strerror or error}",
            "--port 0 takes any free one",
        ) from error
    say("the page is gone; a rollout goes on")
