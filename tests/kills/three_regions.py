"""On which world are consoles killed?"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.settings import load
from tests.acceptance.world import SandboxWorld, console
from tests.kills.recorded import Recorded

REGIONS = ("us-east-1", "us-west-1", "eu-west-1")
"""The first is the canary, the others are one wave; each has one instance."""


@contextmanager
def three_regions() -> Iterator[tuple[SandboxWorld, Recorded]]:
    """Provide a sandbox with its first fleet, and its journal; it is down afterwards."""
    with tempfile.TemporaryDirectory(prefix="release-console-kills-") as place:
        directory = Path(place) / "world"
        counts = ",".join(f"{region}=1" for region in REGIONS)
        options = ("--detach", "--instances", "processes", "--rate", "1", "--regions", counts)
        ran = console("sandbox", "up", *options, "--dir", str(directory))
        try:
            assert ran.exit_code == 0, ran.stderr
            world = SandboxWorld(directory)
            settings = load(world.config)
            yield world, Recorded(settings.store, settings.fleet)
        finally:
            console("sandbox", "down", "--dir", str(directory))
