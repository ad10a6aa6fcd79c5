"""How many jobs did each release do?

Workers report what they did within a window that slides. Windows laid end to end, from the last
look at all of a release's workers backwards, count each job once. A worker's last jobs before it
is replaced may be missing, so the numbers are lower bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.domain.figures import Figures, ReleaseFigures
from console.domain.fleet import RegionName
from console.domain.release import ReleaseLabel


@dataclass(frozen=True, slots=True)
class Jobs:
    """What the workers of one release did in one region."""

    region: RegionName
    release: ReleaseLabel
    runs: int
    failures: int
    since: datetime
    """From when on they are counted; for a release that ran before, from before the rollout."""
    until: datetime

    @property
    def ratio(self) -> float | None:
        """The failed part; None where nothing was run."""
        return self.failures / self.runs if self.runs else None


def jobs(figures: Sequence[Figures]) -> tuple[Jobs, ...]:
    """Return the jobs of each release in one region.

    Args:
        figures: of this region, in the order of time.
    """
    known = [f for f in figures if f.releases is not None]
    labels = dict.fromkeys(each.release for f in known for each in f.releases or ())
    return tuple(_jobs(known, label) for label in labels)


def _jobs(figures: Sequence[Figures], label: ReleaseLabel) -> Jobs:
    looks = [(f, own) for f in figures if (own := f.of(label)) is not None]
    most = max(own.healthy for _, own in looks)
    whole = [place for place, (_, own) in enumerate(looks) if own.healthy == most]
    tiles = list(_tiles(looks[: whole[-1] + 1]))
    first = tiles[-1][0]
    return Jobs(
        first.region,
        label,
        sum(own.runs for _, own in tiles),
        sum(own.failures for _, own in tiles),
        first.at - first.window,
        tiles[0][0].at,
    )


def _tiles(
    looks: Sequence[tuple[Figures, ReleaseFigures]],
) -> Iterator[tuple[Figures, ReleaseFigures]]:
    """Yield looks whose windows lie end to end, the newest first."""
    before: datetime | None = None
    for figures, own in reversed(looks):
        if before is None or figures.at <= before:
            yield figures, own
            before = figures.at - max(figures.window, _LEAST)


_LEAST = timedelta(seconds=1)
