"""What does the console know that it can draw?

The one store of the screens. It folds in what the bridge brings, and answers with frozen views.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import is_
from typing import TYPE_CHECKING

from console.domain.header import Bystanders, Header, header_of
from console.domain.run_by import RunBy
from console.domain.sentence import Sentence, Tone
from console.tui.sightings import Sightings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from console.domain.beat_history import BeatHistory
    from console.domain.chart import Point
    from console.domain.events import Entry
    from console.domain.figures import Figures
    from console.domain.fleet import RegionName, RegionSample, RegionState, SlotTarget
    from console.domain.gates import Verdict
    from console.domain.path_view import Expected
    from console.domain.policy import Policy
    from console.domain.recovery.move import Move
    from console.domain.region_rows import RegionRow
    from console.domain.rollout import Rollout
    from console.domain.rollout_view import RolloutView
    from console.domain.scaling import Scale
    from console.domain.silence import Standing
    from console.domain.view import RegionView
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
        self.around = around
        self.expected: Expected = {}
        self.rollout: Rollout | None = None
        self.told: list[Told] = []
        self.judged: list[Judged] = []
        self.trouble = ""
        """Why this console can roll nothing out; empty where it can."""
        self.logs = ""
        """Where the tools' complete output is kept; empty where that is not known."""
        self.run_by = RunBy.US
        """Whose engine runs the rollout."""
        self.move_to_begin: Move | None = None
        """The move that was said yes to and has not begun."""
        self.holder_lives = True
        """Whether the console that has the lease lives, as far as anybody has looked."""
        self.points: dict[RegionName, deque[Point]] = {}
        self.beats: dict[RegionName, BeatHistory] = {}
        self.window = timedelta(minutes=15)
        """How far back an instance's finished jobs are counted."""
        self.advise_every = timedelta(seconds=5)
        """How often a region is looked at while its moves are on the screen."""
        self._standings: dict[RegionName, Standing] = {}
        self._sightings = Sightings(policy, boot_allowance)
        self._view: RolloutView | None = None
        self._view_of: tuple[object, ...] = ()
        """What `_view` was made from: the same objects give the same view within a second."""
        self._view_in = 0

    def take(self, fetched: Fetched) -> None:
        """Fold in what has come."""
        self.rollout = fetched.rollout or self.rollout
        for entry, rollout in fetched.entries:
            self.tell(entry, rollout)
        if fetched.trouble is not None:
            self.trouble = fetched.trouble
        for region, state in fetched.states:
            self._sightings.read(region, state)
        for sample in fetched.samples:
            self._see(sample)
        for region, instances in fetched.crashing:
            self._sightings.look_closer(region, instances)
        self._standings |= {standing.region: standing for standing in fetched.standings}
        self.told += (Told(at, sentence) for at, sentence in fetched.news)
        if fetched.identity is not None:
            self.around = replace(self.around, identity=fetched.identity)
        if fetched.lease is not None:
            self.around = replace(self.around, lease=fetched.lease)
        if fetched.holder_lives is not None:
            self.holder_lives = fetched.holder_lives

    def tell(self, entry: Entry, rollout: Rollout) -> None:
        """Fold in one fact."""
        # No form needs a rollout's story: whatever tells one is imported with the first fact.
        from console.domain import events
        from console.domain.narrate import tell, tell_end

        if isinstance(entry.event, events.RolloutStarted):
            self.told, self.judged = [], []
        self.rollout = rollout
        sentence = tell_end(entry.event) or tell(entry.event, rollout)
        if sentence is not None:
            self.told.append(Told(entry.at, sentence))
        if isinstance(entry.event, events.GateJudged):
            self.judged.append(Judged(entry.at, entry.event.region, entry.event.verdict))

    def recall(self, figures: Iterable[Figures], rollout: Rollout) -> None:
        """Chart what was kept of a rollout before anybody looked here."""
        from console.domain.figures import points

        for region, kept in points(figures, rollout.request.label).items():
            known = self.points.get(region, ())
            earlier = (point for point in kept if not known or point.at < known[0].at)
            self.points[region] = deque((*earlier, *known), maxlen=_MOST_POINTS)

    def header(self) -> Header:
        """Return what is always in sight."""
        return header_of(self.rollout, self.around)

    def view(self, now: datetime) -> RolloutView:
        """Return what the rollout screen draws."""
        rows = self._sightings.rows(self.rollout, now)
        of: tuple[object, ...] = (
            self.rollout,
            self.around,
            self.expected,
            self.trouble,
            self.run_by,
            *self.still,
        )
        second = int(now.timestamp())
        is_same = self._view_in == second and len(of) == len(self._view_of)
        is_same = is_same and all(map(is_, of, self._view_of))
        if self._view is None or not is_same:
            self._view, self._view_of, self._view_in = self._make_view(rows, now), of, second
        return replace(self._view, regions=self._alerted(rows))

    def _make_view(self, rows: tuple[RegionRow, ...], now: datetime) -> RolloutView:
        from console.domain.rollout_view import (
            Ask,
            ask_of_the_left,
            ask_of_the_still,
            view_rollout,
        )

        view = view_rollout(self.rollout, self.around, rows, self.expected, now)
        if self.trouble:
            return replace(view, ask=Ask(self.trouble, Tone.BAD))
        if self.still and (self.rollout is None or self.rollout.is_finished):
            return replace(view, ask=ask_of_the_still(self.still, view.ask))
        if self.rollout is not None and self.run_by is not RunBy.US:
            return replace(view, ask=ask_of_the_left(self.rollout, view.ask, self.run_by))
        return view

    def today(self, now: datetime) -> tuple[RegionRow, ...]:
        """Return a line for every region of the settings, whatever is rolled out."""
        return self._alerted(self._sightings.rows(None, now))

    @property
    def still(self) -> tuple[Standing, ...]:
        """The regions in which nothing happens, as far as is known."""
        return tuple(found for found in self._standings.values() if found.incident is not None)

    def _alerted(self, rows: tuple[RegionRow, ...]) -> tuple[RegionRow, ...]:
        """Return `rows` with a sentence for each region in which nothing happens."""
        still = {found.region: found for found in self.still}
        if not still:
            return rows
        from console.domain.silence import tell

        return tuple(
            replace(row, alert=tell(still[row.name]).text) if row.name in still else row
            for row in rows
        )

    def region(self, name: RegionName, now: datetime) -> RegionView | None:
        """Return a region as it was last seen; None where nobody has looked yet."""
        return self._sightings.view(name, now)

    def scale(self, name: RegionName, count: int) -> tuple[Scale, SlotTarget] | str:
        """Return a region's scale to `count`, and what new slots get; or why nobody can tell."""
        from console.domain.release import digest_of
        from console.domain.scaling import Scale, most_run

        state = self.state(name)
        if state is None:
            return f"the state of {name} was not read yet"
        current = [found for found in state.objects if found.deposed_key is None]
        target = most_run(found.target for found in current if found.slot < count)
        if target is None or digest_of(target.image) is None:
            return f"nobody can tell which image the slots of {name} run: release to it first"
        before = max(found.slot + 1 for found in current)
        return Scale(name, count, before, self._policy.region(name).count), target

    def hint(self, view: RegionView) -> str:
        """Return what a region's backlog says about the number of its workers."""
        from console.domain.backlog_hint import backlog_hint

        per_worker, sample = self._policy.gates.backlog_per_worker, self.sample(view.name)
        is_new = sample is not None and not (sample.heartbeats.error or sample.instances.error)
        if per_worker is None or view.queue is None or not is_new:
            return ""
        return backlog_hint(view.queue.backlog, view.healthy, per_worker)

    def sample(self, name: RegionName) -> RegionSample | None:
        """Return what was last seen of a region in AWS."""
        return self._sightings.sample(name)

    def state(self, name: RegionName) -> RegionState | None:
        """Return what was last read of a region's Terraform state."""
        return self._sightings.state(name)

    def _see(self, sample: RegionSample) -> None:
        from console.domain.beat_history import BeatHistory
        from console.domain.chart import Point

        self._sightings.see(sample)
        if not sample.is_seen:
            return
        label = self.rollout.request.label if self.rollout else None
        healthy = sample.healthy(self._policy.silent_after)
        new = {b.instance for b in sample.heartbeats.value or () if b.release == label} & healthy
        queue = sample.queue.value
        point = Point(
            sample.at, len(new), len(healthy) - len(new), queue.backlog if queue else None
        )
        self.points.setdefault(sample.region, deque(maxlen=_MOST_POINTS)).append(point)
        self.beats.setdefault(sample.region, BeatHistory()).see(sample, self._policy.silent_after)
