"""How is the operator's screen put on the world, and its read-only twin?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from console.commands.asked import Asked
from console.commands.launching import launched, start_of
from console.domain.release import ImageRef, ReleaseLabel
from console.domain.rollout import Rollout
from console.exit_codes import ExitCode
from console.headless.output import Narrator
from console.headless.reporter import Reporter
from console.tui.running import Ending, Headless, run_console, run_watch
from console.tui.surroundings import Choice, Handle, Proposal, Surroundings
from console.wiring import SystemClock, World, operator, wire


def on_screen(config: Path | None, asked: Asked, label: ReleaseLabel | None) -> int:
    """Run the console, or the watch, until it is left, and return the exit code."""
    world, clock, narrator = wire(config, only=asked.only), SystemClock(), Narrator()
    headless = Headless(
        lambda text: narrator.say(clock.now(), text), lambda: Reporter(narrator, None, clock)
    )
    around = _surroundings(world, config, asked)
    try:
        if asked.watch:
            end = run_watch(around, headless=headless)
        else:
            end = run_console(around, _choice(asked, label), headless=headless)
    finally:
        world.session.close()
    if end.failure is not None:
        narrator.line(f"the screen failed ({end.failure!r}); the rollout went on without it")
    return _exit_code(end, asked)


def _exit_code(end: Ending, asked: Asked) -> int:
    if end.rollout is None and end.failure is not None:
        raise end.failure
    if end.rollout is None or asked.watch:
        return int(ExitCode.COMPLETED)
    if not end.rollout.is_finished:  # paused, and left
        return int(ExitCode.NEEDS_PERSON)
    return int(end.rollout.exit_code or 0)


def _choice(asked: Asked, label: ReleaseLabel | None) -> Choice | None:
    if label is None:
        return None
    image = ImageRef(asked.image) if asked.image else None
    return Choice(label, image, None, asked.refresh, asked.accept_leftovers)


def _surroundings(world: World, config: Path | None, asked: Asked) -> Surroundings:
    async def roll_out(choice: Choice, attach: Callable[[Handle], None]) -> Rollout:
        # A world of its own: what runs a rollout closes its AWS session at the end.
        chosen = wire(config, only=choice.regions or asked.only)
        started = start_of(
            chosen,
            asked,
            choice.label,
            image=choice.image,
            refresh=choice.refresh,
            accept_leftovers=choice.accept_leftovers,
        )
        async with launched(chosen, started) as (engine, running):
            attach(Handle(engine.send, running.stream.join))
            return await engine.run(started)

    async def identity() -> str:
        seen = await world.fleet.identity()
        return seen.value or f"AWS does not know us: {seen.error}"

    async def propose() -> Proposal:
        return await _proposal(world)

    return Surroundings(
        fleet=world.settings.fleet,
        environment=world.settings.environment,
        operator=operator(),
        policy=world.policy,
        clock=SystemClock(),
        sample=world.fleet.sample,
        state=world.infrastructure.read,
        console_output=world.fleet.console_output,
        rollouts=world.journal.rollouts,
        entries=world.journal.read,
        lease=lambda: _lease(world),
        identity=identity,
        propose=propose,
        boot_allowance=world.settings.readiness.within,
        roll_out=None if asked.watch else roll_out,
    )


def _lease(world: World) -> str:
    held = world.desk.look()
    if held is None:
        return ""
    dead = "" if held.is_alive(SystemClock().now()) else " (dead)"
    return f"{held.who} since {held.since[11:16]}{dead}"


async def _proposal(world: World) -> Proposal:
    """Propose what `git describe` says of the build context."""
    context = world.settings.image.context
    if context is None:
        return Proposal(note="nothing is built here: name a release and its image")
    process = await asyncio.create_subprocess_exec(
        *("git", "-C", str(context), "describe", "--tags", "--always", "--dirty"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    told, _ = await process.communicate()
    label = told.decode(errors="replace").strip().removeprefix("v")
    return Proposal(label=label, note="" if label else "git describe says nothing of the context")
