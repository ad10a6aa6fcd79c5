"""One browser for a module, and for each a fleet with a rollout in its journal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.command_line.console import Project, project_in
from tests.journal.stories import story

from .served import Served, browser, record, serving


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium. While it is open no asynchronous test can run: not for longer, then."""
    with browser() as started:
        yield started


@pytest.fixture
def fleet(tmp_path: Path) -> Project:
    """Settings, and a journal in which a rollout is completed; AWS is down."""
    project = project_in(tmp_path / "project")
    settings = project.config.read_text(encoding="utf-8")
    assert "eu-west-1: {count: 2}" in settings
    project.config.write_text(settings.replace("{count: 2}", "{count: 3}"), encoding="utf-8")
    record(project, story("good")[0])
    return project


@pytest.fixture
def served(fleet: Project) -> Iterator[Served]:
    """The fleet's watch, on a page."""
    with serving(fleet) as page:
        yield page
