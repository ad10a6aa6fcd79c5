"""Can the Terraform that took a state lock still be alive?

A lock names a person and a machine, and no process. So every Terraform that runs there counts as
its holder until something rules it out: whose it is, when it began, or which state it works on.
Whatever cannot be read rules nothing out: a lock that is taken from the living costs a state.
"""

from __future__ import annotations

import json
import os
import pwd
import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from console.adapters.terraform.endpoints import asks_another_s3
from console.adapters.terraform.left_running import environment_of, processes, working_in
from console.domain.fleet import StateLock
from console.domain.recovery.situation import Liveness

_PROC = Path("/proc")

# The kernel tells when it was booted to a second, and a clock may have been set since.
_CLOCKS_DIFFER = timedelta(seconds=5)
_ROUNDING = timedelta(seconds=1)
# Which settings of a backend name the state.
_PLACES: Mapping[str, tuple[str, ...]] = {
    "s3": ("bucket", "key"),
    "gcs": ("bucket", "prefix"),
    "azurerm": ("container_name", "key"),
    "http": ("address",),
    "consul": ("path",),
    "local": ("path",),
}
# Programs beside Terraform whose names begin as its own does.
_COMPANIONS = ("terraform-provider", "terraform-ls", "tofu-ls")


def holder_of(
    lock: StateLock, data_dir: Path, backend: Mapping[str, str | bool | int] | None = None
) -> Liveness:
    """Return whether the Terraform that took `lock` still lives.

    It is dead for sure only where it ran on this machine, works no more in the unit's own
    directory, and every Terraform that somebody started by hand is ruled out.

    Args:
        lock: as the state tells of it.
        data_dir: the unit's TF_DATA_DIR.
        backend: the settings of the unit's backend; None where they are not known.
    """
    user, _, machine = lock.holder.partition("@")
    if machine != socket.gethostname():
        return Liveness.ELSEWHERE
    if not _sees_everybody(user):
        return Liveness.UNKNOWN
    if working_in(data_dir):
        return Liveness.ALIVE
    may_hold = any(
        _is_terraform(pid)
        and _is_of(pid, user)
        and _is_as_old(pid, lock.since)
        and not _works_elsewhere(pid, data_dir, backend or {})
        for pid in processes()
    )
    return Liveness.UNKNOWN if may_hold else Liveness.DEAD


def _sees_everybody(user: str) -> bool:
    """Whether `/proc` is there (Linux) and hides no process of `user` from us."""
    if not _PROC.is_dir():
        return False
    return _uid(user) == os.getuid() or (_PROC / "1" / "stat").exists()


def _uid(user: str) -> int | None:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None


def _is_terraform(pid: int) -> bool:
    directory = _PROC / str(pid)
    try:
        name = (directory / "exe").readlink().name
    except OSError:
        # Somebody else's: only its name can be read. One that has ended has no name either.
        try:
            name = (directory / "comm").read_text(errors="replace").strip()
        except OSError:
            return False
    return name.startswith(("terraform", "tofu")) and not name.startswith(_COMPANIONS)


def _is_of(pid: int, user: str) -> bool:
    """Whether a process may be of the person that the lock names."""
    wanted = _uid(user)
    try:
        owner = (_PROC / str(pid)).stat().st_uid
    except OSError:
        return False  # it has ended
    return wanted is None or owner == wanted


def _is_as_old(pid: int, since: datetime | None) -> bool:
    """Whether a process was there when the lock was taken."""
    try:
        return since is None or _began(pid) <= since + _CLOCKS_DIFFER
    except OSError:
        return False  # it has ended


def _works_elsewhere(pid: int, data_dir: Path, backend: Mapping[str, str | bool | int]) -> bool:
    """Whether a process works on another state for sure.

    Where a Terraform keeps its state, its own directory tells, unless somebody has initialised that
    anew since it began. The directories beside ours are those of our other units, which nobody else
    initialises; in a single root they share one state.
    """
    work = _data_dir_of(pid)
    if work is None:
        return False
    try:
        if work.parent == data_dir.parent:
            return _is_other_object(_initialised(work), _initialised(data_dir)["config"])
        changed = max(path.stat().st_mtime for path in (work, *work.glob("terraform.tfstate")))
        is_older = datetime.fromtimestamp(changed, UTC) <= _began(pid) + _ROUNDING
        theirs = _initialised(work)
        return is_older and (
            _is_other_object(theirs, backend)
            or asks_another_s3(pid, theirs, _initialised(data_dir))
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _initialised(data_dir: Path) -> Mapping[str, Any]:
    """Return the type and the settings of the backend that a directory is initialised with.

    Raises:
        OSError, ValueError, KeyError: that cannot be read.
    """
    path = data_dir / "terraform.tfstate"
    if not path.exists() and data_dir.is_dir():
        return {"type": "local", "config": {}}  # the one that Terraform takes without being told
    backend: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))["backend"]
    return backend


def _is_other_object(theirs: Mapping[str, Any], backend: Mapping[str, Any]) -> bool:
    """Whether a backend keeps its state in another place than one with these settings.

    Nothing else in them tells: credentials may differ, and so may the names of one endpoint.
    """
    if theirs["type"] == "local" and backend and "path" not in backend:
        return True
    place = _PLACES.get(theirs["type"], ())
    known = set(theirs["config"]) & set(backend)
    return (
        bool(place)
        and set(place) <= known
        and any(theirs["config"][name] != backend[name] for name in place)
    )


def _data_dir_of(pid: int) -> Path | None:
    """Return where a process keeps what `init` installs; None where that cannot be read."""
    try:
        directory = (_PROC / str(pid) / "cwd").readlink()  # -chdir has taken it there
    except OSError:
        return None
    prefix = b"TF_DATA_DIR="
    environment = environment_of(pid)
    if not environment:
        return None
    told = next((value for value in environment if value.startswith(prefix)), b"")
    return directory / (os.fsdecode(told.removeprefix(prefix)) or ".terraform")


def _began(pid: int) -> datetime:
    """Return when a process began, to a second.

    Raises:
        OSError: it has ended.
    """
    ticks = int(
        (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[19]
    )
    booted = next(
        int(line.split()[1])
        for line in (_PROC / "stat").read_text().splitlines()
        if line.startswith("btime ")
    )
    return datetime.fromtimestamp(booted + ticks / os.sysconf("SC_CLK_TCK"), UTC)
