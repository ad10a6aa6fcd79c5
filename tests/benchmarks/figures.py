"""How does a benchmark tell what it found: medians, targets, and the machine it ran on?"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from console.settings.machine_size import this_machine
from tests.benchmarks.measure import seconds


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure may be at most."""

    name: str
    value: float
    limit: float

    @property
    def is_met(self) -> bool:
        """Whether the figure is within it."""
        return self.value <= self.limit

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "name": self.name,
            "value": round(self.value, 3),
            "limit": self.limit,
            "met": self.is_met,
        }


def median(spans: Iterable[timedelta]) -> timedelta:
    """Return the median of some spans."""
    return timedelta(seconds=statistics.median(span.total_seconds() for span in spans))


def spread(spans: Sequence[timedelta]) -> dict[str, Any]:
    """Return spans for JSON: their median, and each of them in the order they were measured in."""
    return {"median_s": seconds(median(spans)), "each_s": [seconds(span) for span in spans]}


def ratio(one: timedelta, other: timedelta) -> float:
    """Return how many times `other` goes into `one`, to three places."""
    return round(one / other, 3)


def conclude(benchmark: str, found: Mapping[str, Any], targets: Sequence[Target]) -> int:
    """Print the one JSON object, and return the exit code: 0, or 5 if a target was missed."""
    print(
        json.dumps(
            {
                "benchmark": benchmark,
                "machine": _machine(),
                "found": found,
                "targets": [target.as_data() for target in targets],
            },
            indent=1,
        )
    )
    for target in targets:
        word = "met" if target.is_met else "MISSED"
        say(f"{word}: {target.name}: {target.value:.3g}, at most {target.limit:g}")
    return 0 if all(target.is_met for target in targets) else 5


def say(text: str) -> None:
    """Tell whoever watches; never on stdout, which is the figures'."""
    print(text, file=sys.stderr, flush=True)


def _machine() -> dict[str, Any]:
    return {
        "cores": this_machine().cores,
        "memory_gib": round(this_machine().memory_gib, 1),
        "python": platform.python_version(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }
