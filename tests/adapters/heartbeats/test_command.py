"""Heartbeats that a command of the operator's own tells."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.adapters.heartbeats.command import CommandReports, CommandSpec

from .looks import DIGEST, WINDOW, beats_of, read

Write = Callable[[str], CommandReports]


@pytest.fixture
def command(tmp_path: Path) -> Write:
    """Write a script of Python and return the source that runs it."""

    def write(text: str) -> CommandReports:
        (tmp_path / "beats.py").write_text(text, encoding="utf-8")
        run = (sys.executable, "beats.py", "{region}", "{fleet}", "{window}")
        return CommandReports(CommandSpec(run, "checks", tmp_path, WINDOW))

    return write


def line(**fields: object) -> str:
    return json.dumps({"instance": "i-0a", "release": "1"} | fields)


def test_each_line_is_a_heartbeat_and_its_counts_are_added_up(command: Write) -> None:
    at = datetime.now(UTC).replace(microsecond=0)
    lines = [
        line(at=(at - timedelta(seconds=20)).isoformat(), runs=3, failures=1),
        line(at=at.timestamp() - 10, runs=2, digest=DIGEST),
        line(at=(at - timedelta(seconds=15)).isoformat().replace("+00:00", "Z")),
    ]
    (found,) = beats_of(read(command("print('''" + "\n\n".join(lines) + "''')")))
    assert found.last_at == at - timedelta(seconds=10)
    assert (found.runs, found.failures, found.digest) == (5, 1, DIGEST)


def test_it_is_told_region_fleet_and_window(command: Write, tmp_path: Path) -> None:
    reports = command("import sys, pathlib; pathlib.Path('told').write_text(str(sys.argv[1:]))")
    (found,) = beats_of(read(reports))
    assert found.last_at is None
    assert (tmp_path / "told").read_text() == "['eu-west-1', 'checks', '900']"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("import sys; sys.exit('no network')", "ended with 1: no network; run it by hand with"),
        ("print('hello')", "line 1 of heartbeat.command's output is no heartbeat"),
        ("print('[1]')", "line 1 of heartbeat.command's output is no heartbeat"),
        ("""print('{"instance": "i"}')""", "('release' is missing); print lines such as {"),
        (f"print('''{line(at=True)}''')", "is no heartbeat"),
        (f"print('''{line(at='2025-01-31T12:00:00')}''')", "at has no time zone"),
        (f"print('''{line(at=1, runs=-1)}''')", "runs is no count"),
    ],
)
def test_what_is_no_heartbeat_is_told_with_its_line(
    command: Write, text: str, sentence: str
) -> None:
    reading = read(command(text))
    assert reading.value is None
    assert sentence in str(reading.error)


def test_a_command_that_is_not_there_is_told() -> None:
    reading = read(CommandReports(CommandSpec(("./no-such-thing",), "checks", None, WINDOW)))
    assert "cannot be started: No such file or directory; check heartbeat" in str(reading.error)


def test_one_that_takes_too_long_is_ended_with_all_that_it_started(
    command: Write, tmp_path: Path
) -> None:
    reports = command(
        "import subprocess, pathlib\n"
        "child = subprocess.Popen(['sleep', '300'])\n"
        "pathlib.Path('pid').write_text(str(child.pid))\n"
        "child.wait()\n"
    )
    reading = read(reports, timeout=timedelta(seconds=10))
    assert "did not end within 10 s; make it faster" in str(reading.error)
    child = Path("/proc") / (tmp_path / "pid").read_text() / "stat"
    deadline = time.monotonic() + 60
    while child.exists() and child.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.05)
