"""How soon does an operator see something useful, compared with the least that Textual can do?

`python -m tests.benchmarks.first_paint`: from the start of the process to the frame, the path and
the names of all regions on a real terminal, in turn with a bare table of the same regions.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Target, conclude, median, ratio, say, spread
from tests.benchmarks.imports import most_expensive
from tests.benchmarks.measure import seconds
from tests.benchmarks.paper_settings import write_settings
from tests.benchmarks.pseudo_terminal import PseudoTerminal

CONSOLE = Path(sys.executable).with_name("release-console")

_REGIONS = {"us-east-1": 1, "us-west-1": 3, "eu-west-1": 2}
_SIZE = (120, 36)
_AT_MOST = 1.6
_WITHIN_S = 30.0
_BOTO3 = re.compile(r"\| +boto(?:3|core)$", re.MULTILINE)
_FRAME_AND_PATH = ("checks", "Regions", "preflight", "wave 1", "plan, apply, verify")

# Where nothing answers: the first frame must not wait for AWS, and nothing may leave the machine.
_NOWHERE = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True, slots=True)
class Paint:
    """The first useful paint of one program."""

    wall: timedelta
    """Since the start of the process."""
    cpu: timedelta
    """Of the program itself until then; what a child does on another core is not in it."""
    written: str


def main() -> int:
    """Measure, print and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="how often each is started")
    rounds: int = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as made:
        config = write_settings(Path(made), _REGIONS)
        environment = _as_installed(Path(made) / "byte-code")
        console = [str(CONSOLE), "--config", str(config)]
        bare = [sys.executable, "-m", "tests.benchmarks.bare_table", *_REGIONS]
        found: dict[str, list[Paint]] = {"bare": [], "console": []}
        for number in range(rounds + 1):
            both = {
                "bare": _first_paint(bare, tuple(_REGIONS), environment),
                "console": _useful(console, environment),
            }
            if number:  # the first start fills the file cache and writes byte code
                for name, paint in both.items():
                    found[name].append(paint)
        traces = [_traced(console, environment) for _ in range(3)]
    wall = {name: [paint.wall for paint in paints] for name, paints in found.items()}
    cpu = {name: [paint.cpu for paint in paints] for name, paints in found.items()}
    times = ratio(median(wall["console"]), median(wall["bare"]))
    figures: Mapping[str, Any] = {
        name: {"wall": spread(wall[name]), "cpu": spread(cpu[name])} for name in found
    } | {
        "wall_ratio": times,
        "cpu_ratio": ratio(median(cpu["console"]), median(cpu["bare"])),
        "imports": [entry.as_data() for entry in most_expensive(traces, 12)],
        "boto3_before_first_paint": any(_BOTO3.search(trace) for trace in traces),
    }
    for name in found:
        say(f"{name}: {seconds(median(wall[name]))} s, CPU {seconds(median(cpu[name]))} s")
    say(f"ratio of wall times {times}, of CPU {figures['cpu_ratio']}")
    return conclude("first_paint", figures, [Target("console / bare table", times, _AT_MOST)])


def _as_installed(byte_code: Path) -> Mapping[str, str]:
    """Return an environment in which both programs are byte code from their second start on.

    Args:
        byte_code: a directory to keep it in, whatever the caller's shell says of it.
    """
    environment = {**os.environ, **_NOWHERE, "PYTHONPYCACHEPREFIX": str(byte_code)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def _useful(command: Sequence[str], environment: Mapping[str, str]) -> Paint:
    return _first_paint(command, (*_FRAME_AND_PATH, *_REGIONS), environment)


def _first_paint(
    command: Sequence[str], marks: Sequence[str], environment: Mapping[str, str]
) -> Paint:
    """Start `command` and return when all `marks` were on its terminal."""
    with PseudoTerminal(command, size=_SIZE, environment=environment) as terminal:
        shown_at = terminal.until(lambda text: all(mark in text for mark in marks), _WITHIN_S)
        cpu = terminal.cpu()
        return Paint(timedelta(seconds=shown_at - terminal.started_at), cpu, terminal.written)


def _traced(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return which modules were imported before the first paint, as `-X importtime` tells."""
    traced = [sys.executable, "-X", "importtime", "-m", "console.cli", *command[1:]]
    return _useful(traced, environment).written.replace("\r", "")


if __name__ == "__main__":
    sys.exit(main())
