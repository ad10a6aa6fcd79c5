"""A Terraform that asks another local S3 holds no lock of ours, whatever its bucket is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.adapters.terraform import endpoints
from console.adapters.terraform.lock_holder import holder_of
from console.domain.recovery.situation import Liveness

from .conftest import Start
from .test_lock_holder import OURS, initialised, younger

STATE = {"bucket": OURS["bucket"], "key": OURS["key"]}
SERVED = "http://127.0.0.1:5000"
ELSEWHERE = "http://127.0.0.1:5001"
NOTHING = dict.fromkeys(
    ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", *endpoints._OVERRULE),
    "",
)

Row = tuple[str, dict[str, str], dict[str, str], Liveness]
ROWS: list[Row] = [
    ("another port", {"AWS_ENDPOINT_URL": SERVED}, {"AWS_ENDPOINT_URL": ELSEWHERE}, Liveness.DEAD),
    (
        "another port, by another name",
        {"AWS_ENDPOINT_URL": "http://localhost:5000"},
        {"AWS_ENDPOINT_URL": "http://[::1]:5001"},
        Liveness.DEAD,
    ),
    (
        "S3's own endpoint counts first",
        {"AWS_ENDPOINT_URL": ELSEWHERE, "AWS_ENDPOINT_URL_S3": SERVED},
        {"AWS_ENDPOINT_URL": ELSEWHERE},
        Liveness.DEAD,
    ),
    (
        "S3's own endpoint is the same",
        {"AWS_ENDPOINT_URL": SERVED},
        {"AWS_ENDPOINT_URL": ELSEWHERE, "AWS_ENDPOINT_URL_S3": SERVED},
        Liveness.UNKNOWN,
    ),
    ("the same", {"AWS_ENDPOINT_URL": SERVED}, {"AWS_ENDPOINT_URL": SERVED}, Liveness.UNKNOWN),
    (
        "the same, by another name",
        {"AWS_ENDPOINT_URL": SERVED},
        {"AWS_ENDPOINT_URL": "http://localhost:5000/"},
        Liveness.UNKNOWN,
    ),
    (
        "the port that goes without saying",
        {"AWS_ENDPOINT_URL": "http://localhost"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:80"},
        Liveness.UNKNOWN,
    ),
    ("only ours is set", {"AWS_ENDPOINT_URL": SERVED}, {}, Liveness.UNKNOWN),
    ("only theirs is set", {}, {"AWS_ENDPOINT_URL": ELSEWHERE}, Liveness.UNKNOWN),
    ("none is set", {}, {}, Liveness.UNKNOWN),
    (
        "theirs is on another machine",
        {"AWS_ENDPOINT_URL": SERVED},
        {"AWS_ENDPOINT_URL": "http://minio.example.com:9000"},
        Liveness.UNKNOWN,
    ),
    (
        "ours is on another machine",
        {"AWS_ENDPOINT_URL": "http://10.0.0.7:9000"},
        {"AWS_ENDPOINT_URL": SERVED},
        Liveness.UNKNOWN,
    ),
    (
        "theirs is no address",
        {"AWS_ENDPOINT_URL": SERVED},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:x"},
        Liveness.UNKNOWN,
    ),
    (
        "an older name may count for it",
        {"AWS_ENDPOINT_URL": SERVED},
        {"AWS_ENDPOINT_URL": ELSEWHERE, "AWS_S3_ENDPOINT": SERVED},
        Liveness.UNKNOWN,
    ),
    (
        "it may leave the environment alone",
        {"AWS_ENDPOINT_URL": SERVED},
        {"AWS_ENDPOINT_URL": ELSEWHERE, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        Liveness.UNKNOWN,
    ),
]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Our unit's, initialised; our environment names no endpoint yet."""
    for name, nothing in NOTHING.items():
        monkeypatch.setenv(name, nothing)
    return initialised(tmp_path / "ours", "s3", **STATE) / ".terraform"


@pytest.mark.parametrize(
    ("ours", "theirs", "liveness"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_another_port_of_this_machine_is_another_s3(
    tmp_path: Path,
    data_dir: Path,
    alone: Start,
    monkeypatch: pytest.MonkeyPatch,
    ours: dict[str, str],
    theirs: dict[str, str],
    liveness: Liveness,
) -> None:
    alone(initialised(tmp_path / "theirs", "s3", **STATE), **NOTHING | theirs)
    for name, value in ours.items():
        monkeypatch.setenv(name, value)

    assert holder_of(younger(), data_dir, OURS) is liveness


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_a_backend_that_names_its_endpoint_asks_there(
    tmp_path: Path, data_dir: Path, alone: Start, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    named: dict[str, dict[str, str]] = {"ours": {}, "theirs": {}} | {whose: {"endpoint": SERVED}}
    root = initialised(tmp_path / "theirs", "s3", **STATE, **named["theirs"])
    mine = initialised(tmp_path / "mine", "s3", **STATE, **named["ours"]) / ".terraform"
    alone(root, **NOTHING | {"AWS_ENDPOINT_URL": ELSEWHERE})
    monkeypatch.setenv("AWS_ENDPOINT_URL", SERVED)

    assert holder_of(younger(), mine, OURS) is Liveness.UNKNOWN
    assert holder_of(younger(), data_dir, OURS) is (
        Liveness.DEAD if whose == "ours" else Liveness.UNKNOWN
    )


def test_in_another_network_namespace_loopback_is_another_place(
    tmp_path: Path, data_dir: Path, alone: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = alone(
        initialised(tmp_path / "theirs", "s3", **STATE), **NOTHING | {"AWS_ENDPOINT_URL": ELSEWHERE}
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL", SERVED)
    there = tmp_path / "proc" / str(process.pid) / "ns"
    here = tmp_path / "proc/self/ns"
    for directory, name in ((there, "net:[1]"), (here, "net:[2]")):
        directory.mkdir(parents=True)
        (directory / "net").symlink_to(name)
    monkeypatch.setattr(endpoints, "_PROC", tmp_path / "proc")

    assert holder_of(younger(), data_dir, OURS) is Liveness.UNKNOWN


def test_where_our_own_backend_cannot_be_read_nothing_is_ruled_out(
    tmp_path: Path, data_dir: Path, alone: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone(
        initialised(tmp_path / "theirs", "s3", **STATE), **NOTHING | {"AWS_ENDPOINT_URL": ELSEWHERE}
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL", SERVED)

    assert holder_of(younger(), tmp_path / "nowhere", OURS) is Liveness.UNKNOWN
