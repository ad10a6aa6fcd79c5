"""What does the console cost, and how soon does it answer, with a large fleet on it?

`python -m tests.benchmarks.screen`: 34 regions of 100 instances, in the middle of a rollout, each
looked at once a second, on a real terminal of 120 columns and 36 lines (`--size`). For each tab:
CPU at rest, then keys. Last, keys while tools print ten thousand lines in a second.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.figures import Target, conclude, say
from tests.benchmarks.pseudo_terminal import PseudoTerminal

_KEY_AT_MOST_MS = 50.0
_REFRESH_AT_MOST_MS = 100.0
_CPU_AT_MOST_PERCENT = 25.0
_RESIDENT_AT_MOST_MIB = 200.0

# The key of each tab, as the footer's help has them.
_TABS = {"output": "2", "gates": "4", "timeline": "5", "chart": "6"}
_TO_REGIONS = "1"
_DOWN, _UP = "\x1b[B", "\x1b[A"
_SETTLED_S = 15.0
_PATIENCE_S = 10
_GOLDEN = 0.1236
_MIB = 1024**2


class Measured:
    """A console that runs, and what it has recorded of itself."""

    def __init__(self, terminal: PseudoTerminal, records: Path) -> None:
        """Read what the console on `terminal` appends to `records`."""
        self._terminal, self._records = terminal, records
        self._process = psutil.Process(terminal.pid)
        self._read = 0

    def painted(self) -> dict[str, list[tuple[float, float]]]:
        """Return what was painted since the last time, by kind: when, and for how much CPU."""
        with self._records.open(encoding="utf-8") as file:
            file.seek(self._read)
            text = file.read()
        whole = text[: text.rfind("\n") + 1]
        self._read += len(whole.encode())
        found: dict[str, list[tuple[float, float]]] = {"key": [], "refresh": []}
        for line in whole.splitlines():
            kind, value, cpu = line.split()
            found[kind].append((float(value), float(cpu)))
        return found

    def rest(self, seconds: float) -> dict[str, Any]:
        """Leave the console alone for so long."""
        self.painted()
        before, used = os.times().elapsed, self._used()
        self._terminal.watch(seconds)
        percent = 100 * (self._used() - used) / (os.times().elapsed - before)
        refreshes = self.painted()["refresh"]
        return {
            "cpu_percent": round(percent, 1),
            "refreshes": len(refreshes),
            "refresh_to_paint_ms": _told([1000 * took for took, _ in refreshes]),
            "refresh_cpu_ms": _told([1000 * cpu for _, cpu in refreshes]),
        }

    def press(self, keys: int) -> dict[str, Any]:
        """Move the cursor so often, at times that have nothing to do with the console's own."""
        self.painted()
        pressed = []
        for number in range(keys):
            pressed.append(self._terminal.press(_DOWN if number % 8 < 4 else _UP))
            # In no step with the console's own second.
            self._terminal.watch(0.2 + number * _GOLDEN % 0.2)
        painted: list[tuple[float, float]] = []
        for _ in range(_PATIENCE_S):
            self._terminal.watch(1.0)
            painted += self.painted()["key"]
            if len(painted) == len(pressed):
                break
        if len(painted) != len(pressed):
            raise RuntimeError(f"{len(pressed)} keys were pressed and {len(painted)} painted")
        took = [1000 * (at - start) for start, (at, _) in zip(pressed, painted, strict=True)]
        return {
            "key_to_paint_ms": _told(took),
            "key_cpu_ms": _told([1000 * cpu for _, cpu in painted]),
        }

    def resident(self) -> float:
        """Resident memory in MiB."""
        return float(self._process.memory_info().rss) / _MIB

    def _used(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


def main() -> int:
    """Measure, print and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--regions", type=int, default=34)
    parser.add_argument("--instances", type=int, default=100, help="in each region")
    parser.add_argument("--seconds", type=float, default=15.0, help="of rest with each tab")
    parser.add_argument("--keys", type=int, default=40, help="with each tab")
    parser.add_argument("--size", default="120x36", help="columns and lines")
    asked = parser.parse_args()
    columns, rows = (int(part) for part in asked.size.split("x"))
    with tempfile.TemporaryDirectory() as made:
        records = Path(made) / "records"
        module = "tests.benchmarks.screen_side"
        numbers = (str(asked.regions), str(asked.instances))
        command = [sys.executable, "-m", module, *numbers, str(records)]
        with PseudoTerminal(command, size=(columns, rows), environment=os.environ) as terminal:
            terminal.until(lambda text: "applying" in text, 120)
            terminal.watch(_SETTLED_S)
            found = _measure(Measured(terminal, records), terminal, asked.seconds, asked.keys)
    return conclude("screen", found, _targets(found))


def _measure(
    console: Measured, terminal: PseudoTerminal, seconds: float, keys: int
) -> dict[str, Any]:
    tabs: dict[str, Any] = {}
    for name, key in _TABS.items():
        terminal.press(key)
        terminal.watch(2.0)
        terminal.press(_TO_REGIONS)
        terminal.watch(1.0)
        tabs[name] = {**console.rest(seconds), **console.press(keys)}
        say(f"{name}: {tabs[name]}")
    terminal.press(_TABS["output"])
    terminal.watch(1.0)
    terminal.press(_TO_REGIONS)
    terminal.watch(1.0)
    floods = []
    for _ in range(4):
        os.kill(terminal.pid, signal.SIGUSR1)
        floods.append(console.press(6))
    say(f"floods: {floods}")
    return {"tabs": tabs, "floods": floods, "resident_mib": round(console.resident(), 1)}


def _targets(found: dict[str, Any]) -> list[Target]:
    def worst(name: str) -> float:
        return max(float(tab[name]["p95"]) for tab in found["tabs"].values())

    return [
        Target("key to paint, p95, ms", worst("key_to_paint_ms"), _KEY_AT_MOST_MS),
        Target("refresh to paint, p95, ms", worst("refresh_to_paint_ms"), _REFRESH_AT_MOST_MS),
        Target(
            "CPU, percent of a core",
            max(tab["cpu_percent"] for tab in found["tabs"].values()),
            _CPU_AT_MOST_PERCENT,
        ),
        Target("resident memory, MiB", found["resident_mib"], _RESIDENT_AT_MOST_MIB),
        Target(
            "key to paint under 10 000 lines a second, worst, ms",
            max(flood["key_to_paint_ms"]["worst"] for flood in found["floods"]),
            _REFRESH_AT_MOST_MS,
        ),
    ]


def _told(values: Sequence[float]) -> dict[str, float]:
    """Return the median, the 95th percentile and the worst of some milliseconds."""
    ordered = sorted(values)
    if not ordered:
        raise RuntimeError("nothing was painted")
    p95 = ordered[math.ceil(0.95 * len(ordered)) - 1]
    return {
        "median": round(statistics.median(ordered), 1),
        "p95": round(p95, 1),
        "worst": round(ordered[-1], 1),
    }


if __name__ == "__main__":
    sys.exit(main())
