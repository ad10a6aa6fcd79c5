"""What was seen of every region, and how does that look now?

Thirty-four regions of a hundred instances are drawn several times a second: what has not changed is
not put together again. Ages alone are told anew once a second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from console.domain.region_rows import RegionRow, region_row
from console.domain.vocabulary import Health

if TYPE_CHECKING:
    from console.domain.fleet import InstanceId, RegionName, RegionSample, RegionState
    from console.domain.policy import Policy
    from console.domain.rollout import RegionRun, Rollout
    from console.domain.view import RegionView

_AGES_TOLD_EVERY = timedelta(seconds=1)


@dataclass(slots=True)
class _Region:
    """One region: what it is made from, and what was made of it last."""

    desired: int
    sample: RegionSample | None = None
    state: RegionState | str | None = None
    crashing: frozenset[InstanceId] = frozenset()
    """Those of its instances that crash, though they may beat in between."""
    view: RegionView | None = None
    made_at: datetime | None = None
    """When `view` was made."""
    row: RegionRow | None = None
    run: RegionRun | None = None
    """What `row` was made for."""


class Sightings:
    """Remembers what was seen last."""

    def __init__(self, policy: Policy, boot_allowance: timedelta) -> None:
        """Begin with nothing seen.

        Args:
            policy: names the regions, and says when an instance counts as silent.
            boot_allowance: how long a new instance may take to beat for the first time.
        """
        self._silent_after = policy.silent_after
        self._boot_allowance = boot_allowance
        self._regions = {spec.name: _Region(spec.count) for spec in policy.regions}

    def see(self, sample: RegionSample) -> None:
        """Take a look at a region."""
        region = self._of(sample.region)
        region.sample = _with_known(sample, region.sample)
        region.view = None

    def read(self, name: RegionName, state: RegionState | str) -> None:
        """Take a region's part of the state, or why it could not be read."""
        region = self._of(name)
        region.state = state
        region.view = None

    def look_closer(self, name: RegionName, crashing: frozenset[InstanceId]) -> None:
        """Take which of a region's instances crash, though they may beat in between."""
        region = self._of(name)
        region.crashing = crashing
        region.view = None

    def sample(self, name: RegionName) -> RegionSample | None:
        """Return what was last seen of a region in AWS."""
        return self._of(name).sample

    def state(self, name: RegionName) -> RegionState | None:
        """Return what was last read of a region's Terraform state."""
        state = self._of(name).state
        return None if isinstance(state, str) else state

    def view(self, name: RegionName, now: datetime) -> RegionView | None:
        """Return a region as it was last seen; None where nobody has looked yet."""
        region = self._of(name)
        if region.sample is None:
            return None
        if region.view is None or region.made_at is None or not _is_young(region.made_at, now):
            from console.domain.view import view_region

            state = region.state
            region.made_at, region.row = now, None
            view = view_region(
                name,
                region.desired,
                None if isinstance(state, str) else state,
                region.sample,
                state_error=state if isinstance(state, str) else None,
                silent_after=self._silent_after,
                boot_allowance=self._boot_allowance,
                now=now,
            )
            region.view = _with_crashing(view, region.crashing)
        return region.view

    def rows(self, rollout: Rollout | None, now: datetime) -> tuple[RegionRow, ...]:
        """Return a row for every region: of the rollout in the order of its waves, or of all.

        Args:
            rollout: the one that is shown; None where none is.
            now: the time.
        """
        if rollout is None:
            return tuple(self._row(name, None, None, now) for name in tuple(self._regions))
        runs = sorted(rollout.regions, key=lambda run: run.wave)
        return tuple(self._row(run.name, rollout, run, now) for run in runs)

    def _row(
        self, name: RegionName, rollout: Rollout | None, run: RegionRun | None, now: datetime
    ) -> RegionRow:
        region, view = self._of(name), self.view(name, now)
        if view is None:
            wave, phase, count = (run.wave, run.phase, run.count) if run else (None, None, None)
            return RegionRow(name, wave, phase, region.desired if count is None else count)
        if region.row is None or region.run is not run:
            region.run, region.row = run, region_row(rollout, run, view)
        return region.row

    def _of(self, name: RegionName) -> _Region:
        # A rollout that is replayed may have had regions that the settings have no more.
        return self._regions.setdefault(name, _Region(0))


def _with_crashing(view: RegionView, crashing: frozenset[InstanceId]) -> RegionView:
    if not crashing:
        return view
    objects = (
        replace(found, health=Health.CRASHING)
        if found.id in crashing and found.health is not Health.GONE
        else found
        for found in view.objects
    )
    return replace(view, objects=tuple(objects))


def _is_young(made_at: datetime, now: datetime) -> bool:
    # A replay turns the clock back as well.
    return timedelta(0) <= now - made_at < _AGES_TOLD_EVERY


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
