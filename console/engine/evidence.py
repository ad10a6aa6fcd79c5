"""What shows why an apply failed?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from console.domain.failure import Failure
from console.domain.fleet import RegionName, RegionState, StateObject
from console.domain.rollout import Rollout
from console.engine.ports import Fleet

# A dozen lines show a traceback's end; more belongs on the region's screen.
_CONSOLE_LINES = 12
_MOST_INSTANCES = 3


async def with_evidence(
    failure: Failure,
    state: Mapping[RegionName, RegionState] | Failure,
    fleet: Fleet,
    rollout: Rollout,
) -> Failure:
    """Return `failure` with the console output of the new instances that did not become ready."""
    if isinstance(state, Failure):
        return replace(
            failure, evidence=f"{failure.evidence}\nthe state could not be read: {state.message}"
        )
    digest = rollout.released.digest
    failed = [
        (region, found)
        for region, part in state.items()
        for found in part.objects
        if found.is_tainted and found.target is not None and found.target.digest == digest
    ]
    told = await asyncio.gather(
        *(_console(fleet, region, found) for region, found in failed[:_MOST_INSTANCES])
    )
    return replace(failure, evidence="\n".join(filter(None, (failure.evidence, *told))))


async def _console(fleet: Fleet, region: RegionName, found: StateObject) -> str:
    output = await fleet.console_output(region, found.instance)
    head = f"console of {found.instance} ({region} slot {found.slot}):"
    if output.value is None:
        return f"{head} {output.error}"
    lines = output.value.rstrip().splitlines()[-_CONSOLE_LINES:]
    return "\n".join((head, *(f"  {line}" for line in lines or ["(nothing yet)"])))
