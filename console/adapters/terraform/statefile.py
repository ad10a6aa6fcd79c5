"""How does a raw state look after surgery, so that Terraform takes it and has nothing to do then?

`terraform import` knows only what EC2 tells. The user data in base64, and what the provider keeps
for itself, are lost on the way, and the next plan replaces the instance (measured with provider
5.100). So an object that is in the state already is kept as it is, and one that was imported gets
back what is missing. What comes out of here goes through `terraform state push`, which refuses it
where the state was changed meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.adapters.tags import target_in
from console.adapters.terraform.addresses import Addresses
from console.adapters.terraform.state import Entry, document_of, entries
from console.domain.fleet import InstanceId, RegionName, SlotIndex, SlotTarget


class SurgeryError(ValueError):
    """The state is not as this surgery needs it; the message says how it is."""


@dataclass(frozen=True, slots=True)
class Place:
    """A slot in a state."""

    addresses: Addresses
    region: RegionName
    slot: SlotIndex

    @property
    def address(self) -> str:
        """The slot's address."""
        return self.addresses.slot(self.region, self.slot)

    @property
    def is_instance(self) -> bool:
        """Whether what is in the slot is an EC2 instance."""
        return self.addresses.resource(self.region).split(".")[-2] == "aws_instance"

    def entries(self, document: Mapping[str, Any]) -> tuple[Entry, ...]:
        """Return the slot's objects."""
        found = entries(document, self.addresses)
        return tuple(e for e in found if (e.region, e.slot) == (self.region, self.slot))


def promoted(text: str, place: Place, instance: InstanceId, target: SlotTarget) -> str | None:
    """Return the state in which `instance` is the only object of its slot, and not tainted.

    Args:
        text: the raw state.
        place: the slot.
        instance: one of the slot's objects.
        target: what the slot shall run, for the outputs that tell it.

    Returns:
        The new state; None where it is so already.

    Raises:
        SurgeryError: when the slot has no such object, or it starts something else.
        StateError: when `text` is no state.
    """
    document = document_of(text)
    mine = place.entries(document)
    chosen = next((entry for entry in mine if entry.instance == instance), None)
    if chosen is None:
        held = ", ".join(entry.instance for entry in mine) or "nothing"
        raise SurgeryError(f"{place.address} has no {instance} in the state; it has {held}")
    theirs = target_in(chosen.attributes)
    if theirs is not None and theirs != target:
        raise SurgeryError(
            f"{instance} starts {theirs.release}; with {target.release} in its slot the next plan "
            "would replace it"
        )
    # It was tainted before it was replaced, where that is how replacing was asked for.
    kept = {k: v for k, v in chosen.raw.items() if k not in {"deposed", "status"}}
    if len(mine) == 1 and kept == chosen.raw:
        return None
    resource: Any = chosen.resource
    others = [raw for raw in resource["instances"] if not _is_one_of(raw, mine)]
    resource["instances"] = [*others, kept]
    _retell(document, place, target)
    return _successor(document, document)


def imported(text: str, place: Place, user_data: str, target: SlotTarget) -> str:
    """Return the state in which an instance just imported has what `import` could not know.

    Args:
        text: the raw state.
        place: the instance's slot.
        user_data: the instance's own, in base64.
        target: what the slot shall run, for the outputs that tell it.

    Raises:
        SurgeryError: when the slot has no current object.
        StateError: when `text` is no state.
    """
    document = document_of(text)
    current = next((e for e in place.entries(document) if not e.is_deposed), None)
    if current is None:
        raise SurgeryError(f"{place.address} has no current object after its import")
    attributes: Any = current.attributes
    models = _models(document, place, current)
    # Without another worker to look at, as the module that ships with the console does it.
    if not models or any(model.get("user_data_base64") for model in models):
        attributes |= {"user_data": None, "user_data_base64": user_data}
    replaces = [model.get("user_data_replace_on_change") for model in models]
    attributes["user_data_replace_on_change"] = any(replaces) or not models
    _retell(document, place, target)
    return _successor(document, document)


def restored(backup: str, current: str) -> str:
    """Return the state in `backup` as the one that follows `current`.

    Raises:
        SurgeryError: when the two are not the same state at two times.
        StateError: when one of them is no state.
    """
    then, now = document_of(backup), document_of(current)
    if not then or then.get("lineage") != now.get("lineage", then.get("lineage")):
        raise SurgeryError("the backup is of another state: their lineages differ")
    return _successor(then, now)


def _successor(document: Mapping[str, Any], current: Mapping[str, Any]) -> str:
    return json.dumps({**document, "serial": int(current.get("serial", 0)) + 1}, indent=2)


def _is_one_of(raw: Mapping[str, Any], found: tuple[Entry, ...]) -> bool:
    return any(raw is entry.raw for entry in found)


def _models(document: Mapping[str, Any], place: Place, current: Entry) -> list[Mapping[str, Any]]:
    """Return the attributes of the region's other workers, which Terraform itself has made."""
    workers = [e for e in entries(document, place.addresses) if e.region == place.region]
    return [e.attributes for e in workers if e.raw is not current.raw]


def _retell(document: Mapping[str, Any], place: Place, target: SlotTarget) -> None:
    """Make the outputs of the roots that ship with the console agree with the objects.

    They would be all that the next plan changes. Outputs of other roots are left alone.
    """
    currents = {
        entry.slot: entry.attributes
        for entry in entries(document, place.addresses)
        if entry.region == place.region and not entry.is_deposed
    }
    told: dict[str, Mapping[SlotIndex, object]] = {
        "slots": {place.slot: {"image": target.image, "release": target.release}},
        "instance_ids": {slot: found.get("id") for slot, found in currents.items()},
        "private_addresses": {slot: found.get("private_ip") for slot, found in currents.items()},
    }
    for name, values in told.items():
        value = document.get("outputs", {}).get(name, {}).get("value")
        mine = value.get(place.region) if isinstance(value, dict) else value
        for slot, new in values.items():
            if isinstance(mine, list) and slot < len(mine) and _is_alike(mine[slot], new):
                mine[slot] = new


def _is_alike(old: object, new: object) -> bool:
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys()
    return isinstance(old, str) and isinstance(new, str)
