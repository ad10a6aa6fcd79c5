"""A project for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from .console import Project, project_in


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Good settings in an empty directory."""
    return project_in(tmp_path / "project")
