"""What can be typed, and how does each command end?

Only click, and the words and numbers of errors, are imported here: `--help` must not wait for AWS,
pydantic or Textual. Each command imports what it needs when it runs.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from console import __version__
from console.errors import ConsoleError
from console.exit_codes import ExitCode

_EPILOG = """\b
examples:
  release-console --sandbox --auto --release 0.9.1   a real rollout on the embedded world
  release-console --auto --release 1.4.0             build, test, push and roll out, for CI
  release-console status                             what every region runs now

\b
exit codes:
  0 completed   2 bad usage or settings   3 refused, nothing changed   4 locked
  5 halted, a person is needed   6 rolled back   7 aborted
  130, 143 interrupted, or no yes   1 a bug

settings: --config FILE, else RELEASE_CONSOLE_CONFIG, else config/release.yaml
"""

# Where each command lives, and its line in --help: nothing is imported to print it.
_COMMANDS = {
    "status": ("status", "Show what every region runs, its queue and its locks."),
    "watch": ("watch", "Say where nothing happens, without a screen; runs until it is ended."),
    "serve": ("serve", "Put the watch mode on a web page of this machine, read-only."),
    "history": ("history", "List earlier rollouts and how they ended."),
    "report": ("report", "Write what a rollout did as Markdown and HTML."),
    "resume": ("resume", "Go on with a rollout that its console left open."),
    "recover": ("recover", "Lead a fleet on from where a rollout stopped."),
    "scale": ("scale", "Give a region another number of workers."),
    "rollback": ("recover", "Roll the release before out again, the last wave first."),
    "abort": ("closing", "End a rollout that its console left open."),
    "unlock": ("closing", "Take the lease from a console that is dead."),
    "notify": ("notify", "Send a test to those who are told how a rollout goes."),
    "doctor": ("doctor", "Check tools, credentials, regions and the store."),
    "config": ("config", "Check the settings, or print their schema."),
    "await-ready": ("await_ready", "Wait until an instance has proven itself (for Terraform)."),
    "sandbox": ("sandbox", "Run the embedded world: up, down, books, scenario."),
}

# What `--json` prints of these are the lines of a rollout, and the last one tells how it ended.
_OF_A_ROLLOUT = {None, "resume", "recover", "scale", "rollback"}


class _Commands(click.Group):
    """Subcommands that are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"console.commands.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-"):
            import difflib

            near = difflib.get_close_matches(name, _COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else " See release-console --help."
            ctx.fail(f"there is no command {name!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--release", metavar="LABEL", help="What to ship, such as 0.9.1.")
@click.option("--image", metavar="REF", help="An image already pushed: no build, test, push.")
@click.option("--auto", is_flag=True, help="Headless, for CI: the policy approves.")
@click.option("--watch", is_flag=True, help="The same screen, read-only.")
@click.option("--regions", metavar="A,B", help="Only these regions.")
@click.option("--refresh", is_flag=True, help="Replace also what already runs this release.")
@click.option("--sandbox", is_flag=True, help="Run it on the embedded world.")
@click.option(
    "--report",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="With --auto: where its report is written; by default reports in the store.",
)
@click.option(
    "--config",
    "config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Settings; else RELEASE_CONSOLE_CONFIG, else config/release.yaml.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="With --auto: one JSON object a line on stdout."
)
@click.version_option(__version__, "--version", message="release-console %(version)s")
@click.pass_context
def cli(ctx: click.Context, /, config: Path | None, **asked: Any) -> None:  # noqa: ANN401 - click's
    """Take a new version through a fleet of queue workers, and lose no job."""
    ctx.obj = config
    if ctx.invoked_subcommand is not None:
        given = [name for name, value in asked.items() if value]
        if given:
            option = given[0].replace("as_json", "json").replace("_", "-")
            ctx.fail(f"put --{option} behind {ctx.invoked_subcommand!r}, or leave it out")
        return
    from console.commands.asked import Asked

    wanted = Asked(config=config, **asked)
    if wanted.is_plain_screen:
        from console.commands.opening import open_screen

        ctx.exit(open_screen(wanted))
    from console.commands.rollout import roll_out

    ctx.exit(roll_out(wanted))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with the exit code of the contract."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        result = cli.main(list(arguments), prog_name="release-console", standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        _last_line(arguments, ConsoleError(error.format_message(), "", ExitCode(error.exit_code)))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        # A Ctrl-C is the cause of what click makes of it; a question that got no yes has none.
        is_no = isinstance(error, click.Abort) and error.__cause__ is None
        reason = "nobody said yes; nothing was changed" if is_no else "interrupted"
        _last_line(arguments, ConsoleError(reason, "", ExitCode.INTERRUPTED))
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone; Python must not complain about it at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the last resort: told, logged, exit code 1
        from console.commands.endings import end_with

        code = end_with(error)
        _last_line(arguments, error)
        return code
    return result if isinstance(result, int) else 0


def _last_line(arguments: Sequence[str], error: Exception) -> None:
    """With `--json`, tell also the end of a rollout that could not even be asked for."""
    command = next((argument for argument in arguments if argument in _COMMANDS), None)
    if "--json" not in arguments or command not in _OF_A_ROLLOUT:
        return
    from console.commands.last_line import write_end
    from console.headless.output import LineWriter

    write_end(LineWriter(), error)


if __name__ == "__main__":
    main()
