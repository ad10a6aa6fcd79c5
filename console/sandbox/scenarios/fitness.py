"""Is a fleet at rest, so that a scenario's trouble will be the only one, or is it in it? Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

Status = dict[str, Any]
"""The one object of `status --json`."""
_Objects = list[dict[str, Any]]


def obstacles(status: Status, regions: Iterable[str]) -> tuple[str, ...]:
    """Return everything that another trouble has left behind; empty for a fleet at rest.

    Args:
        status: what `status --json` told.
        regions: those that matter.
    """
    wanted = tuple(regions)
    return (*lasting(status, wanted), *_told(status, wanted, _of_workers))


def lasting(status: Status, regions: Iterable[str]) -> tuple[str, ...]:
    """Return those of the obstacles that stay until somebody does something about them."""
    return (*_of_rollout(status), *_told(status, regions, _of_objects))


def stands_twice(region: Mapping[str, Any], slots: int) -> bool:
    """Whether each slot of a region has both a tainted current object and a deposed one."""
    wanted = list(range(slots))
    return all(
        sorted(each["slot"] for each in objects) == wanted for objects in _new_and_old(region)
    )


def is_shown(region: Mapping[str, Any], slots: int, told_as: Collection[str]) -> bool:
    """Whether a status shows what a bad release has done.

    Args:
        region: what `status --json` told of it.
        slots: how many it has.
        told_as: what the new instances may be; the old ones have to be healthy.
    """
    new, old = _new_and_old(region)
    return (
        stands_twice(region, slots)
        and all(each["health"] in told_as for each in new)
        and all(each["health"] == "healthy" for each in old)
    )


def _new_and_old(region: Mapping[str, Any]) -> tuple[_Objects, _Objects]:
    objects = region["objects"]
    return (
        [each for each in objects if each["kind"] == "current" and each["tainted"]],
        [each for each in objects if each["kind"] == "deposed"],
    )


def _told(
    status: Status, regions: Iterable[str], tell: Callable[[Mapping[str, Any]], Iterator[str]]
) -> Iterator[str]:
    for region in regions:
        yield from (f"{region}: {told}" for told in tell(status["regions"][region]))


def _of_rollout(status: Status) -> Iterator[str]:
    rollout, lease = status["rollout"], status["lease"]
    if lease is not None:
        yield f"{lease['who']} holds the fleet: {lease['message']}"
    if rollout is not None and rollout["phase"] != "finished":
        yield f"the rollout of {rollout['release']} was left open"


def _of_objects(region: Mapping[str, Any]) -> Iterator[str]:
    if region["lock"] is not None:
        yield f"{region['lock']['holder']} holds the state lock"
    for found in region["objects"]:
        if found["kind"] != "current":
            yield f"{found['id']} is {found['kind']}"
        elif found["tainted"]:
            yield f"slot {found['slot']} is tainted"


def _of_workers(region: Mapping[str, Any]) -> Iterator[str]:
    if region["error"]:
        yield str(region["error"])
    # Null where the region cannot be read; its error was told above.
    if region["healthy"] is not None and region["healthy"] < region["desired"]:
        yield f"only {region['healthy']} of {region['desired']} workers are healthy"
