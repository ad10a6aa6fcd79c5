"""How does what the engine tells reach the screen?

The engine runs in a thread of its own. The bridge collects frozen values there, and the screen
fetches them when it is ready to draw: entries in order and all of them, of samples only the newest.
A screen that hangs or dies costs the engine nothing.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from console.domain.events import Entry
    from console.domain.fleet import InstanceId, RegionName, RegionState
    from console.domain.fleet import RegionSample as Sample
    from console.domain.rollout import Rollout
    from console.domain.sentence import Sentence
    from console.domain.silence import Standing
    from console.engine.ports import Progress

# Lines of tools that wait to be drawn; the log on disk has every one of them.
_MOST_LINES = 20_000
# As many lines as are drawn in some milliseconds: a flood of them must not hold a key up.
_MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Fetched:
    """What has come in since the last fetch."""

    rollout: Rollout | None
    """The newest, whether it has changed or not."""
    entries: tuple[tuple[Entry, Rollout], ...]
    """Each with the rollout that it led to."""
    samples: tuple[Sample, ...]
    states: tuple[tuple[RegionName, RegionState | str], ...]
    """Each region's part of the state, or why it could not be read."""
    progress: tuple[Progress, ...]
    """The oldest lines; more may be left for the next fetch."""
    dropped: int
    """Lines that came too fast to be drawn."""
    identity: str | None
    lease: str | None
    holder_lives: bool | None
    """Whether the console that has the lease lives."""
    trouble: str | None
    """Why nothing goes on; empty where it does again."""
    standings: tuple[Standing, ...] = ()
    """What is known of regions by now: whether anything happens there."""
    news: tuple[tuple[datetime, Sentence], ...] = ()
    """What an operator should know and no rollout tells: that nothing happens in a region, say."""
    crashing: tuple[tuple[RegionName, frozenset[InstanceId]], ...] = ()
    """Each region's instances that crash between two beats."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing new to draw."""
        looks = (self.samples, self.states, self.standings, self.crashing)
        parts = (self.entries, self.progress, self.news, *looks)
        told = (self.identity, self.lease, self.trouble)
        return not any(parts) and all(value is None for value in told)


class Bridge:
    """An audience that keeps what it hears until the screen asks."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        self._lock = threading.Lock()
        self._rollout: Rollout | None = None
        self._entries: list[tuple[Entry, Rollout]] = []
        self._samples: dict[RegionName, Sample] = {}
        self._states: dict[RegionName, RegionState | str] = {}
        self._standings: dict[RegionName, Standing] = {}
        self._crashing: dict[RegionName, frozenset[InstanceId]] = {}
        self._news: list[tuple[datetime, Sentence]] = []
        self._progress: deque[Progress] = deque(maxlen=_MOST_LINES)
        self._dropped = 0
        self._identity: str | None = None
        self._lease: str | None = None
        self._holder_lives: bool | None = None
        self._trouble: str | None = None

    @property
    def rollout(self) -> Rollout | None:
        """The newest rollout that was heard of."""
        return self._rollout

    def entry(self, entry: Entry, rollout: Rollout) -> None:
        """Take a fact; none is ever dropped."""
        with self._lock:
            self._rollout = rollout
            self._entries.append((entry, rollout))

    def progress(self, progress: Progress) -> None:
        """Take a line of a tool."""
        with self._lock:
            self._dropped += len(self._progress) == _MOST_LINES
            self._progress.append(progress)

    def sample(self, sample: Sample) -> None:
        """Take a look at a region; an older one that nobody has drawn is forgotten."""
        with self._lock:
            known = self._samples.get(sample.region)
            if known is None or known.at <= sample.at:
                self._samples[sample.region] = sample

    def state(self, region: RegionName, state: RegionState | str) -> None:
        """Take a region's part of the state, or why it could not be read."""
        with self._lock:
            self._states[region] = state

    def crashing(self, region: RegionName, instances: frozenset[InstanceId]) -> None:
        """Take which of a region's instances crash between two beats."""
        with self._lock:
            self._crashing[region] = instances

    def standing(self, standing: Standing) -> None:
        """Take what is known of a region by now."""
        with self._lock:
            self._standings[standing.region] = standing

    def news(self, at: datetime, sentence: Sentence) -> None:
        """Take what an operator should know and no rollout tells."""
        with self._lock:
            self._news.append((at, sentence))

    def around(
        self,
        *,
        identity: str | None = None,
        lease: str | None = None,
        holder_lives: bool | None = None,
    ) -> None:
        """Take what is known of us and of the lease."""
        with self._lock:
            self._holder_lives = self._holder_lives if holder_lives is None else holder_lives
            self._identity = identity if identity is not None else self._identity
            self._lease = lease if lease is not None else self._lease

    def trouble(self, text: str) -> None:
        """Take why nothing goes on; empty where it does again."""
        with self._lock:
            self._trouble = text

    @property
    def has_news(self) -> bool:
        """Whether the next fetch brings anything."""
        looks = (self._samples, self._states, self._standings, self._crashing)
        parts = (self._entries, self._progress, self._news, *looks)
        told = (self._identity, self._lease, self._holder_lives, self._trouble)
        return any(parts) or any(value is not None for value in told)

    def fetch(self) -> Fetched:
        """Return all that came in since the last time, and keep none of it but a flood's lines."""
        with self._lock:
            lines = self._progress
            fetched = Fetched(
                self._rollout,
                tuple(self._entries),
                tuple(self._samples.values()),
                tuple(self._states.items()),
                tuple(lines.popleft() for _ in range(min(len(lines), _MOST_AT_ONCE))),
                self._dropped,
                self._identity,
                self._lease,
                self._holder_lives,
                self._trouble,
                tuple(self._standings.values()),
                tuple(self._news),
                tuple(self._crashing.items()),
            )
            self._entries, self._samples, self._states = [], {}, {}
            self._standings, self._crashing, self._news = {}, {}, []
            self._dropped = 0
            self._identity = self._lease = self._holder_lives = self._trouble = None
            return fetched
