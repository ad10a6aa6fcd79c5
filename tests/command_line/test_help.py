"""Help is there for every command, and waits for nothing that it does not need."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from console import __version__
from console.cli import cli
from console.exit_codes import ExitCode

from .console import Project

HEAVY = ("boto3", "botocore", "pydantic", "yaml", "textual", "sqlite3", "cattrs", "asyncio")


def commands(group: click.Group, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield every command by the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*above, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*above, name))


COMMANDS = [(), *commands(cli)]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help(words: tuple[str, ...], project: Project) -> None:
    ran = project.run(*words, "--help")

    assert ran.exit_code == 0
    assert ran.stdout.startswith(" ".join(("Usage: release-console", *words)))
    assert ran.stderr == ""
    assert max(len(line) for line in ran.stdout.splitlines()) <= 100


def loaded(project: Project, *arguments: str, **environment: str) -> tuple[int, set[str]]:
    """Run the console and return its exit code and which heavy modules it has loaded."""
    program = (
        "import sys\n"
        "from console.cli import run\n"
        "try:\n"
        "    code = run(sys.argv[1:])\n"
        "except SystemExit as done:\n"
        "    code = done.code\n"
        f"print('loaded', code, *(name for name in {HEAVY!r} if name in sys.modules))\n"
    )
    ran = project.python("-c", program, *arguments, **environment)
    word, code, *names = ran.stdout.splitlines()[-1].split()
    assert word == "loaded", ran.stderr
    return int(code), set(names)


@pytest.mark.parametrize("words", ["--help", "-h", "--version"])
def test_help_loads_nothing_heavy(words: str, project: Project) -> None:
    assert loaded(project, words) == (0, set())


@pytest.mark.parametrize("words", COMMANDS[1:], ids=" ".join)
def test_a_commands_help_waits_for_neither_aws_nor_a_screen(
    words: tuple[str, ...], project: Project
) -> None:
    code, names = loaded(project, *words, "--help")

    assert code == 0
    assert not names & {"boto3", "botocore", "textual"}


def test_the_probe_for_heavy_modules_sees_them(project: Project) -> None:
    """Else the tests above could not fail."""
    code, names = loaded(project, "config", "check")

    assert code == 0
    assert {"pydantic", "yaml"} <= names


def test_a_headless_rollout_never_loads_textual(project: Project) -> None:
    """It comes as far as preflight: everything that a rollout is made of is loaded by then."""
    image = f"registry.example.com/checks@sha256:{'b' * 64}"
    code, names = loaded(
        project,
        *("--auto", "--release", "0.9.1", "--image", image),
        AWS_ENDPOINT_URL="http://127.0.0.1:9",
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
    )

    assert code == 3
    assert {"boto3", "pydantic", "sqlite3", "cattrs"} <= names
    assert "textual" not in names


@pytest.mark.parametrize("words", ["status", "history", "doctor"])
def test_no_command_but_the_screens_loads_textual(words: str, project: Project) -> None:
    _, names = loaded(project, words, AWS_ENDPOINT_URL="http://127.0.0.1:9")

    assert "pydantic" in names
    assert "textual" not in names


def test_help_names_every_command_and_every_exit_code(project: Project) -> None:
    told = project.run("--help").stdout

    for words in commands(cli):
        if len(words) == 1:
            assert f"\n  {words[0]} " in told
    for code in ExitCode:
        if code is not ExitCode.ROLLED_BACK:  # no rollback in this version
            assert str(int(code)) in told[told.index("exit codes") :]


def test_the_version_is_told_on_stdout(project: Project) -> None:
    ran = project.run("--version")

    assert (ran.exit_code, ran.stdout) == (0, f"release-console {__version__}\n")
