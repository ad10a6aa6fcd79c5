"""What does it cost to start the console at all?

`python -m tests.benchmarks.start`: CPU and wall time of `--help`, of `status` on an idle fleet and
of `await-ready` for an instance that is ready, with the imports that each of them pays for.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from console.specs import await_command
from console.wiring import wire
from tests.benchmarks.figures import Target, conclude, median, say, spread
from tests.benchmarks.imports import most_expensive
from tests.benchmarks.measure import measure, seconds
from tests.benchmarks.worlds import CONSOLE, BenchmarkWorld, benchmark_world

_HELP_CPU_S = 0.3
_TRACES = 3


def main() -> int:
    """Measure, print and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="how often each is started")
    rounds: int = parser.parse_args().rounds
    with benchmark_world({"us-east-1": 1, "us-west-1": 3, "eu-west-1": 2}) as world:
        commands = {
            "help": ["--help"],
            "status": ["status", "--config", str(world.config)],
            "await-ready": _await_ready(world),
        }
        found = {
            name: _measured(name, arguments, rounds, world.outputs)
            for name, arguments in commands.items()
        }
    help_cpu: float = found["help"]["cpu"]["median_s"]
    return conclude("start", found, [Target("CPU seconds of --help", help_cpu, _HELP_CPU_S)])


def _await_ready(world: BenchmarkWorld) -> list[str]:
    """Return what Terraform's provisioner would say for an instance that beats already."""
    status = world.settle(world.config)
    region = next(iter(world.regions))
    ready = status["regions"][region]["objects"][0]
    # Without the interpreter and its module, which `_measured` brings.
    given = shlex.split(await_command(wire(world.config).settings))[3:]
    asked = {
        "region": region,
        "instance": ready["id"],
        "release": ready["tag"],
        "completions": "0",
        "within": "60s",
    }
    return [*given, *(word for name, value in asked.items() for word in (f"--{name}", value))]


def _measured(name: str, arguments: Sequence[str], rounds: int, outputs: Path) -> dict[str, Any]:
    command, output = [str(CONSOLE), *arguments], outputs / name
    measure(command, output)  # the first start fills the file cache and writes byte code
    costs = [measure(command, output) for _ in range(rounds)]
    say(f"{name}: {seconds(median(cost.cpu for cost in costs))} s of CPU")
    traces = [_traced(arguments) for _ in range(_TRACES)]
    return {
        "cpu": spread([cost.cpu for cost in costs]),
        "wall": spread([cost.wall for cost in costs]),
        "imports": [found.as_data() for found in most_expensive(traces)],
    }


def _traced(arguments: Sequence[str]) -> str:
    command = [sys.executable, "-X", "importtime", "-m", "console.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


if __name__ == "__main__":
    sys.exit(main())
