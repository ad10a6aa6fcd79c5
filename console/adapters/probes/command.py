"""What does a command say of a region?

0 is good, 1 is bad, 75 (EX_TEMPFAIL of sysexits.h) is nothing known. Any other exit, a time-out and
a command that cannot be started are errors of the probe, and say nothing of the region.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from console.adapters.probes.wording import filled, words
from console.adapters.process import Command, Completed, Running, start
from console.domain.probe import Answer, ProbeAnswer
from console.engine.ports import Probed

_ANSWERS: Mapping[int, Answer] = {0: Answer.GOOD, 1: Answer.BAD, 75: Answer.NO_DATA}
# What a group gets to end in order before it is killed.
_GRACE_S = 2.0
_LAST_LINES = 3
_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command as the settings have it."""

    gate: str
    run: tuple[str, ...]
    """Its arguments; words in braces are filled in (see `wording`)."""
    timeout: timedelta
    directory: Path | None = None
    """Where it runs; None for the console's own current directory."""


class CommandProbe:
    """Runs a command for a region, and tells what its exit means."""

    def __init__(self, spec: CommandSpec, environment: Mapping[str, str] | None = None) -> None:
        """Run nothing yet.

        Args:
            spec: what to run.
            environment: what the command gets besides REGION, RELEASE, FLEET and DIGEST; None for
                the console's own environment.
        """
        self._spec = spec
        self._environment = environment

    @property
    def gates(self) -> tuple[str, ...]:
        """The one gate that it answers for."""
        return (self._spec.gate,)

    async def ask(self, probed: Probed) -> tuple[ProbeAnswer, ...]:
        """Run the command to its end, or to its time-out; then its whole process group is ended."""
        asked_at = datetime.now(UTC)
        answer, measured, reason = await self._run(probed)
        return (ProbeAnswer(self._spec.gate, asked_at, answer, measured, reason),)

    async def _run(self, probed: Probed) -> tuple[Answer, str, str]:
        try:
            running = start(self._command(probed))
        except (OSError, ValueError) as error:
            return Answer.ERROR, "not started", f"{self._spec.run[0]}: {error}"
        seconds = self._spec.timeout.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                ended = await running.completed()
        except TimeoutError:
            ended = await _end(running)
            return Answer.ERROR, f"no end within {seconds:g} s", _last_lines(ended)
        except asyncio.CancelledError:
            await asyncio.shield(_end(running))
            raise
        # What it has left in the background is not waited for, and not left behind.
        _signal(running.pid, signal.SIGKILL)
        answer = _ANSWERS.get(ended.exit_code, Answer.ERROR)
        return answer, _how(ended.exit_code), _last_lines(ended)

    def _command(self, probed: Probed) -> Command:
        ours = os.environ if self._environment is None else self._environment
        told = {name.upper(): value for name, value in words(probed).items()}
        return Command(
            tuple(filled(part, probed) for part in self._spec.run),
            environment={**ours, **told},
            directory=self._spec.directory,
        )


async def _end(running: Running) -> Completed:
    """End the command and everything that it has started."""
    _signal(running.pid, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GRACE_S):
            await running.completed()
    _signal(running.pid, signal.SIGKILL)
    return await running.completed()


def _signal(group: int, number: signal.Signals) -> None:
    # The command leads a session of its own, so that its pid is the group's.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _how(exit_code: int) -> str:
    if exit_code >= 0:
        return f"exit {exit_code}"
    try:
        return f"ended by {signal.Signals(-exit_code).name}"
    except ValueError:
        return f"ended by signal {-exit_code}"


def _last_lines(ended: Completed) -> str:
    """Return the last lines of what it printed, those of standard error after the others."""
    lines = [line.strip() for text in (ended.stdout, ended.stderr) for line in text.splitlines()]
    last = " / ".join([line for line in lines if line][-_LAST_LINES:])
    return last if len(last) <= _LONGEST_REASON else f"...{last[-_LONGEST_REASON:]}"
