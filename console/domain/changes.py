"""How is a part of a rollout changed, when nothing is ever changed in place?"""

from __future__ import annotations

from dataclasses import replace

from console.domain.fleet import RegionName, UnitName
from console.domain.outcome import RegionPhase
from console.domain.rollout import Rollout


def with_phase(rollout: Rollout, unit: UnitName, phase: RegionPhase) -> Rollout:
    """Return the rollout with the regions of `unit`'s current batch in `phase`."""
    moved = rollout
    for region in rollout.regions_of(rollout.unit(unit)):
        moved = with_region(moved, region.name, phase=phase)
    return moved


def with_unit(rollout: Rollout, name: UnitName, **changes: object) -> Rollout:
    """Return the rollout with these fields of a unit changed."""
    units = tuple(replace(u, **changes) if u.name == name else u for u in rollout.units)  # type: ignore[arg-type]
    return replace(rollout, units=units)


def with_region(rollout: Rollout, name: RegionName, **changes: object) -> Rollout:
    """Return the rollout with these fields of a region changed."""
    regions = tuple(replace(r, **changes) if r.name == name else r for r in rollout.regions)  # type: ignore[arg-type]
    return replace(rollout, regions=regions)
