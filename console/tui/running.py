"""How is a console run from its first screen to its exit code?"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.domain.signs import Mode
from console.tui.app import ConsoleApp
from console.tui.conductor import Conductor
from console.tui.interrupts import Interrupts
from console.tui.leaving import Leaving
from console.tui.terminal import EnduringDriver, Signals

if TYPE_CHECKING:
    from console.domain.rollout import Rollout
    from console.engine.stream import Audience
    from console.tui.surroundings import Choice, Surroundings

# By then boto3 and every screen are loaded.
_STARTED_S = 10.0


@dataclass(frozen=True, slots=True)
class Headless:
    """How a rollout is told where there is no screen any more."""

    say: Callable[[str], None]
    """Writes a sentence."""
    audience: Callable[[], Audience]
    """Makes a narrator of the rest of the rollout."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a console ended."""

    rollout: Rollout | None
    """As it stood at the end; None where none was begun."""
    leaving: Leaving
    failure: Exception | None = None
    """A defect of the screen; the rollout has gone on without it."""


def run_console(
    around: Surroundings, choice: Choice | None = None, *, headless: Headless
) -> Ending:
    """Run the operator's console, and what it leaves behind, to the end.

    Args:
        around: everything outside of the screen; its `roll_out` runs rollouts.
        choice: what to roll out; None for the start form.
        headless: tells the rest of a rollout that has lost its screen.

    Raises:
        Exception: what ended the rollout before its end: a lease that is held, a journal that
            cannot be written.
    """
    return _run(around, choice, Mode.OPERATE, headless)


def run_watch(around: Surroundings, *, headless: Headless) -> Ending:
    """Run the read-only console until it is left."""
    return _run(around, None, Mode.WATCH, headless)


def _run(around: Surroundings, choice: Choice | None, mode: Mode, headless: Headless) -> Ending:
    conductor, interrupts = Conductor(around), Interrupts()
    try:
        with Signals().taken() as signals:
            app = ConsoleApp(
                conductor,
                mode=mode,
                choice=choice,
                interrupts=interrupts,
                driver_class=_driver(mode),
            )
            signals.target = app.signalled
            conductor.backstage.start(settle())
            app.run()
            signals.target = _headless_interrupts(conductor, interrupts, headless)
            return _see_out(conductor, app, headless)
    finally:
        conductor.close()


async def settle() -> None:
    """Take what start-up has made out of garbage collection, and begin with it.

    It lives as long as the process, and to look through it at every full collection holds a key up
    for a tenth of a second; without it that takes a third.
    """
    await asyncio.sleep(_STARTED_S)
    gc.freeze()
    gc.enable()


def _driver(mode: Mode) -> type[EnduringDriver] | None:
    """Return the terminal's driver; None for the web page's, which Textual finds by itself."""
    is_served = mode is Mode.WATCH and os.environ.get("TEXTUAL_DRIVER")
    return None if is_served else EnduringDriver


def _headless_interrupts(
    conductor: Conductor, interrupts: Interrupts, headless: Headless
) -> Callable[[int], None]:
    def answer(number: int) -> None:
        response = interrupts.press(number)
        if response.command is not None:
            conductor.send(response.command)
        headless.say(response.sentence)

    return answer


def _see_out(conductor: Conductor, app: ConsoleApp, headless: Headless) -> Ending:
    if conductor.is_under_way:
        headless.say(_FAREWELLS[app.leaving])
        conductor.go_on(app.leaving, headless.audience())
    return Ending(conductor.wait(), app.leaving, app.failure)


_FAREWELLS = {
    Leaving.LOST: (
        "the screen is gone and the rollout goes on without it: what was approved is finished, "
        "and the first question after that ends it"
    ),
    Leaving.RUNNING: "the rollout goes on without a screen; the policy says yes from here on",
    Leaving.PAUSED: "pausing: what runs is finished first, then this console ends",
    Leaving.ENDED: "the rollout is at its end",
}
