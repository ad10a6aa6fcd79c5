"""What still works on a unit, and whether whoever took a lock can still be alive."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.adapters.terraform.left_running import LogReader, holder_of, newest_log, working_in
from console.domain.fleet import StateLock
from console.domain.recovery.situation import Liveness

HERE = f"ada@{socket.gethostname()}"
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
"""Before any Terraform that may run on this machine began."""
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start something whose program is called terraform and which does nothing."""
    program = tmp_path / "terraform"
    shutil.copy(shutil.which("sleep") or "", program)
    started: list[subprocess.Popen[bytes]] = []

    def run(**environment: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([program, "600"], env={**os.environ, **environment})
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


def lock(since: datetime | None = LONG_AGO, holder: str = HERE) -> StateLock:
    """Return a lock of this machine."""
    return StateLock("1", holder, "OperationTypeApply", since)


def test_what_works_in_a_unit_is_found_until_it_has_ended(tmp_path: Path, start: Start) -> None:
    here, elsewhere = tmp_path / "data/us-east-1", tmp_path / "data/eu-west-1"
    process = start(TF_DATA_DIR=str(here))

    assert working_in(here) == (process.pid,)
    assert working_in(elsewhere) == ()
    process.kill()
    process.wait()
    assert working_in(here) == ()


def test_a_holder_that_works_in_the_unit_is_alive(tmp_path: Path, start: Start) -> None:
    start(TF_DATA_DIR=str(tmp_path / "data/us-east-1"))

    assert holder_of(lock(), tmp_path / "data/us-east-1") is Liveness.ALIVE


def test_of_another_machine_nothing_is_known(tmp_path: Path) -> None:
    away = lock(holder="ada@another-machine")

    assert holder_of(away, tmp_path / "data/us-east-1") is Liveness.UNKNOWN


def test_a_terraform_that_began_after_the_lock_was_taken_does_not_hold_it(
    tmp_path: Path, start: Start
) -> None:
    start()

    assert holder_of(lock(), tmp_path / "data/us-east-1") is Liveness.DEAD


@pytest.mark.parametrize("since", [None, datetime.now(UTC) + timedelta(hours=1)])
def test_a_terraform_that_is_older_than_the_lock_may_hold_it(
    tmp_path: Path, start: Start, since: datetime | None
) -> None:
    start()

    assert holder_of(lock(since), tmp_path / "data/us-east-1") is Liveness.UNKNOWN


def test_a_log_is_read_on_where_it_was_left_line_by_line(tmp_path: Path) -> None:
    for name in ("20260102T170000.000000-us-east-1-plan", "20260102T170100.000000-us-east-1-apply"):
        (tmp_path / f"{name}.jsonl").write_text("one\ntw")
    told: list[str] = []
    path = newest_log(tmp_path, "us-east-1")
    assert path is not None
    reader = LogReader(path, told.append)

    reader.read()
    with path.open("a") as file:
        file.write("o\nthree\n")
    reader.read()

    assert path.name.endswith("apply.jsonl")
    assert [line.strip() for line in told] == ["one", "two", "three"]
