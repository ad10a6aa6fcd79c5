"""One sandbox for the tests of a module: making a fleet takes a minute."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .world import SandboxWorld, console


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxWorld]:
    """A sandbox with its first fleet at 0.9.0."""
    directory = tmp_path_factory.mktemp("sandbox") / "world"
    # What an image is made of makes no difference here, and processes start sooner.
    ran = console("sandbox", "up", "--detach", "--instances", "processes", "--dir", str(directory))
    try:
        assert ran.exit_code == 0, ran.stderr
        yield SandboxWorld(directory)
    finally:
        console("sandbox", "down", "--dir", str(directory))
