"""How far has a rollout come, going by the journal's own file?

It is read as SQLite, beside the console that writes it; whoever looks changes nothing.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from console.domain.events import Entry, StepStarted
from console.domain.evolve import replay
from console.domain.rollout import Rollout
from console.domain.steps import Step
from console.journal.local import LocalJournal


@dataclass(frozen=True, slots=True)
class Position:
    """A place where a console can die: one append is durable, the next one is not."""

    seq: int
    told: str
    """The last entry's event, and what was under way then."""


class Recorded:
    """The journal of a sandbox."""

    def __init__(self, store: Path, fleet: str) -> None:
        """Read in `store`, which need not be there yet."""
        self.fleet = fleet
        self._journal = LocalJournal(store, fleet)

    def rollouts(self) -> set[str]:
        """Return the ids of all rollouts."""
        return set(self._journal.rollouts())

    def reached(self, rollout: str) -> int:
        """Return the newest entry's seq; 0 while there is none."""
        uri = f"{self._journal.path.absolute().as_uri()}?mode=ro"
        query = "SELECT max(seq) FROM entries WHERE rollout = ?"
        with closing(sqlite3.connect(uri, uri=True, timeout=5)) as connection:
            (seq,) = connection.execute(query, (rollout,)).fetchone()
        return int(seq or 0)

    def entries(self, rollout: str) -> tuple[Entry, ...]:
        """Return everything that is recorded of `rollout`."""
        return self._journal.read(rollout)

    def rollout(self, rollout: str) -> Rollout:
        """Return the rollout as its entries tell it."""
        found = replay(self.entries(rollout))
        assert found is not None
        return found

    def applies(self, rollout: str) -> int:
        """Return how many applies were begun."""
        return sum(
            isinstance(e.event, StepStarted) and e.event.at.step is Step.APPLY
            for e in self.entries(rollout)
        )

    def positions(self, rollout: str) -> tuple[Position, ...]:
        """Return every place where the console of `rollout` could have died, but for its end."""
        entries = self.entries(rollout)
        # What one decision records is appended at once, and has one time.
        last = [e.seq for e, after in pairwise(entries) if e.at != after.at]
        return tuple(Position(seq, self.told_at(rollout, seq)) for seq in last)

    def told_at(self, rollout: str, seq: int) -> str:
        """Return what was recorded at `seq`, and what was under way then."""
        entries = [e for e in self.entries(rollout) if e.seq <= seq]
        then = replay(entries)
        assert then is not None
        doing = ", ".join(str(step.at) for step in then.running) or "nothing under way"
        return f"{type(entries[-1].event).__name__}; {doing}"
