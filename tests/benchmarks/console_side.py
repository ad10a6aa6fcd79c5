"""How is a release done with the console, and what did it cost?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.benchmarks import steps
from tests.benchmarks.measure import Cost, measure
from tests.benchmarks.steps import StepSpan
from tests.benchmarks.worlds import CONSOLE, BenchmarkWorld


@dataclass(frozen=True, slots=True)
class ConsoleRelease:
    """One rollout, from the start of the process to its end."""

    cost: Cost
    steps: tuple[StepSpan, ...]

    @property
    def terraform_part(self) -> timedelta:
        """From the first mark to the end of the last apply."""
        return steps.marked_to_applied(self.steps)

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**self.cost.as_data(), "steps_s": steps.as_data(self.steps)}


def release(world: BenchmarkWorld, config: Path, label: str) -> ConsoleRelease:
    """Roll `label` out to every region and wait for the end.

    Raises:
        CommandError: the rollout was not completed.
    """
    command = [str(CONSOLE), "--auto", "--json", "--release", label, "--config", str(config)]
    cost = measure(command, world.outputs / f"console-{label}")
    return ConsoleRelease(cost, steps.read_steps(cost.stdout))
