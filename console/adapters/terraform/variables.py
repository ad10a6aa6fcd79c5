"""Which variables does a Terraform root get from the console?

The console knows what to run where; the settings know the rest (`terraform.variables`). Both go
into one file, because a value on a command line is visible to every user of the machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from console.adapters.aws.queues import QueueUrls
from console.adapters.terraform.addresses import PLACEHOLDER
from console.adapters.terraform.private import write_private
from console.domain.fleet import RegionName, SlotTarget

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

# What runs where is the rollout's to say, and the guard's to check.
_NEVER_OVERRIDDEN = ("slots", "region", "fleet")


class Layout(StrEnum):
    """How many regions one Terraform root covers."""

    PER_REGION = "per-region"
    SINGLE_ROOT = "single-root"


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a new instance must show before the old one may go."""

    await_command: str = ""
    """Program that waits for the heartbeat; empty to wait for nothing."""
    completions: int = 1
    within: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Given:
    """What is the same in every plan."""

    fleet: str
    environment: str
    namespace: str
    """Of the heartbeats in CloudWatch."""
    interval: timedelta
    """Between two heartbeats."""
    readiness: Readiness
    settings: Mapping[str, object] = field(default_factory=dict)
    """`terraform.variables`; these win, save for slots, region and fleet."""
    stop_grace: timedelta | None = None
    """From a worker's stop signal to its kill; None for what the root says."""

    def shared(self) -> dict[str, Json]:
        """Return the variables that both layouts have."""
        grace = self.stop_grace
        stop = {} if grace is None else {"stop_grace_seconds": int(grace.total_seconds())}
        return {
            **stop,
            "fleet": self.fleet,
            "environment": self.environment,
            "heartbeat": {
                "namespace": self.namespace,
                "interval_seconds": int(self.interval.total_seconds()),
            },
            "readiness": {
                "await_command": self.readiness.await_command,
                "completions": self.readiness.completions,
                "within_seconds": int(self.readiness.within.total_seconds()),
                "launcher_within_seconds": int(self.readiness.within.total_seconds()),
            },
        }


def of_region(
    given: Given,
    region: RegionName,
    slots: tuple[SlotTarget, ...],
    queues: QueueUrls,
    ami: str | None,
) -> dict[str, Json]:
    """Return the variables of a root that covers `region` alone."""
    console: dict[str, Json] = given.shared() | {
        "region": region,
        "slots": _slots(slots),
        "work_queue_url": queues.work,
        "results_queue_url": queues.results,
    }
    if ami is not None:
        console["ami_id"] = ami
    settings = _filled({str(k): v for k, v in given.settings.items()}, region)
    return _finished(console, settings)


def of_single_root(
    given: Given,
    slots: Mapping[RegionName, tuple[SlotTarget, ...]],
    queues: Mapping[RegionName, QueueUrls],
    amis: Mapping[RegionName, str],
) -> dict[str, Json]:
    """Return the variables of a root that covers every region.

    Args:
        given: what is the same in every plan.
        slots: for all regions, those that are not planned now included: a region left out would
            read as "destroy all its workers".
        queues: for all regions.
        amis: for the regions where one is pinned.
    """
    console: dict[str, Json] = given.shared() | {
        "slots": {region: _slots(targets) for region, targets in slots.items()},
        "work_queue_urls": {region: urls.work for region, urls in queues.items()},
        "results_queue_urls": {region: urls.results for region, urls in queues.items()},
    }
    if amis:
        console["ami_ids"] = {region: ami for region, ami in amis.items()}  # noqa: C416  # the types
    return _finished(console, json.loads(json.dumps(dict(given.settings))))


def write(path: Path, variables: Mapping[str, Json]) -> None:
    """Write `variables` to a file that nobody else can read; its name ends in .tfvars.json.

    Raises:
        OSError: when that cannot be done.
    """
    write_private(path, json.dumps(variables, indent=1))


def _slots(targets: tuple[SlotTarget, ...]) -> Json:
    return [{"release": target.release, "image": target.image} for target in targets]


def _finished(console: dict[str, Json], settings: dict[str, Json]) -> dict[str, Json]:
    merged = _merged(console, settings)
    return merged | {name: console[name] for name in _NEVER_OVERRIDDEN if name in console}


def _merged(below: dict[str, Json], above: Mapping[str, Json]) -> dict[str, Json]:
    result = dict(below)
    for name, value in above.items():
        old = result.get(name)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[name] = _merged(old, value) if both else value  # type: ignore[arg-type]
    return result


def _filled(value: object, region: RegionName) -> dict[str, Json]:
    """Return a copy of the settings with the region in the place of `{region}`."""
    name = json.dumps(region)[1:-1]
    filled: dict[str, Json] = json.loads(json.dumps(value).replace(PLACEHOLDER, name))
    return filled
