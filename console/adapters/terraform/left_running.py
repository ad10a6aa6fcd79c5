"""Which Terraform still works on a unit, though the console that started it is gone?

Every Terraform of ours runs with the unit's own TF_DATA_DIR, and so do its provider's processes and
its provisioners. Nothing has to be written down for that before one starts, so nothing is missed.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

from console.adapters.process import OnLine
from console.domain.fleet import StateLock
from console.domain.recovery.situation import Liveness

_PROC = Path("/proc")


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
    return (
        Liveness.UNKNOWN if any(_may_hold(pid, data_dir) for pid in _processes()) else Liveness.DEAD
    )


def _may_hold(pid: int, data_dir: Path) -> bool:
    """Whether a process is a Terraform that works neither here nor for another unit of ours."""
    try:
        name = (_PROC / str(pid) / "exe").readlink().name
    except OSError:
        return False  # not ours to see, or gone
    if name not in {"terraform", "tofu"}:
        return False
    directory = next((v for v in _environment(pid) if v.startswith(b"TF_DATA_DIR=")), b"")
    # Our other units work in directories beside this one, each on a state and a lock of its own.
    return Path(directory.decode(errors="replace").partition("=")[2]).parent != data_dir.parent


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
