"""Which objects does a Terraform state hold for each region, and who has it locked?

The raw state, version 4, because `terraform show -json` leaves deposed objects out. Its layout:
https://github.com/hashicorp/terraform/blob/v1.11.4/internal/states/statefile/version4.go
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from console.adapters.tags import target_in
from console.adapters.terraform.addresses import Addresses
from console.domain.fleet import (
    InstanceId,
    RegionName,
    RegionState,
    SlotIndex,
    StateLock,
    StateObject,
)

_VERSION = 4

# Go writes nanoseconds; Python reads microseconds.
_NANOSECONDS = re.compile(r"(\.\d{6})\d+")


class StateError(ValueError):
    """What was read is no state that this console understands."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One worker's object in a raw state."""

    region: RegionName
    slot: SlotIndex
    address: str
    resource: Mapping[str, Any]
    """All objects of the resource; its `instances` has `raw` in it."""
    raw: Mapping[str, Any]

    @property
    def attributes(self) -> Mapping[str, Any]:
        """What the provider keeps of it."""
        return self.raw.get("attributes") or {}

    @property
    def instance(self) -> InstanceId:
        """Its id."""
        return InstanceId(str(self.attributes.get("id", "")))

    @property
    def is_deposed(self) -> bool:
        """Whether another has taken its place, or was to."""
        return bool(self.raw.get("deposed"))


def parse_state(
    text: str, addresses: Addresses, lock: StateLock | None = None
) -> Mapping[RegionName, RegionState]:
    """Return the part of a state that each region has.

    Args:
        text: the raw state; empty where there is none yet.
        addresses: the workers' addresses in it.
        lock: who holds it now.

    Raises:
        StateError: when `text` is no state of version 4.
    """
    document = document_of(text)
    objects = tuple((entry.region, _object(entry)) for entry in entries(document, addresses))
    return {
        region: RegionState(
            serial=int(document.get("serial", 0)),
            lineage=str(document.get("lineage", "")),
            objects=tuple(found for owner, found in objects if owner == region),
            lock=lock,
        )
        for region in addresses.regions
    }


def parse_lock(text: str) -> StateLock | None:
    """Return who holds a lock, from its info file; None for a file that tells nothing."""
    try:
        told = json.loads(text)
        return StateLock(
            id=str(told["ID"]),
            holder=str(told.get("Who") or "unknown"),
            operation=str(told.get("Operation") or "").removeprefix("OperationType").lower(),
            since=_time(told.get("Created")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def document_of(text: str) -> dict[str, Any]:
    """Return a raw state; empty where there is none yet.

    Raises:
        StateError: when `text` is no state of version 4.
    """
    if not text.strip():
        return {}
    try:
        document = json.loads(text)
    except ValueError as error:
        raise StateError(f"the state is no JSON: {error}") from error
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        raise StateError(f"the state is not of version {_VERSION}; use Terraform 0.12 or newer")
    return document


def entries(document: Mapping[str, Any], addresses: Addresses) -> Iterator[Entry]:
    """Yield every worker's object in a raw state."""
    for resource in document.get("resources", ()):
        if resource.get("mode") != "managed":
            continue
        module = f"{resource['module']}." if resource.get("module") else ""
        base = f"{module}{resource['type']}.{resource['name']}"
        for instance in resource.get("instances", ()):
            key = instance.get("index_key")
            address = base if key is None else f"{base}[{json.dumps(key)}]"
            place = addresses.locate(address)
            if place is not None:
                yield Entry(*place, address, resource, instance)


def _object(entry: Entry) -> StateObject:
    attributes = entry.attributes
    return StateObject(
        address=entry.address,
        slot=entry.slot,
        instance=entry.instance,
        target=target_in(attributes),
        deposed_key=entry.raw.get("deposed") or None,
        is_tainted=entry.raw.get("status") == "tainted",
        private_address=attributes.get("private_ip") or None,
        ami=attributes.get("ami") or None,
    )


def _time(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(_NANOSECONDS.sub(r"\1", str(text)))
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
