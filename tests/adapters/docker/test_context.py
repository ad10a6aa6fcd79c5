"""What is sent to the engine."""

from __future__ import annotations

import os
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.adapters.docker.context import ContextError, pack

COMMITTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def members(context: Path, dockerfile: str = "Dockerfile") -> dict[str, tarfile.TarInfo]:
    with (
        pack(context, dockerfile, COMMITTED).archive as archive,
        tarfile.open(fileobj=archive) as t,
    ):
        return {member.name: member for member in t.getmembers()}


def test_what_dockerignore_names_is_left_out_and_its_exceptions_are_not(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    for name in ("Dockerfile", "app.py", "keys/a.pem", "keys/public.pem"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".dockerignore").write_text(
        "# secrets\n*.py\nkeys/*\n!keys/public.pem\nDockerfile\n"
    )

    assert {"Dockerfile", "keys/public.pem"} <= set(members(tmp_path))
    assert not {"app.py", "keys/a.pem"} & set(members(tmp_path))


def test_a_dockerfile_may_have_an_ignore_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    for name in ("docker/Release", "a", "b"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".dockerignore").write_text("b\n")
    (tmp_path / "docker" / "Release.dockerignore").write_text("a\n")

    found = set(members(tmp_path, "docker/Release"))
    assert {"docker/Release", "b"} <= found
    assert "a" not in found


def test_two_checkouts_of_one_commit_make_the_same_archive(tmp_path: Path) -> None:
    packed = []
    for name in ("one", "two"):
        context = tmp_path / name
        context.mkdir()
        (context / "Dockerfile").write_text("FROM scratch\n")
        (context / "run").write_text("x")
        (context / "run").chmod(0o755)
        (context / "link").symlink_to("run")
        with pack(context, "Dockerfile", COMMITTED).archive as archive:
            packed.append(archive.read())
    assert packed[0] == packed[1]


def test_modes_and_older_times_stay(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "run").write_text("x")
    (tmp_path / "run").chmod(0o750)
    os.utime(tmp_path / "run", (1000, 1000))
    found = members(tmp_path)["run"]

    assert found.mode & 0o777 == 0o750
    assert found.mtime == 1000


def test_what_cannot_be_read_is_named(tmp_path: Path, without_privileges: None) -> None:
    with pytest.raises(ContextError, match="no-such-place"):
        pack(tmp_path / "no-such-place", "Dockerfile", None)
