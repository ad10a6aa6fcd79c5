"""What does a line of the regions table say?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from console.domain.left_over import left_over
from console.domain.vocabulary import Health, ObjectKind, RegionName

if TYPE_CHECKING:
    from console.domain.fleet import QueueSample
    from console.domain.outcome import RegionPhase
    from console.domain.rollout import RegionRun, Rollout
    from console.domain.view import ObjectView, RegionView

# Older than this, a number on the screen is no longer "now".
STALE_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class RegionRow:
    """One region, ready to be drawn."""

    name: RegionName
    wave: int | None
    phase: RegionPhase | None
    """None where no rollout is under way."""
    desired: int
    new: int = 0
    """Healthy instances that beat with the release."""
    old: int = 0
    """Healthy instances that beat with another one."""
    unwell: int = 0
    """Living instances that are not healthy, or of which nobody can tell."""
    deposed: int = 0
    release: str = ""
    """The releases that its instances report, the most frequent first."""
    tagged: str = ""
    """What the tags claim, where they disagree with the heartbeats."""
    queue: QueueSample | None = None
    dead_letters: int | None = None
    """New ones since the rollout began; all of them where nobody counted before."""
    last_beat: timedelta | None = None
    fresh: timedelta | None = None
    """Age of the data; None where it was never seen."""
    error: str | None = None
    alert: str = ""
    """That nothing happens there, in a sentence; empty where something does."""
    left_over: str = ""
    """What stands there that should not; empty while a rollout is under way."""
    is_seen: bool = True
    """Whether anybody can tell what works there."""

    @property
    def is_stale(self) -> bool:
        """Whether its numbers are too old to be believed, or could not be read."""
        return self.error is not None or self.fresh is None or self.fresh > STALE_AFTER

    @property
    def missing(self) -> int:
        """How many instances are wanted and not there."""
        return max(0, self.desired - self.new - self.old - self.unwell)


def region_row(rollout: Rollout | None, run: RegionRun | None, view: RegionView) -> RegionRow:
    """Return the line of a region that was seen.

    Args:
        rollout: the one that is shown; None where none is.
        run: the region's way through it.
        view: what was seen of the region.
    """
    label = rollout.request.label if rollout else None
    living = [found for found in view.objects if found.health is not Health.GONE]
    healthy = [found for found in living if found.health is Health.HEALTHY]
    new = sum(found.heartbeat == label for found in healthy)
    beats = [found.last_beat for found in living if found.last_beat is not None]
    return RegionRow(
        name=view.name,
        wave=run.wave if run else None,
        phase=run.phase if run else None,
        desired=view.desired,
        new=new,
        old=len(healthy) - new,
        unwell=len(living) - len(healthy),
        deposed=sum(found.kind is ObjectKind.DEPOSED for found in living),
        release=_releases(found.heartbeat for found in healthy),
        tagged=_disagreement(living),
        queue=view.queue,
        dead_letters=_dead_letters(run, view.queue),
        last_beat=min(beats, default=None),
        fresh=view.fresh,
        error=view.error,
        left_over=left_over(view) if rollout is None or rollout.is_finished else "",
        is_seen=view.is_seen,
    )


def _releases(labels: Iterable[str | None]) -> str:
    counted = Counter(label for label in labels if label is not None)
    return ", ".join(label for label, _ in counted.most_common())


def _disagreement(living: list[ObjectView]) -> str:
    """What the tags of those instances say whose heartbeat says something else."""
    return _releases(
        found.tag
        for found in living
        if found.heartbeat is not None and found.tag != found.heartbeat
    )


def _dead_letters(run: RegionRun | None, queue: QueueSample | None) -> int | None:
    if queue is None:
        return None
    before = run.dead_letters_before if run else None
    return queue.dead_letters if before is None else max(0, queue.dead_letters - before)
