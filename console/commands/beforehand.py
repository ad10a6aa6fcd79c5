"""What has to be known before the first frame, and who finds it out in time?

To load what reads settings and journal takes as long as to load Textual. A child process does the
one while this process does the other, and hands over the few values that the first frame needs.
Whatever it meets with is met with here once more, where it can be told.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.policy import Policy

if TYPE_CHECKING:
    from console.commands.asked import Asked
    from console.settings import Settings
    from console.wiring import World


@dataclass(frozen=True, slots=True)
class Known:
    """What the first frame shows, and what decides which screen it is."""

    fleet: str
    environment: str
    operator: str
    policy: Policy
    boot_allowance: timedelta
    window: timedelta
    logs: Path
    keymap: Mapping[str, str]
    theme: str
    attention: bool
    beats_within: timedelta | None
    """How long all workers of a region may be silent; None where nobody wants to know."""
    work_within: timedelta | None
    """How long jobs may wait with none finished; None where nobody wants to know."""
    left_open: str
    """The id of a rollout that had no end; empty where there was none."""


def wired(asked: Asked, config: Path | None) -> World:
    """Return the world behind the screen.

    Raises:
        ConsoleError: the settings are wrong.
    """
    from console.wiring import wire

    return wire(config, only=asked.only, may_run_terraform=not asked.watch)


def read_beforehand(asked: Asked) -> Known:
    """Find out what the first frame needs, with the few modules that this takes.

    Raises:
        ConsoleError: the settings are wrong.
        JournalError: the journal cannot be read.
    """
    from console.settings import load, settings_path, to_policy

    settings = load(asked.config or settings_path(os.environ))
    return known_of(settings, to_policy(settings, regions=asked.only))


def known_of(settings: Settings, policy: Policy) -> Known:
    """Return what is known before anything is asked of AWS.

    Raises:
        JournalError: the journal cannot be read.
    """
    from console.identity import operator
    from console.journal.rows import journal_file, open_rollout

    nothing = settings.nothing_happens
    return Known(
        fleet=settings.fleet,
        environment=settings.environment,
        operator=operator(),
        policy=policy,
        boot_allowance=settings.readiness.within,
        window=settings.heartbeat.window,
        logs=settings.tool_logs,
        keymap=dict(settings.screen.keys),
        theme=settings.screen.theme.value,
        attention=settings.screen.attention,
        beats_within=_beats_within(settings, nothing.intervals) if nothing else None,
        work_within=(nothing.completions or None) if nothing else None,
        left_open=open_rollout(journal_file(settings.store), settings.fleet),
    )


def _beats_within(settings: Settings, intervals: int) -> timedelta:
    """Return how old a region's newest heartbeat may be when so many are missed."""
    heartbeat = settings.heartbeat
    beats = intervals * heartbeat.interval
    if heartbeat.source == "cloudwatch":
        return beats
    resolution = heartbeat.appoptics.resolution if heartbeat.appoptics else timedelta(0)
    return beats + heartbeat.delay + resolution


class Beforehand:
    """Finds something out in a child process."""

    def __init__(self, find: Callable[[], Known]) -> None:
        """Start; nothing else may run in this process yet.

        Args:
            find: finds it out. Runs in the child, and here only if the child has failed.
        """
        self._find = find
        self._child = 0
        # Where it is loaded already, a child would save nothing.
        if "console.wiring" not in sys.modules:
            self._start()

    def result(self) -> Known:
        """Return what was found.

        Raises:
            Exception: whatever `find` raises.
        """
        if not self._child:
            return self._find()
        with os.fdopen(self._end, "rb") as pipe:
            told = pipe.read()
        _, status = os.waitpid(self._child, 0)
        if status != 0:
            return self._find()
        known: Known = pickle.loads(told)  # noqa: S301 - our own child wrote it
        return known

    def _start(self) -> None:
        self._end, end = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            os._exit(self._tell(end))
        os.close(end)

    def _tell(self, end: int) -> int:
        """Find it out, in the child, and return the exit code; the parent does the talking."""
        try:
            silence = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(silence, number)
            with os.fdopen(end, "wb") as pipe:
                pickle.dump(self._find(), pipe)
        except BaseException:  # noqa: BLE001 - the parent meets it again, and tells it
            return 1
        return 0
