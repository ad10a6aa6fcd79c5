"""What does a release of a whole fleet cost with the console, and with scripts around Terraform?

`python -m tests.benchmarks.fleet`: all regions in one wave, at 1, 4 and 8 regions, on the very same
instances in turn: the console with a state for each region, the console with one root for all, the
strongest plain Terraform on that root, and the classic taints and apply on it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3

from console.sandbox.config_text import STATE_BUCKET
from tests.benchmarks import console_side, settings_files
from tests.benchmarks.figures import Target, conclude, median, ratio, say, spread
from tests.benchmarks.measure import Cost, seconds
from tests.benchmarks.single_root import write_single_root
from tests.benchmarks.states import States
from tests.benchmarks.terraform_side import terraform_of
from tests.benchmarks.worlds import REGIONS, BenchmarkWorld, benchmark_world

PER_REGION, SINGLE_ROOT = "console, per-region", "console, single-root"
STRONGEST, CLASSIC = "strongest script", "classic script"

_SINGLE_ROOT_AT_MOST = {4: 1.15, 8: 1.15}
_PER_REGION_AT_MOST = {4: 0.95, 8: 0.85}
_CPU_PER_REGION_S = 9.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One release by one side."""

    cost: Cost
    sandbox_cpu: timedelta
    details: Mapping[str, Any]

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**self.details, "sandbox_cpu_s": seconds(self.sandbox_cpu)}


Found = dict[str, list[Measured]]


def main() -> int:
    """Measure, print and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1,4,8", help="numbers of regions")
    parser.add_argument("--slots", type=int, default=3, help="instances in each region")
    parser.add_argument("--rounds", type=int, default=1, help="releases by each side")
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    found = {size: _at(size, asked.slots, asked.rounds) for size in sizes}
    targets = [target for size in sizes for target in _targets(size, found[size])]
    return conclude("fleet", {str(size): _as_data(found[size]) for size in sizes}, targets)


def _at(size: int, slots: int, rounds: int) -> Found:
    """Release with every side in turn, to so many regions."""
    found: Found = {}
    with benchmark_world(dict.fromkeys(REGIONS[:size], slots)) as world:
        sides = _Sides.of(world)
        for number in range(rounds):
            for position, (name, config, release) in enumerate(sides.in_turn()):
                world.settle(config)
                before = world.cpu()
                cost, details = release(f"1.{number}.{position}")
                measured = Measured(cost, world.cpu() - before, details)
                found.setdefault(name, []).append(measured)
                say(f"{size} regions, {name}: {seconds(cost.wall)} s, CPU {seconds(cost.cpu)} s")
    return found


Release = Callable[[str], tuple[Cost, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class _Sides:
    """Everybody who can release to one fleet."""

    per_region: Path
    single_root: Path
    states: States
    by_console: Callable[[Path], Release]
    strongest: Release
    classic: Release

    @classmethod
    def of(cls, world: BenchmarkWorld) -> _Sides:
        """Prepare every side; what each does once in its life, such as init, is done here."""
        per_region = settings_files.per_region(world)
        root = write_single_root(world.directory / "single-root", tuple(world.regions))
        single_root = settings_files.single_root(world, root)
        terraform_of(world, per_region)
        terraform = terraform_of(world, single_root)
        client = boto3.client("s3")

        def by_console(config: Path) -> Release:
            def release(label: str) -> tuple[Cost, Mapping[str, Any]]:
                done = console_side.release(world, config, label)
                return done.cost, done.as_data()

            return release

        return cls(
            per_region,
            single_root,
            States(client, STATE_BUCKET, tuple(world.regions)),
            by_console,
            _by_script(terraform.replace_at_once),
            _by_script(terraform.taint_and_apply),
        )

    def in_turn(self) -> Iterator[tuple[str, Path, Release]]:
        """Yield each side with settings that know its state, and bring the state to it before."""
        yield PER_REGION, self.per_region, self.by_console(self.per_region)
        self.states.to_single_root()
        yield SINGLE_ROOT, self.single_root, self.by_console(self.single_root)
        yield STRONGEST, self.single_root, self.strongest
        yield CLASSIC, self.single_root, self.classic
        self.states.to_per_region()


def _by_script(run: Callable[[str], Cost]) -> Release:
    def release(label: str) -> tuple[Cost, Mapping[str, Any]]:
        cost = run(label)
        return cost, cost.as_data()

    return release


def _wall(found: Found, name: str) -> timedelta:
    return median(measured.cost.wall for measured in found[name])


def _cpu(found: Found, name: str) -> timedelta:
    return median(measured.cost.cpu for measured in found[name])


def _as_data(found: Found) -> dict[str, Any]:
    sides = {
        name: {
            "wall": spread([each.cost.wall for each in measured]),
            "cpu": spread([each.cost.cpu for each in measured]),
            "each": [each.as_data() for each in measured],
        }
        for name, measured in found.items()
    }
    return {
        "sides": sides,
        "single_root_to_strongest": ratio(_wall(found, SINGLE_ROOT), _wall(found, STRONGEST)),
        "per_region_to_strongest": ratio(_wall(found, PER_REGION), _wall(found, STRONGEST)),
        "per_region_to_classic": ratio(_wall(found, PER_REGION), _wall(found, CLASSIC)),
    }


def _targets(size: int, found: Found) -> Iterator[Target]:
    def compared(name: str, one: str, other: str, limits: Mapping[int, float]) -> Iterator[Target]:
        if size in limits:
            value = ratio(_wall(found, one), _wall(found, other))
            yield Target(f"{size} regions, {name}", value, limits[size])

    yield from compared("single-root / strongest", SINGLE_ROOT, STRONGEST, _SINGLE_ROOT_AT_MOST)
    yield from compared("per-region / classic", PER_REGION, CLASSIC, _PER_REGION_AT_MOST)
    cpu = seconds(_cpu(found, PER_REGION)) / size
    yield Target(f"{size} regions, per-region: CPU seconds a region", cpu, _CPU_PER_REGION_S)


if __name__ == "__main__":
    sys.exit(main())
