"""Which Terraform still works on a unit, though the console that started it is gone?

Every Terraform of ours runs with the unit's own TF_DATA_DIR, and so do its provider's processes and
its provisioners. Nothing has to be written down for that before one starts, so nothing is missed.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from console.adapters.process import OnLine
from console.domain.fleet import StateLock
from console.domain.recovery.situation import Liveness

_PROC = Path("/proc")

# The kernel tells when it was booted to a second, and a clock may have been set since.
_CLOCKS_DIFFER = timedelta(seconds=5)


def working_in(data_dir: Path) -> tuple[int, ...]:
    """Return the numbers of the living processes whose TF_DATA_DIR is `data_dir`.

    Only processes of this user on this machine are seen, and only where `/proc` is (Linux);
    elsewhere the state's lock is all that tells.
    """
    wanted = f"TF_DATA_DIR={data_dir}".encode()
    return tuple(pid for pid in _processes() if wanted in _environment(pid))


def _processes() -> Iterator[int]:
    if _PROC.is_dir():
        own = os.getpid()
        yield from (
            int(entry.name)
            for entry in _PROC.iterdir()
            if entry.name.isdigit() and int(entry.name) != own
        )


def _environment(pid: int) -> list[bytes]:
    try:
        # Empty for a process that has ended and was not waited for.
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def holder_of(lock: StateLock, data_dir: Path) -> Liveness:
    """Return whether the Terraform that took `lock` still lives.

    It is dead for sure only where it ran on this machine, works no more in the unit's own
    directory, and no Terraform that somebody started by hand is as old as the lock.

    Args:
        lock: as the state tells of it.
        data_dir: the unit's TF_DATA_DIR.
    """
    if lock.holder.partition("@")[2] != socket.gethostname() or not _PROC.is_dir():
        return Liveness.UNKNOWN
    if working_in(data_dir):
        return Liveness.ALIVE
    may_hold = any(_may_hold(pid, lock.since, data_dir) for pid in _processes())
    return Liveness.UNKNOWN if may_hold else Liveness.DEAD


def _may_hold(pid: int, since: datetime | None, data_dir: Path) -> bool:
    """Whether a process is a Terraform that is old enough and works for no other unit of ours."""
    try:
        name = (_PROC / str(pid) / "exe").readlink().name
        began = _began(pid)
    except OSError:
        return False  # not ours to see, or gone
    if name not in {"terraform", "tofu"}:
        return False
    if since is not None and began > since + _CLOCKS_DIFFER:
        return False
    directory = next((v for v in _environment(pid) if v.startswith(b"TF_DATA_DIR=")), b"")
    # Our other units work in directories beside this one, each on a state and a lock of its own.
    return Path(directory.decode(errors="replace").partition("=")[2]).parent != data_dir.parent


def _began(pid: int) -> datetime:
    """Return when a process began, to a second."""
    ticks = int(
        (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[19]
    )
    booted = next(
        int(line.split()[1])
        for line in (_PROC / "stat").read_text().splitlines()
        if line.startswith("btime ")
    )
    return datetime.fromtimestamp(booted + ticks / os.sysconf("SC_CLK_TCK"), UTC)


def newest_log(logs: Path, unit: str) -> Path | None:
    """Return the log of the unit's newest command; None where there is none."""
    found = (path for path in logs.glob(f"*-{unit}-*.jsonl") if path.is_file())
    return max(found, key=lambda path: path.name, default=None)


class LogReader:
    """Reads on in a log that another process writes."""

    def __init__(self, path: Path | None, on_line: OnLine) -> None:
        """Begin at the start of `path`; None for a log that does not exist."""
        self._path = path
        self._on_line = on_line
        self._offset = 0

    def read(self) -> None:
        """Hand on every whole line that is new."""
        if self._path is None:
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return  # the rest of it is still to come
                self._offset += len(line)
                self._on_line(line.decode(errors="replace"))
