"""Which rollouts were there, and how did they end?"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from console.commands.where import chosen_config, config_option
from console.domain.counted import counted
from console.domain.foreign import shown
from console.domain.rollout import Rollout
from console.domain.scaling import Scale
from console.domain.track_record import TrackRecord, course_of, told, track_record
from console.journal.codec import format_time
from console.wiring import wire


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@click.option(
    "--last",
    default=20,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many, the newest first; the figures are theirs.",
)
@click.pass_context
def history(
    ctx: click.Context, /, config: Path | None, *, sandbox: bool, as_json: bool, last: int
) -> None:
    """List earlier rollouts and how they ended, and what they add up to.

    A change is a rollout that shipped a release, changed something, and completed or failed; a
    rollback, a scale, and what a person ended although nothing had failed are none. Below 3 of what
    a figure is made of there is no figure.

    \b
    lead time            median over the releases that completed, from the commit of their source
                         to the end of their first completed rollout; from the beginning of their
                         build where the commit is not known (a dirty work tree, no git)
    change failure rate  the part of the changes that halted or left a region behind, or that
                         were rolled back later
    time to restore      median over the failed changes, from the first halt until each failed
                         region was led on: by a move of recover that succeeded, or by a later
                         rollout or rollback of it that came to a good end
    frequency            completed changes a week, between the first and the last of them; they
                         must lie a day apart at least
    """
    journal = wire(chosen_config(ctx, config, sandbox=sandbox)).journal
    courses = []
    for name in journal.rollouts()[:last]:
        course = course_of(journal.read(name))
        if course is not None:
            courses.append(course)
            data, rollout = _data(course.rollout), course.rollout
            click.echo(json.dumps(data) if as_json else shown(_text(rollout)))
    if courses:
        record = track_record(courses)
        click.echo(json.dumps(_figures(record)) if as_json else _as_text(record))


def _as_text(record: TrackRecord) -> str:
    lines = (f"{name:<19}  {value}" for name, value in told(record))
    return "\n".join(("", f"of the last {counted(record.rollouts, 'rollout')}:", *lines))


def _figures(record: TrackRecord) -> dict[str, Any]:
    """Return the last line of --json, which has no id; null where there is too little to count."""
    return {
        "figures": {
            "rollouts": record.rollouts,
            "changes": record.changes,
            "completed": record.completed,
            "failed": record.failed,
            "lead_time_s": _seconds(record.lead_time),
            "lead_times": len(record.lead_times),
            "change_failure_rate": record.failure_rate,
            "time_to_restore_s": _seconds(record.time_to_restore),
            "restored": len(record.restore_times),
            "not_restored": record.not_restored,
            "completed_per_week": record.per_week,
        }
    }


def _seconds(span: timedelta | None) -> float | None:
    return span.total_seconds() if span is not None else None


def _data(rollout: Rollout) -> dict[str, Any]:
    return {
        "id": rollout.id,
        "release": rollout.request.label,
        "started": format_time(rollout.started_at),
        "duration_s": _duration_s(rollout),
        "by": rollout.by,
        "scale": _scale(rollout.request.scale),
        "outcome": rollout.outcome,
        "exit_code": rollout.exit_code,
        "reason": rollout.reason,
    }


def _scale(scale: Scale | None) -> dict[str, Any] | None:
    if scale is None:
        return None
    return {"region": scale.region, "from": scale.before, "to": scale.to}


def _text(rollout: Rollout) -> str:
    started = rollout.started_at.astimezone().strftime("%Y-%m-%d %H:%M")
    outcome = rollout.outcome or "open"
    return (
        f"{started}  {rollout.request.label:<12} {outcome:<12} {_duration_s(rollout):>5.0f} s  "
        f"{rollout.by}  {rollout.reason}"
    )


def _duration_s(rollout: Rollout) -> float:
    ends = [step.finished_at for step in rollout.steps if step.finished_at is not None]
    return (max(ends) - rollout.started_at).total_seconds() if ends else 0.0
