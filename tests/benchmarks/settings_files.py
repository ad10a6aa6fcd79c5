"""With which settings does the console release in a benchmark?

The sandbox's own, with everything taken out that waits for something else than Terraform: no bake,
all regions in one wave, and no jobs to be finished first (how soon a worker gets one is luck).
Terraform's provisioner waits for each new instance's heartbeat all the same, on both sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.benchmarks.worlds import BenchmarkWorld

_PATIENCE = "180s"


def per_region(world: BenchmarkWorld) -> Path:
    """Write and return settings for one state a region: the state that the sandbox has made."""
    return _write(world, "per-region", {})


def single_root(world: BenchmarkWorld, root: Path) -> Path:
    """Write and return settings for one state of all regions.

    Args:
        world: where.
        root: the root module, with a module block for each region.
    """
    terraform = {
        "root": str(root),
        "layout": "single-root",
        "resource": "module.workers-{region}.aws_instance.worker",
    }
    return _write(world, "single-root", terraform, key="workers.tfstate")


def _write(
    world: BenchmarkWorld, name: str, terraform: Mapping[str, Any], *, key: str | None = None
) -> Path:
    settings = yaml.safe_load(world.config.read_text(encoding="utf-8"))
    settings["terraform"] |= {**terraform, "mark": "replace"}
    if key is not None:
        settings["terraform"]["backend"]["key"] = key
        settings["store"] = str(world.directory / f"store-{name}")
    settings["rollout"] |= {"waves": [list(world.regions)], "bake": "0s", "approve": "once"}
    # As many at once as the console finds right for this machine.
    del settings["rollout"]["max_parallel"]
    settings["readiness"] |= {"completions": 0, "within": _PATIENCE}
    settings["gates"] = {
        "heartbeat": {"within": _PATIENCE},
        "completions": None,
        "backlog": None,
        "failures": None,
        "dead_letters": {"max_new": 0},
    }
    path = world.directory / f"{name}.yaml"
    path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return path
