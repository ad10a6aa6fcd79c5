"""What programs and people read of a rollout: made from its facts, through the real reporter."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from console.domain.events import Entry, Event
from console.domain.evolve import evolve, replay
from console.domain.rollout import Rollout
from console.engine.ports import Progress
from console.headless.output import LineWriter, Narrator
from console.headless.reporter import Reporter
from tests.journal.stories import story
from tests.rollout.world import START

SCHEMA: dict[str, Any] = json.loads(
    files("console.headless").joinpath("lines.schema.json").read_text("utf-8")
)
Line = dict[str, Any]


def problems(line: Line) -> list[str]:
    """Return what the schema has against a line."""
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(line)]


class Clock:
    """A clock that stands."""

    def now(self) -> datetime:
        return START


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


class Told:
    """A reporter and what it has told."""

    def __init__(self, stderr: io.StringIO | None = None, **environ: str) -> None:
        self.stdout, self.stderr = io.StringIO(), stderr if stderr is not None else io.StringIO()
        self.reporter = Reporter(Narrator(self.stderr, environ), LineWriter(self.stdout), Clock())

    def hear(self, entries: Iterable[Entry], rollout: Rollout | None = None) -> Rollout:
        """Tell each fact with the rollout that it led to."""
        for entry in entries:
            rollout = evolve(rollout, entry)
            self.reporter.entry(entry, rollout)
        assert rollout is not None
        return rollout

    def progress(self, *progress: Progress) -> None:
        """Tell how far a tool is."""
        for one in progress:
            self.reporter.progress(one)

    @property
    def lines(self) -> list[Line]:
        """The JSON lines."""
        return [json.loads(line) for line in self.stdout.getvalue().splitlines()]

    @property
    def narration(self) -> str:
        """What a person reads."""
        return self.stderr.getvalue()


def up_to(is_last: Callable[[Event], bool], name: str = "good") -> tuple[list[Entry], Rollout]:
    """Return a story's entries until `is_last`, and where the rollout stands then."""
    entries, _ = story(name)
    last = next(i for i, entry in enumerate(entries) if is_last(entry.event))
    head = entries[: last + 1]
    rollout = replay(head)
    assert rollout is not None
    return head, rollout


def following(rollout: Rollout, *events: Event) -> list[Entry]:
    """Return entries that go on from where a rollout stands."""
    return [
        Entry(rollout.id, rollout.seq + place, START, event)
        for place, event in enumerate(events, start=1)
    ]


def without_outcomes(rollout: Rollout) -> Rollout:
    """Return a rollout whose regions nobody has counted."""
    return replace(rollout, outcomes=())
