"""Is a fleet at rest, so that a scenario's trouble will be the only one? Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Status = dict[str, Any]
"""The one object of `status --json`."""


def obstacles(status: Status, regions: Iterable[str]) -> tuple[str, ...]:
    """Return everything that another trouble has left behind; empty for a fleet at rest.

    Args:
        status: what `status --json` told.
        regions: those that matter.
    """
    return (
        *_of_rollout(status),
        *(f"{region}: {told}" for region in regions for told in _of(status["regions"][region])),
    )


def _of_rollout(status: Status) -> Iterator[str]:
    rollout, lease = status["rollout"], status["lease"]
    if lease is not None:
        yield f"{lease['who']} holds the fleet: {lease['message']}"
    if rollout is not None and rollout["phase"] != "finished":
        yield f"the rollout of {rollout['release']} was left open"


def _of(region: Mapping[str, Any]) -> Iterator[str]:
    if region["error"]:
        yield str(region["error"])
    if region["lock"] is not None:
        yield f"{region['lock']['holder']} holds the state lock"
    for found in region["objects"]:
        if found["kind"] != "current":
            yield f"{found['id']} is {found['kind']}"
        elif found["tainted"]:
            yield f"slot {found['slot']} is tainted"
    if region["healthy"] < region["desired"]:
        yield f"only {region['healthy']} of {region['desired']} workers are healthy"
