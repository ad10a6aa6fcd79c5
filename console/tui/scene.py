"""What does the console know that it can draw?

The one store of the screens. It folds in what the bridge brings, and answers with frozen views.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from console.domain import events
from console.domain.chart import Point
from console.domain.events import Entry
from console.domain.fleet import RegionName, RegionSample, RegionState
from console.domain.gates import Verdict
from console.domain.narrate import Sentence, Tone, tell
from console.domain.path_view import Expected
from console.domain.policy import Policy
from console.domain.rollout import Rollout
from console.domain.rollout_view import Ask, Bystanders, RolloutView, view_rollout
from console.domain.signs import OUTCOMES
from console.domain.view import RegionView, view_region
from console.tui.bridge import Fetched

# An hour of samples, two seconds apart.
_MOST_POINTS = 1800


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the timeline."""

    at: datetime
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Judged:
    """One verdict of a gate, when it was given."""

    at: datetime
    region: RegionName
    verdict: Verdict


class Scene:
    """Everything that is known now."""

    def __init__(self, policy: Policy, around: Bystanders, boot_allowance: timedelta) -> None:
        """Begin with nothing seen."""
        self._policy = policy
        self._boot_allowance = boot_allowance
        self.around = around
        self.expected: Expected = {}
        self.rollout: Rollout | None = None
        self.told: list[Told] = []
        self.judged: list[Judged] = []
        self.trouble = ""
        """Why this console can roll nothing out; empty where it can."""
        self.points: dict[RegionName, deque[Point]] = {}
        self._samples: dict[RegionName, RegionSample] = {}
        self._states: dict[RegionName, RegionState | str] = {}

    def take(self, fetched: Fetched) -> None:
        """Fold in what has come."""
        self.rollout = fetched.rollout or self.rollout
        for entry, rollout in fetched.entries:
            self.tell(entry, rollout)
        if fetched.trouble is not None:
            self.trouble = fetched.trouble
        for region, state in fetched.states:
            self._states[region] = state
        for sample in fetched.samples:
            self._see(sample)
        if fetched.identity is not None:
            self.around = replace(self.around, identity=fetched.identity)
        if fetched.lease is not None:
            self.around = replace(self.around, lease=fetched.lease)

    def tell(self, entry: Entry, rollout: Rollout) -> None:
        """Fold in one fact."""
        if isinstance(entry.event, events.RolloutStarted):
            self.told, self.judged = [], []
        self.rollout = rollout
        sentence = tell(entry.event, rollout) or _of_the_end(entry.event)
        if sentence is not None:
            self.told.append(Told(entry.at, sentence))
        if isinstance(entry.event, events.GateJudged):
            self.judged.append(Judged(entry.at, entry.event.region, entry.event.verdict))

    def view(self, now: datetime) -> RolloutView:
        """Return what the rollout screen draws."""
        view = view_rollout(self.rollout, self.around, self.regions(now), self.expected, now)
        return replace(view, ask=Ask(self.trouble, Tone.BAD)) if self.trouble else view

    def regions(self, now: datetime) -> tuple[RegionView, ...]:
        """Return the regions that were seen, in the order of the settings."""
        return tuple(view for spec in self._specs() if (view := self.region(spec, now)) is not None)

    def region(self, name: RegionName, now: datetime) -> RegionView | None:
        """Return a region as it was last seen; None where nobody has looked yet."""
        sample = self._samples.get(name)
        if sample is None:
            return None
        state = self._states.get(name)
        return view_region(
            name,
            self._count(name),
            None if isinstance(state, str) else state,
            sample,
            state_error=state if isinstance(state, str) else None,
            silent_after=self._policy.silent_after,
            boot_allowance=self._boot_allowance,
            now=now,
        )

    def sample(self, name: RegionName) -> RegionSample | None:
        """Return what was last seen of a region in AWS."""
        return self._samples.get(name)

    def state(self, name: RegionName) -> RegionState | None:
        """Return what was last read of a region's Terraform state."""
        state = self._states.get(name)
        return None if isinstance(state, str) else state

    def _specs(self) -> Iterable[RegionName]:
        return (spec.name for spec in self._policy.regions)

    def _count(self, name: RegionName) -> int:
        return next((spec.count for spec in self._policy.regions if spec.name == name), 0)

    def _see(self, sample: RegionSample) -> None:
        self._samples[sample.region] = _with_known(sample, self._samples.get(sample.region))
        if sample.heartbeats.error or sample.instances.error:
            return
        label = self.rollout.request.label if self.rollout else None
        healthy = sample.healthy(self._policy.silent_after)
        new = {b.instance for b in sample.heartbeats.value or () if b.release == label} & healthy
        queue = sample.queue.value
        point = Point(
            sample.at, len(new), len(healthy) - len(new), queue.backlog if queue else None
        )
        self.points.setdefault(sample.region, deque(maxlen=_MOST_POINTS)).append(point)


def _with_known(sample: RegionSample, before: RegionSample | None) -> RegionSample:
    """Keep the last known values of a source that failed; its error tells that they are old."""
    if before is None:
        return sample
    failed = [
        name
        for name in ("instances", "heartbeats", "queue")
        if getattr(sample, name).error is not None and getattr(before, name).value is not None
    ]
    if not failed:
        return sample
    # The age shown is that of the oldest value, and no newer one pretends to be it.
    kept = {
        name: replace(getattr(before, name), error=getattr(sample, name).error) for name in failed
    }
    return replace(sample, at=before.at, **kept)


def _of_the_end(event: events.Event) -> Sentence | None:
    if not isinstance(event, events.RolloutFinished):
        return None
    sign = OUTCOMES[event.outcome]
    return Sentence(f"{sign.word}: {event.reason}", sign.tone, event.next)
