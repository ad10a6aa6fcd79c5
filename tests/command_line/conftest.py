"""A project for each test, and an address without a server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from .console import Project, project_in


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Good settings in an empty directory."""
    return project_in(tmp_path / "project")


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody listens, and nobody will while the test runs."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
