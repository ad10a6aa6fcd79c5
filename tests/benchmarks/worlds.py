"""On which world is a benchmark run, and how does it surely end?"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from console.sandbox.control import load, stop
from console.sandbox.layout import Layout
from tests.benchmarks.figures import say

CONSOLE = Path(sys.executable).with_name("release-console")

REGIONS = (
    *("us-east-1", "us-west-1", "eu-west-1", "us-east-2"),
    *("us-west-2", "eu-central-1", "ap-southeast-1", "ap-northeast-1"),
)
"""Regions to take the first so many of."""

_SETTLING = timedelta(minutes=3)
_RATE = 0.5


class UnsettledError(Exception):
    """The fleet did not become what it was to be."""


@dataclass(frozen=True, slots=True)
class BenchmarkWorld:
    """A sandbox that runs, in a directory that does not outlive it."""

    directory: Path
    regions: Mapping[str, int]

    @property
    def config(self) -> Path:
        """The sandbox's own settings."""
        return Layout(self.directory).config

    @property
    def outputs(self) -> Path:
        """Where the measured commands' output goes."""
        place = self.directory / "benchmark"
        place.mkdir(exist_ok=True)
        return place

    def cpu(self) -> timedelta:
        """Return the CPU that the sandbox has burnt so far, its workers included."""
        running = load(self.directory)
        if running is None:
            return timedelta(0)
        supervisor = psutil.Process(running.pid)
        used = 0.0
        for process in (supervisor, *supervisor.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                used += sum(process.cpu_times()[:4])  # its own, and that of its ended children
        return timedelta(seconds=used)

    def settle(self, config: Path) -> dict[str, Any]:
        """Wait until every region has exactly its instances, all healthy.

        Args:
            config: settings that know where the state is.

        Returns:
            What `status --json` says then.

        Raises:
            UnsettledError: it does not come to that.
        """
        deadline = time.monotonic() + _SETTLING.total_seconds()
        while time.monotonic() < deadline:
            found = self.status(config)
            regions: Mapping[str, Any] = found["regions"]
            if all(_is_settled(regions[name], count) for name, count in self.regions.items()):
                return found
            time.sleep(1)
        raise UnsettledError(f"after {_SETTLING} the fleet is {json.dumps(found, indent=1)}")

    def status(self, config: Path) -> dict[str, Any]:
        """Return what `status --json` says."""
        done = subprocess.run(
            [CONSOLE, "status", "--json", "--config", config], stdout=subprocess.PIPE, check=True
        )
        status: dict[str, Any] = json.loads(done.stdout)
        return status


@contextmanager
def benchmark_world(regions: Mapping[str, int], rate: float = _RATE) -> Iterator[BenchmarkWorld]:
    """Provide a sandbox with its first fleet; it is down afterwards, whatever happens.

    Args:
        regions: how many instances each has.
        rate: jobs a second in each region: few, because the sandbox shares the machine with what
            is measured.
    """
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="release-console-benchmark-") as place:
        directory = Path(place) / "world"
        counts = ",".join(f"{region}={count}" for region, count in regions.items())
        say(f"starting a sandbox with {counts}")
        # As the figures were first taken: processes, whatever engine this machine has.
        up = [str(CONSOLE), "sandbox", "up", "--detach", "--instances", "processes"]
        up += ["--dir", str(directory)]
        try:
            subprocess.run(
                [*up, "--regions", counts, "--rate", str(rate)], stdout=sys.stderr, check=True
            )
            yield BenchmarkWorld(directory, regions)
        finally:
            # Here, not as a command: a process that was started with the world's own variables,
            # which the settings bring into this one, would be ended with the world.
            stop(directory)
            os.environ.clear()
            os.environ.update(before)


def _is_settled(region: Mapping[str, Any], count: int) -> bool:
    objects = len(region["objects"])
    return bool(region["healthy"] == count == objects and region["error"] is None)
