"""Whether whoever took a state lock can still be alive: never dead who may live."""

from __future__ import annotations

import getpass
import json
import os
import pwd
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.adapters.terraform.lock_holder import holder_of
from console.domain.fleet import StateLock
from console.domain.recovery.situation import Liveness

from .conftest import Start

HERE = f"ada@{socket.gethostname()}"
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
"""Before any Terraform that may run on this machine began."""
OURS = {"bucket": "acme-state", "key": "workers/us-east-1.tfstate", "region": "us-east-1"}
LOCAL = {"path": "us-east-1.tfstate"}


def lock(since: datetime | None = LONG_AGO, holder: str = HERE) -> StateLock:
    """Return a lock of this machine."""
    return StateLock("1", holder, "apply", since)


def younger() -> StateLock:
    """Return a lock that was taken after whatever a test has started."""
    return lock(datetime.now(UTC) + timedelta(hours=1), f"{getpass.getuser()}@{HERE[4:]}")


def initialised(directory: Path, kind: str, **settings: str) -> Path:
    """Make a directory one that `terraform init` was run in long ago, and return it."""
    data = directory / ".terraform"
    data.mkdir(parents=True)
    if kind:
        backend = {"type": kind, "config": {"profile": None, **settings}}
        (data / "terraform.tfstate").write_text(json.dumps({"backend": backend}))
    for path in (*data.iterdir(), data):
        os.utime(path, (0, 0))
    return directory


def test_a_holder_that_works_in_the_unit_is_alive(tmp_path: Path, start: Start) -> None:
    start(TF_DATA_DIR=str(tmp_path / "data/us-east-1"))

    assert holder_of(lock(), tmp_path / "data/us-east-1") is Liveness.ALIVE


def test_of_another_machine_nothing_is_known(tmp_path: Path) -> None:
    away = lock(holder="ada@another-machine")

    assert holder_of(away, tmp_path / "data/us-east-1") is Liveness.ELSEWHERE


def test_a_terraform_that_began_after_the_lock_was_taken_does_not_hold_it(
    tmp_path: Path, start: Start
) -> None:
    start()

    assert holder_of(lock(), tmp_path / "data/us-east-1") is Liveness.DEAD


@pytest.mark.parametrize("since", [None, datetime.now(UTC) + timedelta(days=1)])
def test_a_terraform_that_is_older_than_the_lock_may_hold_it(
    tmp_path: Path, start: Start, since: datetime | None
) -> None:
    start()

    assert holder_of(lock(since), tmp_path / "data/us-east-1") is Liveness.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "theirs", "ours", "liveness"),
    [
        ("s3", {"bucket": "acme-state", "key": "network.tfstate"}, OURS, Liveness.DEAD),
        ("s3", {"bucket": "other", "key": OURS["key"]}, OURS, Liveness.DEAD),
        ("s3", {"bucket": "acme-state", "key": OURS["key"]}, OURS, Liveness.UNKNOWN),
        ("s3", {"bucket": "acme-state"}, OURS, Liveness.UNKNOWN),
        ("s3", {"bucket": "acme-state", "key": "network.tfstate"}, {}, Liveness.UNKNOWN),
        ("gcs", {"bucket": "acme-state", "prefix": "x"}, OURS, Liveness.UNKNOWN),
        ("local", {"path": "other.tfstate"}, OURS, Liveness.DEAD),
        ("", {}, OURS, Liveness.DEAD),
        ("", {}, LOCAL, Liveness.UNKNOWN),
        ("", {}, {}, Liveness.UNKNOWN),
    ],
)
def test_a_terraform_on_another_state_is_not_the_holder(
    tmp_path: Path,
    alone: Start,
    kind: str,
    theirs: dict[str, str],
    ours: dict[str, str],
    liveness: Liveness,
) -> None:
    alone(initialised(tmp_path / "network", kind, **theirs))

    assert holder_of(younger(), tmp_path / "data/us-east-1", ours) is liveness


def test_what_was_initialised_anew_since_it_began_rules_nothing_out(
    tmp_path: Path, alone: Start
) -> None:
    root = initialised(tmp_path / "network", "s3", bucket="acme-state", key="network.tfstate")
    alone(root)
    ahead = datetime.now(UTC).timestamp() + 60
    os.utime(root / ".terraform/terraform.tfstate", (ahead, ahead))

    assert holder_of(younger(), tmp_path / "data/us-east-1", OURS) is Liveness.UNKNOWN


def test_where_it_was_never_initialised_nothing_is_ruled_out(tmp_path: Path, alone: Start) -> None:
    alone()

    assert holder_of(younger(), tmp_path / "data/us-east-1", OURS) is Liveness.UNKNOWN


def test_a_data_directory_of_its_own_is_looked_into(tmp_path: Path, alone: Start) -> None:
    root = initialised(tmp_path / "network", "s3", bucket="acme-state", key="network.tfstate")
    (root / ".terraform").rename(root / "elsewhere")
    alone(root, TF_DATA_DIR="elsewhere")

    assert holder_of(younger(), tmp_path / "data/us-east-1", OURS) is Liveness.DEAD


def test_an_environment_that_is_not_there_yet_rules_nothing_out(
    tmp_path: Path, alone: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = alone(
        initialised(tmp_path / "network", "s3", bucket="acme-state", key="network.tfstate")
    )
    told = tmp_path / "proc" / str(process.pid) / "environ"
    told.parent.mkdir(parents=True)
    told.touch()
    monkeypatch.setattr("console.adapters.terraform.left_running._PROC", tmp_path / "proc")

    assert holder_of(younger(), tmp_path / "data/us-east-1", OURS) is Liveness.UNKNOWN


@pytest.mark.parametrize(
    ("key", "liveness"),
    [("workers/eu-west-1.tfstate", Liveness.DEAD), (OURS["key"], Liveness.UNKNOWN)],
    ids=["a state for each region", "one state for all"],
)
def test_our_other_unit_holds_only_a_lock_of_a_state_that_it_shares(
    tmp_path: Path, alone: Start, key: str, liveness: Liveness
) -> None:
    for unit, where in (("us-east-1", OURS["key"]), ("eu-west-1", key)):
        data = tmp_path / "data" / unit
        data.mkdir(parents=True)
        backend = {"type": "s3", "config": {"bucket": "acme-state", "key": where}}
        (data / "terraform.tfstate").write_text(json.dumps({"backend": backend}))
    alone(TF_DATA_DIR=str(tmp_path / "data/eu-west-1"))

    assert holder_of(younger(), tmp_path / "data/us-east-1", OURS) is liveness


def test_somebody_else_s_terraform_does_not_hold_the_lock_that_a_person_took(
    tmp_path: Path, alone: Start
) -> None:
    alone()
    another = next(p.pw_name for p in pwd.getpwall() if p.pw_uid != os.getuid())

    theirs = lock(younger().since, f"{another}@{socket.gethostname()}")
    unknown = lock(younger().since, f"nobody-of-that-name@{socket.gethostname()}")

    assert holder_of(theirs, tmp_path / "data/us-east-1", OURS) is Liveness.DEAD
    assert holder_of(unknown, tmp_path / "data/us-east-1", OURS) is Liveness.UNKNOWN


def test_a_program_that_was_replaced_while_it_runs_is_still_a_terraform(
    tmp_path: Path, alone: Start
) -> None:
    alone()
    (tmp_path / "terraform").unlink()

    assert holder_of(younger(), tmp_path / "data/us-east-1", OURS) is Liveness.UNKNOWN
