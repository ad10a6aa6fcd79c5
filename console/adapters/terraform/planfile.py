"""What will a saved plan do, by `terraform show -json PLANFILE`?

https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
Nothing but addresses, actions, tags and the image's name is taken over: a plan holds secrets.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from console.adapters.tags import started_image, target_in
from console.adapters.terraform.addresses import Addresses
from console.domain.fleet import InstanceId, RegionState
from console.domain.plan import Action, Change, Plan, PlanId


class PlanFileError(ValueError):
    """A plan that this console cannot read in full, and therefore not judge."""


def plan_id(path: Path) -> PlanId:
    """Return the sha256 of the plan file.

    Raises:
        OSError: when it cannot be read.
    """
    return PlanId(hashlib.sha256(path.read_bytes()).hexdigest())


def parse_plan(
    text: str, identity: PlanId, state: RegionState, addresses: Addresses, *, is_targeted: bool
) -> Plan:
    """Return the plan that `text` describes.

    Args:
        text: the output of `show -json`.
        identity: see `plan_id`.
        state: what the plan was made from; its serial and lineage are taken.
        addresses: the workers' addresses in that state.
        is_targeted: whether `-target` was given. Terraform calls such a plan incomplete; that it
            covers only the targets is what was asked for.

    Raises:
        PlanFileError: when `text` is no plan, or holds a word that this console does not know.
    """
    try:
        document = json.loads(text)
        changes = tuple(_change(entry, addresses) for entry in document.get("resource_changes", ()))
        outputs = document.get("output_changes") or {}
        return Plan(
            id=identity,
            serial=state.serial,
            lineage=state.lineage,
            changes=changes,
            is_complete=_is_complete(document, is_targeted=is_targeted),
            output_changes=tuple(
                name for name, change in outputs.items() if change.get("actions") != ["no-op"]
            ),
        )
    except PlanFileError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlanFileError(f"`terraform show -json` gave no plan: {error!r}") from error


def _is_complete(document: Mapping[str, Any], *, is_targeted: bool) -> bool:
    if document.get("errored") or document.get("deferred_changes"):
        return False
    return is_targeted or document.get("complete", True) is True


def _change(entry: Mapping[str, Any], addresses: Addresses) -> Change:
    change = entry["change"]
    before, after = change.get("before") or {}, change.get("after") or {}
    actions = tuple(_action(word, entry["address"]) for word in change["actions"])
    place = addresses.locate(entry["address"]) if entry.get("mode") == "managed" else None
    region, slot = place if place is not None else (None, None)
    identity = before.get("id")
    return Change(
        address=entry["address"],
        resource_type=entry["type"],
        actions=actions,
        deposed_key=entry.get("deposed"),
        reason=entry.get("action_reason") or "",
        region=region,
        slot=slot,
        instance=InstanceId(identity) if place is not None and identity else None,
        before=target_in(before) if place is not None else None,
        after=target_in(after) if place is not None else None,
        started_image=started_image(after) if Action.CREATE in actions else None,
    )


def _action(word: str, address: str) -> Action:
    try:
        return Action(word)
    except ValueError:
        raise PlanFileError(
            f"the plan would {word!r} {address}; this console does not know what that does"
        ) from None
