"""Which rollouts were there, and how did they end?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from console.commands.where import chosen_config, config_option
from console.domain.evolve import replay
from console.domain.foreign import shown
from console.domain.rollout import Rollout
from console.domain.scaling import Scale
from console.journal.codec import format_time
from console.wiring import wire


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@click.option("--last", default=20, show_default=True, help="How many, the newest first.")
@click.pass_context
def history(
    ctx: click.Context, /, config: Path | None, *, sandbox: bool, as_json: bool, last: int
) -> None:
    """List earlier rollouts and how they ended."""
    journal = wire(chosen_config(ctx, config, sandbox=sandbox)).journal
    for name in journal.rollouts()[:last]:
        rollout = replay(journal.read(name))
        if rollout is not None:
            print(json.dumps(_data(rollout)) if as_json else shown(_text(rollout)))  # noqa: T201


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
