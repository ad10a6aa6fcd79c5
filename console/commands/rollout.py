"""How does `release-console` roll a release out, with a screen or without one?"""

from __future__ import annotations

import asyncio
from pathlib import Path

from console.commands.asked import Asked
from console.commands.endings import end_with
from console.commands.extras import sandbox_installed
from console.commands.last_line import write_end
from console.commands.unattended import headless
from console.commands.where import sandbox_config
from console.domain.release import ReleaseLabel
from console.headless.output import LineWriter, Narrator
from console.wiring import SystemClock, wire


def roll_out(asked: Asked) -> int:
    """Do what was asked and return the exit code.

    With `--json` the last line on stdout is `rollout.finished`, whatever happens.
    """
    lines = LineWriter() if asked.as_json else None
    try:
        label = asked.label()
        if asked.sandbox:
            return _in_sandbox(asked, label, lines)
        return _in(asked.config, asked, label, lines)
    except Exception as error:  # noqa: BLE001 - told, and a bug among them logged
        if lines is not None:
            write_end(lines, error)
        return end_with(error)


def _in_sandbox(asked: Asked, label: ReleaseLabel | None, lines: LineWriter | None) -> int:
    """Start a world, or join the one that runs in this directory, and work on it."""
    with sandbox_installed():
        from console.founding import default_directory, terraform_root, up
        from console.sandbox.control import stop
        from console.sandbox.layout import Layout
        from console.sandbox.spec import AUTO, WorldSpec

    narrator = Narrator()

    def say(text: str) -> None:
        narrator.say(SystemClock().now(), text)

    spec = WorldSpec(
        directory=default_directory(), terraform_root=terraform_root("region"), instances=AUTO
    )
    if asked.watch:
        return _in(asked.config or sandbox_config(), asked, label, lines)
    config = asked.config or Layout(spec.directory).config
    running, is_new = asyncio.run(up(spec, say))
    code = _in(config, asked, label, lines)
    if is_new and code > 128:
        stop(running.directory)
        say("the sandbox is down again")
    else:
        narrator.line(
            f"the sandbox runs on in {running.directory}: release-console sandbox books, "
        )
        narrator.line("release-console status --sandbox; release-console sandbox down ends it")
    return code


def _in(
    config: Path | None, asked: Asked, label: ReleaseLabel | None, lines: LineWriter | None
) -> int:
    if label is not None and asked.auto:
        return headless(wire(config, only=asked.only), asked, label, lines)
    from console.commands.screen import on_screen

    return on_screen(config, asked, label)
