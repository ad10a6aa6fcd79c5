"""What do the settings say about the Terraform configuration of a fleet?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console.adapters.terraform.addresses import PLACEHOLDER, Addresses
from console.adapters.terraform.variables import Given, Layout
from console.domain.fleet import RegionName, UnitName

Backend = Mapping[str, str | bool | int]

# Terraform's default of 10 makes waves of a wave; an instance has about four things to do.
_LEAST_PARALLELISM = 10
_PER_SLOT = 4


@dataclass(frozen=True, slots=True)
class TerraformSpec:
    """One Terraform root, and which part of it each unit is."""

    root: Path
    resource: str
    """The address of a region's workers; `{region}` may be in it."""
    backend: Backend
    """For `-backend-config`; `{region}` may be in every text."""
    layout: Layout
    given: Given
    units: Mapping[UnitName, tuple[RegionName, ...]]
    regions: Mapping[RegionName, int]
    """All regions of the settings, not only those of a rollout, and how many slots each has."""
    work_dir: Path
    """For what `init` installs, logs and variable files; it is made with mode 0700."""
    plugin_dir: Path | None = None
    """The setting; None to look for one, and to use the registry where there is none."""

    def backend_of(self, unit: UnitName) -> dict[str, str | bool | int]:
        """Return the backend's settings for the state of `unit`."""
        if self.layout is Layout.SINGLE_ROOT:
            return dict(self.backend)
        (region,) = self.units[unit]
        return {
            key: value.replace(PLACEHOLDER, region) if isinstance(value, str) else value
            for key, value in self.backend.items()
        }

    def addresses_of(self, unit: UnitName) -> Addresses:
        """Return the addresses of all workers in the state of `unit`."""
        single = self.layout is Layout.SINGLE_ROOT
        return Addresses(self.resource, tuple(self.regions) if single else self.units[unit])

    def targets_of(self, unit: UnitName) -> tuple[str, ...]:
        """Return what `-target` has to name so that a plan covers `unit` and nothing else."""
        if self.layout is Layout.PER_REGION:
            return ()
        addresses = self.addresses_of(unit)
        return tuple(addresses.target(region) for region in self.units[unit])

    def state_of(self, unit: UnitName) -> str:
        """Return a name for the state that has `unit`; the units of a single root share it."""
        return self.layout.value if self.layout is Layout.SINGLE_ROOT else unit

    def data_dir(self, unit: UnitName) -> Path:
        """Return the unit's TF_DATA_DIR."""
        return self.work_dir.absolute() / "data" / unit

    def variable_file(self, unit: UnitName) -> Path:
        """Return where the variables of a plan lie while it is made."""
        return self.work_dir.absolute() / "variables" / f"{unit}.tfvars.json"

    def parallelism_of(self, unit: UnitName) -> int:
        """Return how many operations Terraform may run at once."""
        return max(_LEAST_PARALLELISM, _PER_SLOT * sum(self.regions[r] for r in self.units[unit]))
