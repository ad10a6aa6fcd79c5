"""A journal in a directory of its own, and processes that write to it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.domain.events import Entry, Noticed
from console.journal.local import LocalJournal

NOW = datetime(2026, 1, 2, 17, 0, tzinfo=UTC)

Script = Callable[..., subprocess.Popen[str]]


def notice(seq: int, text: str = "all is well", rollout: str = "r1") -> Entry:
    """Return an entry; its time tells its place."""
    return Entry(rollout, seq, NOW + timedelta(seconds=seq), Noticed(text))


def texts(entries: tuple[Entry, ...]) -> list[str]:
    """Return what the entries notice."""
    return [entry.event.text for entry in entries if isinstance(entry.event, Noticed)]


@pytest.fixture
def journal(tmp_path: Path) -> LocalJournal:
    """A journal that was never written to."""
    return LocalJournal(tmp_path / "store", "checks")


@pytest.fixture
def script() -> Iterator[Script]:
    """Start a Python program; it does not outlive the test."""
    started: list[subprocess.Popen[str]] = []

    def start(text: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", text, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
