"""A watch as a colleague runs it in a second terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import yaml

from console.domain.evolve import evolve
from console.domain.narrate import tell
from console.domain.rollout import Rollout
from console.journal.local import LocalJournal
from console.sandbox.access_log import calls_in
from console.sandbox.credentials import OPERATOR_KEY
from console.sandbox.layout import Layout
from tests.terminal import OnTerminal, on_terminal

from .record import Record
from .world import Line, SandboxWorld

WATCHER_KEY = "AKIASANDBOXWATCHER00"
_EVERY_S = 0.05
_SEEN_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True)
class Watch:
    """A watch that runs, or has run."""

    on: OnTerminal
    world: SandboxWorld
    record: Record

    def sees(self, phrase: str) -> None:
        """Wait until this is on the screen."""
        deadline = time.monotonic() + _SEEN_WITHIN.total_seconds()
        while phrase not in self.on.text():
            assert time.monotonic() < deadline, f"{phrase!r} is not there:\n{self.on.text()}"
            time.sleep(_EVERY_S)

    def calls(self) -> list[Line]:
        """What it asked AWS, from the sandbox's access log: it has an access key of its own."""
        calls = calls_in(Layout(self.world.directory).access_log)
        return [call for call in calls if call["access_key"] == WATCHER_KEY]

    def lags(self, until: Callable[[], bool]) -> dict[str, timedelta]:
        """Read the journal and the screen side by side until a condition holds.

        Returns:
            For each sentence of the journal, the time from our reading it there to its being on the
            screen.

        Raises:
            AssertionError: a sentence never was.
        """
        fleet = yaml.safe_load(self.world.config.read_text(encoding="utf-8"))["fleet"]
        told = _sentences(LocalJournal(Layout(self.world.directory).store, fleet))
        told()  # what was before may have been scrolled away already
        waiting: dict[str, datetime] = {}
        lags: dict[str, timedelta] = {}
        is_over = False
        while not is_over or waiting:
            is_over = is_over or until()
            waiting.update(dict.fromkeys(told(), datetime.now(UTC)))
            shown = " ".join(self.on.text().split())
            now = datetime.now(UTC)
            for text in [text for text in waiting if text in shown]:
                lags[text] = now - waiting.pop(text)
            for text, at in waiting.items():
                assert now - at < _SEEN_WITHIN, f"{text!r} is not on the screen:\n{self.on.text()}"
            time.sleep(_EVERY_S)
        return lags


def _sentences(journal: LocalJournal) -> Callable[[], list[str]]:
    """Return what tells the newest rollout's new facts, each in its sentence.

    Only sentences that stand on one line of the screen, and only at their first time: those are
    found again by their text alone.
    """
    newest = journal.rollouts()[0]
    rollout: Rollout | None = None
    known: set[str] = set()

    def new() -> list[str]:
        nonlocal rollout
        found = []
        for entry in journal.read(newest, rollout.seq if rollout is not None else 0):
            rollout = evolve(rollout, entry)
            sentence = tell(entry.event, rollout)
            if sentence is None or len(sentence.text) > 60 or sentence.text in known:
                continue
            known.add(sentence.text)
            found.append(sentence.text)
        return found

    return new


@contextmanager
def watching(world: SandboxWorld) -> Iterator[Watch]:
    """Watch the sandbox's fleet, with an access key of one's own, and record it."""
    text = world.config.read_text(encoding="utf-8")
    assert OPERATOR_KEY in text
    config = world.directory / "watcher.yaml"
    config.write_text(text.replace(OPERATOR_KEY, WATCHER_KEY), encoding="utf-8")
    record = Record(world.directory.parent / "watch.strace")
    command = record.of([sys.executable, "-m", "console.cli", "--watch", "--config", str(config)])
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "RELEASE_CONSOLE_", "TEXTUAL"))
    }
    with on_terminal(command, environment) as on:
        yield Watch(on, world, record)
