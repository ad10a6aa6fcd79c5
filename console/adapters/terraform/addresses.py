"""Which worker slot is meant by an address, and how is a slot's address written?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from console.domain.fleet import RegionName, SlotIndex

_INDEX = re.compile(r"^(?P<base>.*)\[(?P<index>\d+)\]$")

PLACEHOLDER = "{region}"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The workers' addresses in one state."""

    template: str
    """The setting `terraform.resource`, such as module.workers-{region}.aws_instance.worker."""
    regions: tuple[RegionName, ...]
    """The regions whose workers are in the state; without a placeholder, only one."""

    def resource(self, region: RegionName) -> str:
        """Return the address of all workers of `region`."""
        return self.template.replace(PLACEHOLDER, region)

    def slot(self, region: RegionName, slot: SlotIndex | int) -> str:
        """Return the address of one slot."""
        return f"{self.resource(region)}[{slot}]"

    def target(self, region: RegionName) -> str:
        """Return what `-target` must name for `region`: its module, else its workers."""
        resource = self.resource(region)
        # The last two parts are the resource's type and name; what is left is its module.
        *module, _, _ = resource.split(".")
        return ".".join(module) or resource

    def locate(self, address: str) -> tuple[RegionName, SlotIndex] | None:
        """Return whose slot `address` is, or None for anything that is no worker."""
        match = _INDEX.match(address)
        base, slot = (match["base"], int(match["index"])) if match else (address, 0)
        region = next((name for name in self.regions if self.resource(name) == base), None)
        return None if region is None else (region, SlotIndex(slot))
