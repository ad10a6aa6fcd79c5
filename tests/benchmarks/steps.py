"""When did each step of a rollout start and end, by the console's JSON lines?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.benchmarks.measure import seconds

_MARKING = ("taint", "plan")
"""Where Terraform's part begins; with mark: replace there is no taint."""


@dataclass(frozen=True, slots=True)
class StepSpan:
    """One step of one unit."""

    step: str
    started: datetime
    finished: datetime

    @property
    def took(self) -> timedelta:
        """From its start to its end."""
        return self.finished - self.started


def read_steps(json_lines: str) -> tuple[StepSpan, ...]:
    """Return the steps that have ended, in the order of their ends.

    Args:
        json_lines: what `release-console --auto --json` printed.
    """
    open_steps: dict[tuple[Any, ...], datetime] = {}
    ended = []
    for line in map(json.loads, json_lines.splitlines()):
        place = (line.get("step"), line.get("region"), line.get("wave"), line.get("batch"))
        if line["type"] == "step.started":
            open_steps[place] = datetime.fromisoformat(line["at"])
        elif line["type"] == "step.finished":
            at = datetime.fromisoformat(line["at"])
            ended.append(StepSpan(str(line["step"]), open_steps.pop(place), at))
    return tuple(ended)


def marked_to_applied(steps: tuple[StepSpan, ...]) -> timedelta:
    """Return the time from the first taint, or the first plan, to the end of the last apply."""
    started = min(span.started for span in steps if span.step in _MARKING)
    return max(span.finished for span in steps if span.step == "apply") - started


def as_data(steps: tuple[StepSpan, ...]) -> dict[str, list[float]]:
    """Return for JSON how long each step took, unit by unit."""
    took: dict[str, list[float]] = {}
    for span in steps:
        took.setdefault(span.step, []).append(seconds(span.took))
    return took
