"""How is the census told: to a program, and to a person?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from console.domain.counted import counted
from console.domain.fleet import ObjectKind, RegionName
from console.domain.foreign import shown
from console.domain.muting import muted
from console.domain.recovery.advice import advise
from console.domain.recovery.drift import Drift
from console.domain.recovery.situation import Liveness, Situation
from console.domain.recovery.typed import command_line
from console.domain.rollout import Rollout
from console.domain.view import FleetView, Health, ObjectView, RegionView
from console.journal.lease import Lease


@dataclass(frozen=True, slots=True)
class Census:
    """What is true of the fleet, region by region."""

    view: FleetView
    situations: Mapping[RegionName, Situation]


def as_data(
    census: Census, lease: Lease | None, rollout: Rollout | None, now: datetime
) -> dict[str, Any]:
    """Return the one object of `status --json`."""
    view = census.view
    return {
        "fleet": view.fleet,
        "release": view.release,
        "lease": None if lease is None else _lease(lease, now),
        "rollout": None if rollout is None else _rollout(rollout, lease, now),
        "regions": {
            region.name: _region(region, census.situations[region.name]) for region in view.regions
        },
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


def _rollout(rollout: Rollout, lease: Lease | None, now: datetime) -> dict[str, Any]:
    running = rollout.running[-1].at if rollout.running else None
    halted = rollout.halt
    return {
        "id": rollout.id,
        "release": rollout.request.label,
        "phase": _phase(rollout, lease, now),
        "outcome": rollout.outcome,
        "step": running.step if running else None,
        "region": halted.region if halted else (running.unit if running else None),
        "reason": rollout.reason,
        "next": rollout.next,
        "muted": {found.region: list(found.alarms) for found in muted(rollout)},
    }


def _phase(rollout: Rollout, lease: Lease | None, now: datetime) -> str:
    if rollout.is_finished:
        return "finished"
    if rollout.halt:
        return "halted"
    if lease is None or not lease.is_alive(now):
        return _LEFT_OPEN
    return "paused" if rollout.paused_by else "running"


_LEFT_OPEN = "left_open"
"""It has no end, and its console is dead."""


def _phase_text(rollout: Rollout, lease: Lease | None, now: datetime, where: str) -> str:
    phase = _phase(rollout, lease, now)
    if phase != _LEFT_OPEN:
        return phase
    doing = ", ".join(str(step.at) for step in rollout.running) or "a pause"
    return f"left open in {doing}: release-console resume {where}".rstrip()


def _region(region: RegionView, situation: Situation) -> dict[str, Any]:
    """Return a region; where nobody can tell what works there, that is null and no zero."""
    queue, lock = region.queue, region.lock
    return {
        "healthy": region.healthy if region.is_seen else None,
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
        "hint": region.hint or None,
        "lock": None
        if lock is None
        else {
            "holder": lock.holder,
            "operation": lock.operation,
            "since": lock.since.isoformat() if lock.since else None,
            "id": lock.id,
            "alive": _ALIVE[situation.holder],
        },
        "drift": None if situation.drift is None else [_drift(d) for d in situation.drift],
        "errored_state": situation.has_errored_state,
        "advice": _advice(situation),
        "objects": [_object(found, is_seen=region.is_seen) for found in region.objects],
    }


def _drift(found: Drift) -> dict[str, Any]:
    return {
        "slot": found.slot,
        "runs": found.runs.release,
        "image": found.runs.image,
        "known": found.known.release,
        "known_image": found.known.image,
        "applied": found.was_applied,
    }


# Whether a lock's holder lives; null where that cannot be seen from here.
_ALIVE = {
    Liveness.ALIVE: True,
    Liveness.DEAD: False,
    Liveness.ELSEWHERE: None,
    Liveness.UNKNOWN: None,
}


def _advice(situation: Situation) -> dict[str, Any] | None:
    """Return what is true and the move to make; null where the region is whole."""
    if situation.is_whole:
        return None
    told = advise(situation)
    best = told.recommended
    return {
        "happened": list(told.happened),
        "recommended": best.remedy if best else None,
        "possible": [o.remedy for o in told.options if o.may_be_made and o is not best],
    }


def _object(found: ObjectView, *, is_seen: bool) -> dict[str, Any]:
    return {
        "slot": found.slot,
        "id": found.id,
        "kind": found.kind,
        "tainted": found.is_tainted,
        "state": found.state,
        "tag": found.tag,
        "heartbeat": found.heartbeat,
        "last_beat_s": _seconds(found.last_beat),
        "health": found.health if is_seen or found.health is Health.GONE else None,
        "user_data": found.user_data,
        "completions": found.completions,
        "last_minute": found.last_minute,
        "last_job_s": _seconds(found.last_job),
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else round(max(0.0, span.total_seconds()), 1)


def as_text(
    census: Census, lease: Lease | None, rollout: Rollout | None, now: datetime, where: str
) -> list[str]:
    """Return the status for a person, line by line, fit for a terminal."""
    view = census.view
    lines = [f"{view.fleet} ({view.environment}): {view.release or 'no release'}"]
    if lease is not None:
        alive = "" if lease.is_alive(now) else " (that console is dead)"
        lines.append(f"held by {lease}{alive}")
    if rollout is not None:
        ended = f"{rollout.outcome}: {rollout.reason}" if rollout.is_finished else ""
        stands = ended or _phase_text(rollout, lease, now, where)
        lines.append(f"last rollout {rollout.id}: {stands}")
        lines += [f"  ! alarms {found}; they wake nobody" for found in muted(rollout)]
        # What leads on is told below, region by region, as soon as a move has been made.
        if rollout.next and not rollout.recoveries:
            lines += ["  next:", *(f"    {line}" for line in rollout.next.splitlines())]
    for region in view.regions:
        lines += ["", *_region_text(region)]
        situation = census.situations[region.name]
        if situation.is_whole:  # else it is told with all that is true
            lines += [f"  ! {found}" for found in situation.drift or ()]
        lines += _advice_text(situation, view.fleet, where)
    return [shown(line) for line in lines]


def _advice_text(situation: Situation, fleet: str, where: str) -> list[str]:
    if situation.is_whole:
        return []
    told = advise(situation)
    lines = [f"  ! {told.happened[-1]}"] if told.happened else []
    best = told.recommended
    if best is not None:
        lines.append(f"  ▶ {best.remedy}: {command_line(best, situation, fleet, where)}")
    see = f"release-console recover --region {situation.region} {where}".rstrip()
    return [*lines, f"    every move, and those that would harm: {see}"]


_MARKS = {
    Health.HEALTHY: "✓",
    Health.BOOTING: "…",
    Health.SILENT: "✗",
    Health.CRASHING: "✗",
    Health.GONE: "✗",
}


def _region_text(region: RegionView) -> list[str]:
    queue = region.queue
    told = (
        "queue unknown"
        if queue is None
        else f"{queue.backlog} waiting, {queue.in_flight} in flight, {queue.dead_letters} dead"
    )
    healthy = f"{region.healthy} of {region.desired} healthy"
    if not region.is_seen:
        healthy = f"nobody can tell how many of {region.desired} are healthy"
    lines = [f"{region.name}: {healthy}; {told}"]
    if region.hint:
        lines.append(f"  {region.hint}")
    if region.error:
        lines.append(f"  ! {region.error}")
    if region.lock is not None:
        lock = region.lock
        since = lock.since.isoformat(timespec="seconds") if lock.since else "an unknown time"
        lines.append(
            f"  ! state locked by {lock.holder}, {lock.operation}, since {since}: {lock.id}"
        )
    return lines + [_object_text(found, is_seen=region.is_seen) for found in region.objects]


def _object_text(found: ObjectView, *, is_seen: bool) -> str:
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
    if not is_seen and found.health is not Health.GONE:
        return f"  ? slot {slot}  {found.id}  {runs}  health unknown{note}"
    mark = _MARKS.get(found.health, "?")
    jobs = "" if found.last_minute is None else f", {_jobs(found.last_minute)}"
    return f"  {mark} slot {slot}  {found.id}  {runs}  {found.health}, {beat}{jobs}{note}"


def _jobs(number: int) -> str:
    return f"{counted(number, 'job')} in the last minute"
