"""How does `--auto` take a rollout from its start to its exit code?"""

from __future__ import annotations

import asyncio
import signal

from console.domain.commands import Interrupt, InterruptNow, TakeUp
from console.domain.events import RolloutStarted
from console.domain.rollout import Rollout
from console.domain.sentence import Tone
from console.engine.autopilot import Autopilot
from console.engine.engine import Engine
from console.engine.ports import Clock
from console.engine.stream import Stream
from console.headless.output import Narrator


async def run(
    engine: Engine, stream: Stream, started: RolloutStarted, narrator: Narrator, clock: Clock
) -> Rollout:
    """Run a rollout with the policy's approvals, and return it finished.

    Raises:
        JournalError: the journal could not be written.
    """
    stream.join(Autopilot(engine.send))
    with_signals(engine, narrator, clock)
    return await engine.run(started)


async def proceed(
    engine: Engine,
    stream: Stream,
    rollout: Rollout,
    command: TakeUp,
    narrator: Narrator,
    clock: Clock,
) -> Rollout:
    """Go on with a rollout that was left open, as `run` does with a new one.

    Raises:
        JournalError: the journal could not be written.
    """
    autopilot = Autopilot(engine.send)
    stream.join(autopilot)
    with_signals(engine, narrator, clock)
    autopilot.begin(rollout)
    return await engine.proceed(rollout, command)


def with_signals(engine: Engine, narrator: Narrator, clock: Clock) -> None:
    """Take interrupts as promised.

    The first finishes the current regions and starts nothing new. The second sends the one SIGINT
    to Terraform. Every later one only says what is waited for. A lost terminal (SIGHUP) changes
    nothing: an apply outlives its screen.
    """
    seen = 0

    def interrupted(number: int) -> None:
        nonlocal seen
        seen += 1
        now = clock.now()
        if seen == 1:
            narrator.say(now, "once more interrupts Terraform itself", Tone.WARN)
            engine.send(Interrupt(number))
        elif seen == 2:
            engine.send(InterruptNow(number))
        else:
            text = "still waiting for Terraform: it is never killed, so that its state is kept"
            narrator.say(now, text, Tone.WARN)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted, int(number))
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
