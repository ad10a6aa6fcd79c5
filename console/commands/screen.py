"""How is the operator's screen put on the world, and its read-only twin?"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from console.commands.beforehand import Beforehand, Known, known_of, wired
from console.commands.calling import herald_of, vigil_of
from console.domain.release import ImageRef, ReleaseLabel
from console.engine.clock import SystemClock
from console.errors import RefusedError
from console.exit_codes import ExitCode
from console.tui.running import Ending, Headless, run_console, run_watch
from console.tui.surroundings import AbortLeft, Choice, Handle, Proposal, Surroundings

if TYPE_CHECKING:
    from console.adapters.terraform.logs import LogTail
    from console.commands.asked import Asked
    from console.domain.commands import Recover
    from console.domain.fleet import RegionName
    from console.domain.recovery.advice import Advice
    from console.domain.recovery.situation import Situation
    from console.domain.rollout import Rollout
    from console.engine.stream import Audience
    from console.headless.output import Narrator
    from console.wiring import World


_log = logging.getLogger(__name__)


def on_screen(
    config: Path | None,
    asked: Asked,
    label: ReleaseLabel | None,
    beforehand: Beforehand | None = None,
) -> int:
    """Run the console, or the watch, until it is left, and return the exit code.

    Args:
        config: the settings file; None for the default.
        asked: the command line.
        label: what to roll out at once; None for the start form.
        beforehand: finds out what the first frame needs; None where nobody does yet.
    """
    world = _Behind(lambda: wired(asked, config))
    known = beforehand.result() if beforehand is not None else _known_of(world())
    around = _surroundings(world, known, config, asked)
    headless = Headless(_say, _reporter)
    try:
        if asked.watch:
            end = run_watch(around, headless=headless)
        else:
            end = run_console(around, _choice(asked, label), headless=headless)
    finally:
        world.close()
    if end.failure is not None:
        _narrator().line(f"the screen failed ({end.failure!r}); the rollout went on without it")
    if end.rollout is not None and not asked.watch:
        from console.commands.reporting import leave_report

        leave_report(world(), end.rollout.id, None, _narrator().line)
    return _exit_code(end, asked)


def _known_of(world: World) -> Known:
    return known_of(world.settings, world.policy)


class _Behind:
    """The world behind the screen; wired when it is first asked, which is after the first frame."""

    def __init__(self, make: Callable[[], World]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._world: World | None = None

    def __call__(self) -> World:
        with self._lock:
            if self._world is None:
                self._world = self._make()
            return self._world

    def close(self) -> None:
        """Ask AWS nothing more."""
        if self._world is not None:
            self._world.session.close()


# What is told without a screen is imported once there is none.


@cache
def _narrator() -> Narrator:
    from console.headless.output import Narrator

    return Narrator()


def _say(text: str) -> None:
    _narrator().say(SystemClock().now(), text)


def _reporter() -> Audience:
    from console.headless.reporter import Reporter

    return Reporter(_narrator(), None, SystemClock())


def _exit_code(end: Ending, asked: Asked) -> int:
    if end.rollout is None and end.failure is not None:
        raise end.failure
    if end.rollout is None or asked.watch:
        return int(ExitCode.COMPLETED)
    if not end.rollout.is_finished:  # paused, and left
        return int(ExitCode.NEEDS_PERSON)
    if end.rollout.recoveries and end.rollout.steps[-1].at == end.rollout.recoveries[-1].at:
        from console.commands.making import exit_code_of

        return int(exit_code_of(end.rollout.recoveries[-1].failure))  # what was done last
    return int(end.rollout.exit_code or 0)


def _choice(asked: Asked, label: ReleaseLabel | None) -> Choice | None:
    if label is None:
        return None
    image = ImageRef(asked.image) if asked.image else None
    return Choice(label, image, None, asked.refresh, asked.accept_leftovers)


def _surroundings(
    world: Callable[[], World], known: Known, config: Path | None, asked: Asked
) -> Surroundings:
    async def roll_out(choice: Choice, attach: Callable[[Handle], None]) -> Rollout:
        from console.commands.launching import launched, purpose_of, start_of
        from console.commands.left_moves import end_left_moves
        from console.wiring import wire

        await end_left_moves(
            *(wire(config), asked.where),
            lambda engine, running: attach(Handle(engine.send, running.stream.join)),
        )
        # A world of its own: what runs a rollout closes its AWS session at the end.
        chosen = wire(config, only=choice.regions or asked.only)
        started = start_of(
            chosen,
            replace(
                asked,
                rolls_back=choice.rolls_back,
                only_slots=choice.only_slots,
                scale=choice.scale,
                promised=choice.promised,
            ),
            choice.label,
            image=choice.image,
            refresh=choice.refresh,
            accept_leftovers=choice.accept_leftovers,
        )
        purpose = purpose_of(started)
        async with launched(chosen, started.rollout, purpose, asked.where) as (engine, running):
            attach(Handle(engine.send, running.stream.join))
            return await engine.run(started)

    async def take_up(attach: Callable[[Handle], None], from_the_living: bool) -> Rollout:
        from console.commands.taking_up import left_open, reconciled, taken_up
        from console.wiring import wire

        left = left_open(world())
        if left is None:
            raise RefusedError("the rollout that was left open has come to its end meanwhile")
        regions = [region.name for region in left.rollout.regions]
        chosen = wire(config, only=regions)
        taken = taken_up(chosen, left, from_the_living=from_the_living)
        async with taken as (engine, running):
            attach(Handle(engine.send, running.stream.join))
            rollout, command = await reconciled(chosen, left, running.stream.progress)
            return await engine.proceed(rollout, command)

    async def look(
        regions: Sequence[RegionName] | None,
    ) -> Sequence[tuple[Situation, Advice]]:
        from console.domain.recovery.advice import advise

        seen = await world().surveyor.look(world().last_acted(), regions)
        return tuple((found.situation, advise(found.situation)) for found in seen)

    async def make_move(command: Recover, attach: Callable[[Handle], None]) -> Rollout:
        from console.commands.making import made, newest_to_record_in
        from console.wiring import wire

        chosen = wire(config)
        newest = newest_to_record_in(chosen, asked.where)
        return await made(
            *(chosen, newest, command, asked.where),
            lambda engine, running: attach(Handle(engine.send, running.stream.join)),
        )

    async def identity() -> str:
        seen = await world().fleet.identity()
        return seen.value or f"AWS was asked who we are: {seen.error}"

    async def propose() -> Proposal:
        return await _proposal(world())

    @cache
    def tail() -> LogTail:
        from console.adapters.terraform.logs import LogTail

        return LogTail(known.logs)

    return Surroundings(
        fleet=known.fleet,
        environment=known.environment,
        operator=known.operator,
        policy=known.policy,
        clock=SystemClock(),
        sample=lambda region, releases: world().fleet.sample(region, releases),
        state=lambda unit: world().infrastructure.read(unit),
        console_output=lambda region, instance: world().fleet.console_output(region, instance),
        rollouts=lambda: world().journal.rollouts(),
        entries=lambda rollout, after: world().journal.read(rollout, after),
        where=asked.where,
        figures=lambda rollout: world().figures.read(rollout),
        lease=lambda: _lease(world()),
        identity=identity,
        propose=propose,
        boot_allowance=known.boot_allowance,
        window=known.window,
        logs=known.logs,
        # What our own tools print, the engine tells; this is for a rollout of another console.
        overhear=lambda since: tail().read(since),
        keymap=known.keymap,
        theme=known.theme,
        attention=known.attention,
        herald=herald_of(world),
        vigil=vigil_of(world, known, asked.where),
        roll_out=None if asked.watch else roll_out,
        left_open="" if asked.watch else known.left_open,
        take_up=None if asked.watch else take_up,
        abort_left=None if asked.watch else _ending(config, asked.where),
        advise=look,
        crashing=lambda state, sample: world().surveyor.crashing(state, sample),
        make_move=None if asked.watch else make_move,
        holder_lives=lambda: _holder_lives(world()),
    )


def _ending(config: Path | None, where: str) -> AbortLeft:
    """Return what ends the rollout that was left open.

    Args:
        config: the settings file; None for the default.
        where: the options that name it, for commands in messages.
    """

    async def abort_left(attach: Callable[[Handle], None]) -> Rollout:
        from console.commands.closing import aborted
        from console.commands.taking_up import left_open
        from console.wiring import wire

        chosen = wire(config)
        left = left_open(chosen)
        if left is None:
            raise RefusedError("the rollout that was left open has come to its end meanwhile")
        return await aborted(
            *(chosen, left, where),
            lambda engine, running: attach(Handle(engine.send, running.stream.join)),
            _log.warning,
        )

    return abort_left


def _holder_lives(world: World) -> bool:
    held = world.desk.look()
    return held is not None and held.is_alive(SystemClock().now())


def _lease(world: World) -> str:
    held = world.desk.look()
    if held is None:
        return ""
    dead = "" if held.is_alive(SystemClock().now()) else " (dead)"
    return f"{held.who} since {held.since[11:16]}{dead}"


async def _proposal(world: World) -> Proposal:
    """Propose what `git describe` says of the build context, and tell what is pushed already."""
    from console.engine.ports import Catalogue

    images, context = world.images, world.settings.image.context
    known = tuple(await asyncio.to_thread(images.labels)) if isinstance(images, Catalogue) else ()
    if context is None:
        return Proposal("", known, "nothing is built here: name a release and its image")
    process = await asyncio.create_subprocess_exec(
        *("git", "-C", str(context), "describe", "--tags", "--always", "--dirty"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    told, _ = await process.communicate()
    label = told.decode(errors="replace").strip().removeprefix("v")
    note = "" if label else "git describe says nothing of the context"
    return Proposal(label, known, note)
