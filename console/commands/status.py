"""What is true of the fleet now?"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from console.commands.where import chosen_config, config_option
from console.domain.failure import Failure
from console.domain.fleet import ObjectKind, RegionName, RegionState, UnitName
from console.domain.foreign import shown
from console.domain.release import ReleaseLabel
from console.domain.rollout import Rollout
from console.domain.view import FleetView, Health, ObjectView, RegionView, view_region
from console.journal.lease import Lease
from console.wiring import SystemClock, World, wire


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def status(ctx: click.Context, /, config: Path | None, *, sandbox: bool, as_json: bool) -> None:
    """Show what every region runs, its queue and its locks. Changes nothing."""
    world = wire(chosen_config(ctx, config, sandbox=sandbox))
    view = asyncio.run(look(world))
    lease, rollout = world.desk.look(), world.newest_rollout()
    now = SystemClock().now()
    if as_json:
        click.echo(json.dumps(as_data(view, lease, rollout, now)))
    else:
        for line in as_text(view, lease, rollout, now):
            print(line)  # noqa: T201 - data, on stdout
    # A region that could not be read is not a fleet that is well.
    sys.exit(5 if all(region.error for region in view.regions) else 0)


async def look(world: World) -> FleetView:
    """Look at every region once. A region that fails hides no other."""
    try:
        views = await asyncio.gather(
            *(_look_at_unit(world, unit.name, unit.regions) for unit in world.policy.units)
        )
    finally:
        world.session.close()
    found = {view.name: view for unit in views for view in unit}
    ordered = tuple(found[RegionName(name)] for name in world.settings.regions if name in found)
    return FleetView(world.settings.fleet, world.settings.environment, ordered)


async def _look_at_unit(
    world: World,
    unit: UnitName,
    regions: tuple[RegionName, ...],
) -> list[RegionView]:
    releases = _known_releases(world)
    state, samples = await asyncio.gather(
        world.infrastructure.read(unit),
        asyncio.gather(*(world.fleet.sample(region, releases) for region in regions)),
    )
    now = SystemClock().now()
    failed = state if isinstance(state, Failure) else None
    parts: dict[RegionName, RegionState] = {} if isinstance(state, Failure) else dict(state)
    return [
        view_region(
            region,
            world.policy.region(region).count,
            parts.get(region),
            sample,
            state_error=failed.message if failed else None,
            silent_after=world.settings.heartbeat.silent_after,
            boot_allowance=world.settings.readiness.within,
            now=now,
        )
        for region, sample in zip(regions, samples, strict=True)
    ]


def _known_releases(world: World) -> list[ReleaseLabel]:
    """The releases of the last rollout: an instance may beat as one that its tag does not say."""
    rollout = world.newest_rollout()
    if rollout is None:
        return []
    before = [release for region in rollout.regions for release in region.from_releases]
    return list(dict.fromkeys([*before, rollout.request.label]))


def as_data(
    view: FleetView, lease: Lease | None, rollout: Rollout | None, now: datetime
) -> dict[str, Any]:
    """Return the one object of `status --json`."""
    return {
        "fleet": view.fleet,
        "release": view.release,
        "lease": None if lease is None else _lease(lease, now),
        "rollout": None if rollout is None else _rollout(rollout),
        "regions": {region.name: _region(region) for region in view.regions},
    }


def _lease(lease: Lease, now: datetime) -> dict[str, Any]:
    return {
        "who": lease.who,
        "host": lease.host,
        "pid": lease.pid,
        "since": lease.since,
        "version": lease.version,
        "message": lease.message,
        "alive": lease.is_alive(now),
    }


def _rollout(rollout: Rollout) -> dict[str, Any]:
    running = rollout.running[-1].at if rollout.running else None
    halted = rollout.halt
    return {
        "id": rollout.id,
        "release": rollout.request.label,
        "phase": _phase(rollout),
        "outcome": rollout.outcome,
        "step": running.step if running else None,
        "region": halted.region if halted else (running.unit if running else None),
        "reason": rollout.reason,
        "next": rollout.next,
    }


def _phase(rollout: Rollout) -> str:
    if rollout.is_finished:
        return "finished"
    if rollout.halt:
        return "halted"
    return "paused" if rollout.paused_by else "running"


def _region(region: RegionView) -> dict[str, Any]:
    queue, lock = region.queue, region.lock
    return {
        "healthy": region.healthy,
        "desired": region.desired,
        "fresh_s": round(region.fresh.total_seconds(), 3),
        "error": region.error,
        "queue": None
        if queue is None
        else {
            "backlog": queue.backlog,
            "in_flight": queue.in_flight,
            "oldest_s": _seconds(queue.oldest),
            "dead_letters": queue.dead_letters,
        },
        "lock": None
        if lock is None
        else {
            "holder": lock.holder,
            "operation": lock.operation,
            "since": lock.since.isoformat() if lock.since else None,
            "id": lock.id,
        },
        "objects": [_object(found) for found in region.objects],
    }


def _object(found: ObjectView) -> dict[str, Any]:
    return {
        "slot": found.slot,
        "id": found.id,
        "kind": found.kind,
        "tainted": found.is_tainted,
        "state": found.state,
        "tag": found.tag,
        "heartbeat": found.heartbeat,
        "last_beat_s": _seconds(found.last_beat),
        "health": found.health,
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else round(max(0.0, span.total_seconds()), 1)


def as_text(
    view: FleetView, lease: Lease | None, rollout: Rollout | None, now: datetime
) -> list[str]:
    """Return the status for a person, line by line, fit for a terminal."""
    lines = [f"{view.fleet} ({view.environment}): {view.release or 'no release'}"]
    if lease is not None:
        alive = "" if lease.is_alive(now) else " (that console is dead)"
        lines.append(f"held by {lease}{alive}")
    if rollout is not None:
        ended = f"{rollout.outcome}: {rollout.reason}" if rollout.is_finished else _phase(rollout)
        lines.append(f"last rollout {rollout.id}: {ended}")
        if rollout.next:
            lines += ["  next:", *(f"    {line}" for line in rollout.next.splitlines())]
    for region in view.regions:
        lines += ["", *_region_text(region)]
    return [shown(line) for line in lines]


_MARKS = {Health.HEALTHY: "✓", Health.BOOTING: "…", Health.SILENT: "✗", Health.GONE: "✗"}


def _region_text(region: RegionView) -> list[str]:
    queue = region.queue
    told = (
        "queue unknown"
        if queue is None
        else f"{queue.backlog} waiting, {queue.in_flight} in flight, {queue.dead_letters} dead"
    )
    lines = [f"{region.name}: {region.healthy} of {region.desired} healthy; {told}"]
    if region.error:
        lines.append(f"  ! {region.error}")
    if region.lock is not None:
        lock = region.lock
        since = lock.since.isoformat(timespec="seconds") if lock.since else "an unknown time"
        lines.append(
            f"  ! state locked by {lock.holder}, {lock.operation}, since {since}: {lock.id}"
        )
    return lines + [_object_text(found) for found in region.objects]


def _object_text(found: ObjectView) -> str:
    notes = []
    if found.kind is not ObjectKind.CURRENT:
        notes.append(found.kind.value)
    if found.is_tainted:
        notes.append("tainted")
    if found.heartbeat is not None and found.heartbeat != found.tag:
        notes.append(f"tagged {found.tag or 'nothing'}")
    beat = (
        "never beat" if found.last_beat is None else f"beat {_seconds(found.last_beat):.0f} s ago"
    )
    runs = found.heartbeat or f"{found.tag or 'unknown'} by its tag"
    slot = "-" if found.slot is None else found.slot
    note = f"  ({', '.join(notes)})" if notes else ""
    mark = _MARKS.get(found.health, "?")
    return f"  {mark} slot {slot}  {found.id}  {runs}  {found.health}, {beat}{note}"
