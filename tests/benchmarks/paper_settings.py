"""Which settings does the console get where no world is behind them?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from console.founding import terraform_root


def write_settings(directory: Path, regions: Mapping[str, int]) -> Path:
    """Write valid settings of a fleet that nobody has built, and return the file.

    Args:
        directory: where; the console's store is put there as well.
        regions: how many instances each has; the first is the canary.
    """
    first, *others = regions
    settings = {
        "fleet": "checks",
        "environment": "test",
        "image": {"repository": "registry.example.com/checks/launcher", "context": str(directory)},
        "terraform": {
            "root": str(terraform_root("region")),
            "resource": "module.workers.aws_instance.worker",
            "backend": {"bucket": "state", "key": "{region}.tfstate", "region": first},
        },
        "regions": {name: {"count": count} for name, count in regions.items()},
        "rollout": {"waves": [[first], others], "bake": "5m", "approve": "each-step"},
        "queues": {"work": "checks", "results": "results", "dead_letter": "checks-dlq"},
        "heartbeat": {"source": "cloudwatch", "namespace": "checks", "interval": "10s"},
        "store": str(directory / "store"),
    }
    path = directory / "release.yaml"
    path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return path
