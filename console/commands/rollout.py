"""How does `release-console` roll a release out?"""

from __future__ import annotations

import asyncio
import shlex
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from console import __version__
from console.commands.endings import as_console_error, end_with
from console.commands.extras import sandbox_installed
from console.domain.events import RolloutStarted
from console.domain.fleet import RegionName
from console.domain.outcome import Outcome
from console.domain.release import ImageRef, ReleaseError, ReleaseLabel, parse_label
from console.domain.rollout import Rollout
from console.engine.engine import Engine
from console.engine.ports import JournalError
from console.errors import ConsoleError, HaltedError, LockedError, RefusedError, UsageError
from console.exit_codes import ExitCode
from console.headless.lines import finished_line
from console.headless.output import LineWriter, Narrator
from console.headless.reporter import Reporter
from console.headless.runner import run
from console.journal.keeper import Keeper
from console.wiring import SystemClock, World, operator, wire


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asked for."""

    config: Path | None
    release: str | None = None
    image: str | None = None
    auto: bool = False
    watch: bool = False
    regions: str | None = None
    refresh: bool = False
    sandbox: bool = False
    as_json: bool = False
    accept_leftovers: bool = False


_NOTHING_CHANGED = {ExitCode.USAGE, ExitCode.REFUSED, ExitCode.LOCKED}


def roll_out(asked: Asked) -> int:
    """Do what was asked and return the exit code.

    With `--json` the last line on stdout is `rollout.finished`, whatever happens.
    """
    narrator, lines = Narrator(), LineWriter() if asked.as_json else None
    try:
        label = _check(asked)
        if asked.sandbox:
            return _in_sandbox(asked, label, narrator, lines)
        return _in(asked.config, asked, label, narrator, lines)
    except Exception as error:  # noqa: BLE001 - told, and a bug among them logged
        known = as_console_error(error)
        if lines is not None:
            code = int(known.exit_code if known else ExitCode.BUG)
            hint = known.hint if known else ""
            outcome = Outcome.REFUSED if code in _NOTHING_CHANGED else Outcome.INCONCLUSIVE
            line = finished_line(outcome, code, str(error), hint, {})
            lines.write(SystemClock().now(), None, line)
        return end_with(error)


def _check(asked: Asked) -> ReleaseLabel:
    if not asked.auto:
        what = "--watch" if asked.watch else "the operator's screen"
        raise UsageError(
            f"{what} is not part of this version",
            "release-console --auto --release LABEL runs a rollout; release-console status shows "
            "the fleet",
        )
    if asked.release is None:
        raise UsageError("--auto needs a release", "release-console --auto --release 0.9.1")
    try:
        return parse_label(asked.release)
    except ReleaseError as error:
        raise UsageError(str(error), "release-console --auto --release 0.9.1") from error


def _in_sandbox(
    asked: Asked, label: ReleaseLabel, narrator: Narrator, lines: LineWriter | None
) -> int:
    """Start a world, or join the one that runs in this directory, and roll out on it."""
    with sandbox_installed():
        from console.founding import default_directory, terraform_root, up
        from console.sandbox.control import stop
        from console.sandbox.layout import Layout
        from console.sandbox.spec import WorldSpec

    def say(text: str) -> None:
        narrator.say(SystemClock().now(), text)

    spec = WorldSpec(directory=default_directory(), terraform_root=terraform_root("region"))
    running, is_new = asyncio.run(up(spec, say))
    code = _in(asked.config or Layout(running.directory).config, asked, label, narrator, lines)
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
    config: Path | None,
    asked: Asked,
    label: ReleaseLabel,
    narrator: Narrator,
    lines: LineWriter | None,
) -> int:
    world = wire(config, only=_regions(asked.regions))
    _refuse_while_one_is_open(world, _where(asked))
    clock = SystemClock()
    now = clock.now()
    started = RolloutStarted(
        rollout=_rollout_id(now, label),
        fleet=world.settings.fleet,
        environment=world.settings.environment,
        label=label,
        image=ImageRef(asked.image) if asked.image else None,
        policy=world.policy,
        by=operator(),
        refresh=asked.refresh,
        accept_leftovers=asked.accept_leftovers,
        where=_where(asked),
    )
    rollout, bug = asyncio.run(_run(world, started, narrator, lines))
    if isinstance(bug, Exception):
        end_with(bug)  # only its trace is left to tell: the rollout itself has ended in order
    return int(rollout.exit_code or 0)


async def _run(
    world: World, started: RolloutStarted, narrator: Narrator, lines: LineWriter | None
) -> tuple[Rollout, BaseException | None]:
    clock = SystemClock()
    lease = world.desk.claim(operator(), __version__, f"rolling out {started.label}", clock.now())
    keeper = Keeper(world.desk, lease, clock)
    async with keeper.keeping(), world.running(started.rollout) as running:
        running.stream.join(Reporter(narrator, lines, clock))
        engine = Engine(
            world.journal, running.performer, running.stream, clock, may_act=keeper.may_act
        )
        try:
            return await run(engine, running.stream, started, narrator, clock), engine.bug
        except JournalError as error:
            raise _without_journal(error, engine, started.where) from error


def _without_journal(error: JournalError, engine: Engine, where: str) -> ConsoleError:
    """Return what is true when the journal failed: the engine has waited for all that ran."""
    begun = engine.rollout is not None and any(s.at.unit for s in engine.rollout.steps)
    if not begun:
        return RefusedError(f"{error}; nothing was changed")
    return HaltedError(
        f"{error}; regions had been begun, and nothing new was started after that",
        f"release-console status {where} shows what is true now; then "
        f"release-console abort --yes {where}",
    )


def _refuse_while_one_is_open(world: World, where: str) -> None:
    """A rollout that its console left open is ended first, by somebody who has looked at it."""
    newest = world.newest_rollout()
    if newest is None or newest.is_finished:
        return
    lease = world.desk.look()
    if lease is not None and lease.is_alive(SystemClock().now()):
        raise LockedError(
            f"the fleet is held by {lease}", "wait for it, or end it where it runs with Ctrl-C"
        )
    doing = ", ".join(str(step.at) for step in newest.running) or "a pause"
    raise RefusedError(
        f"rollout {newest.id} of {newest.request.label} was left open: its console died in {doing}",
        f"release-console status {where} shows what is true now; "
        f"release-console abort --yes {where} records the end, then start again",
    )


def _where(asked: Asked) -> str:
    if asked.sandbox and asked.config is None:
        return "--sandbox"
    return f"--config {shlex.quote(str(asked.config))}" if asked.config else ""


def _regions(text: str | None) -> tuple[RegionName, ...] | None:
    if text is None:
        return None
    return tuple(RegionName(name.strip()) for name in text.split(",") if name.strip())


def _rollout_id(now: datetime, label: ReleaseLabel) -> str:
    return f"{now:%Y%m%d-%H%M%S}-{label}"


def retry(asked: Asked) -> int:
    """Roll out over what an apply that did not end well has left behind."""
    return roll_out(replace(asked, auto=True, accept_leftovers=True))
