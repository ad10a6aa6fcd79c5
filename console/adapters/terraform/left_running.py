"""Which Terraform still works on a unit, though the console that started it is gone?

Every Terraform of ours runs with the unit's own TF_DATA_DIR, and so do its provider's processes and
its provisioners. Nothing has to be written down for that before one starts, so nothing is missed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from console.adapters.process import OnLine

_PROC = Path("/proc")


def working_in(data_dir: Path) -> tuple[int, ...]:
    """Return the numbers of the living processes whose TF_DATA_DIR is `data_dir`.

    Only processes of this user on this machine are seen, and only where `/proc` is (Linux);
    elsewhere the state's lock is all that tells.
    """
    wanted = f"TF_DATA_DIR={data_dir}".encode()
    return tuple(pid for pid in processes() if wanted in environment_of(pid))


def processes() -> Iterator[int]:
    """Yield the numbers of the processes that are seen here, without this one."""
    if _PROC.is_dir():
        own = os.getpid()
        yield from (
            int(entry.name)
            for entry in _PROC.iterdir()
            if entry.name.isdigit() and int(entry.name) != own
        )


def environment_of(pid: int) -> list[bytes]:
    """Return the variables of a process, each with its value; none where they cannot be read."""
    try:
        # Empty for a process that has ended and was not waited for, and for one that is just being
        # started: Linux lays a program's environment out after it has let the parent go on.
        told = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return []
    return [variable for variable in told.split(b"\0") if variable]


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
