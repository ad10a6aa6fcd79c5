"""How does `release-console` roll a release out, with a screen or without one?"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from console.commands.asked import Asked
from console.commands.endings import end_with
from console.commands.extras import sandbox_installed
from console.commands.heralding import heralding
from console.commands.last_line import write_end
from console.commands.launching import launched, purpose_of, start_of
from console.commands.reporting import leave_report
from console.domain.automatic_rollback import rolls_back_by_itself
from console.domain.events import RolloutStarted
from console.domain.fleet import SlotTarget
from console.domain.release import ImageRef, ReleaseLabel
from console.domain.rollout import Rollout
from console.domain.sentence import Tone
from console.headless.output import LineWriter, Narrator
from console.headless.reporter import Reporter
from console.headless.runner import run
from console.wiring import SystemClock, World, wire


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
    config = asked.config or Layout(spec.directory).config
    if asked.watch:
        return _in(config, asked, label, lines)
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
        return _headless(wire(config, only=asked.only), asked, label, lines)
    from console.commands.screen import on_screen

    return on_screen(config, asked, label)


def _headless(world: World, asked: Asked, label: ReleaseLabel, lines: LineWriter | None) -> int:
    started = start_of(
        world,
        asked,
        label,
        image=ImageRef(asked.image) if asked.image else None,
        refresh=asked.refresh,
        accept_leftovers=asked.accept_leftovers,
    )
    try:
        rollout, bug = asyncio.run(_run(world, started, lines))
    finally:
        # Of every end, a journal that broke in the middle too.
        leave_report(world, started.rollout, asked.report, Narrator().line)
    if isinstance(bug, Exception):
        end_with(bug)  # only its trace is left to tell: the rollout itself has ended in order
    before = rolls_back_by_itself(rollout)
    if before is not None and bug is None:
        return _roll_back(world, asked, rollout, before, lines)
    return int(rollout.exit_code or 0)


def _roll_back(
    world: World, asked: Asked, rollout: Rollout, before: SlotTarget, lines: LineWriter | None
) -> int:
    """Take a rollout back because the policy says so, and return the exit code of that."""
    back = replace(
        asked,
        release=before.release,
        image=before.image,
        refresh=False,
        accept_leftovers=True,
        rolls_back=rollout.id,
        because=f"{rollout.request.label} was taken back: {rollout.reason}",
    )
    Narrator().say(SystemClock().now(), f"rolling back to {before.release}", Tone.WARN)
    # A world of its own, on the same settings: the first one has closed its AWS session.
    return _headless(wire(world.config, only=asked.only), back, before.release, lines)


async def _run(
    world: World, started: RolloutStarted, lines: LineWriter | None
) -> tuple[Rollout, BaseException | None]:
    clock, narrator = SystemClock(), Narrator()
    reporter = Reporter(narrator, lines, clock)
    async with (
        heralding(world, reporter.notice) as herald,
        launched(world, started.rollout, purpose_of(started), started.where) as (engine, running),
    ):
        running.stream.join(reporter)
        running.stream.join(herald)
        return await run(engine, running.stream, started, narrator, clock), engine.bug
