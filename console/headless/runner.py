"""How does `--auto` take a rollout from its start to its exit code?"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence

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
    *,
    skips: bool = False,
) -> Rollout:
    """Go on with a rollout that was left open, as `run` does with a new one.

    Args:
        engine: runs it.
        stream: tells of it.
        rollout: as it was left.
        command: takes it up.
        narrator: says what an interrupt does.
        clock: the time.
        skips: whether the region that halted it is left as it is, so that the others go on.

    Raises:
        JournalError: the journal could not be written.
    """
    autopilot = Autopilot(engine.send, skips=skips)
    stream.join(autopilot)
    with_signals(engine, narrator, clock)
    autopilot.begin(rollout)
    return await engine.proceed(rollout, command)


def with_signals(
    engine: Engine,
    narrator: Narrator,
    clock: Clock,
    at_first: str = "once more interrupts Terraform itself",
) -> Sequence[int]:
    """Take interrupts as promised.

    The first finishes the current regions, or the move that is made, and starts nothing new. The
    second sends the one SIGINT to Terraform. Every later one only says what is waited for. A lost
    terminal (SIGHUP) changes nothing: an apply outlives its screen.

    Args:
        engine: what is interrupted.
        narrator: tells what each one does.
        clock: the time.
        at_first: what is told of the first one.

    Returns:
        The numbers of those that have come, the first one first; it grows as they come.
    """
    seen: list[int] = []

    def interrupted(number: int) -> None:
        seen.append(number)
        now = clock.now()
        if len(seen) == 1:
            narrator.say(now, at_first, Tone.WARN)
            engine.send(Interrupt(number))
        elif len(seen) == 2:
            engine.send(InterruptNow(number))
        else:
            text = "still waiting for Terraform: it is never killed, so that its state is kept"
            narrator.say(now, text, Tone.WARN)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted, int(number))
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    return seen
