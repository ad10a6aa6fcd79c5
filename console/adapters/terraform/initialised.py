"""Is a unit's working directory initialised, and for this very configuration?

`init` costs seconds, so a stamp says what it was done for. It also writes the root's dependency
lock file, which all units share: only one `init` of a root runs at a time, in whatever process.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_STAMP = "release-console.json"
_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an `init` was done for."""

    data_dir: Path
    fingerprint: str
    """A hash, because a backend's settings may hold keys."""

    def is_current(self) -> bool:
        """Whether the directory was initialised for this, and nobody has emptied it since."""
        try:
            written = (self.data_dir / _STAMP).read_text()
        except OSError:
            return False
        return written == self.fingerprint

    def write(self) -> None:
        """Record that `init` has succeeded.

        Raises:
            OSError: when the stamp cannot be written.
        """
        (self.data_dir / _STAMP).write_text(self.fingerprint)

    def clear(self) -> None:
        """Forget it, before `init` changes anything."""
        (self.data_dir / _STAMP).unlink(missing_ok=True)


def stamp_for(
    data_dir: Path,
    root: Path,
    backend: Mapping[str, str | bool | int],
    plugin_dir: Path | None,
    binary: tuple[str, ...],
) -> Stamp:
    """Return the stamp that fits an `init` with these arguments."""
    told = json.dumps([str(root), dict(backend), str(plugin_dir), binary], sort_keys=True)
    digest = hashlib.sha256(told.encode())
    for file in sorted(root.glob("*.tf")):
        # A module or a provider that was added needs another init.
        digest.update(file.read_bytes())
    return Stamp(data_dir, digest.hexdigest())


@contextlib.asynccontextmanager
async def only_one(root: Path) -> AsyncIterator[None]:
    """Hold the right to run `init` in `root`, on this machine and for this user.

    Raises:
        OSError: when the lock file cannot be made.
    """
    descriptor = os.open(_lock_file(root), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        while not _took(descriptor):  # another process has no event to set
            await asyncio.sleep(_LOOK_S)
        yield
    finally:
        os.close(descriptor)


def _lock_file(root: Path) -> Path:
    # Not in the root itself: that may be an installed package, or a checkout to be left clean.
    name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"release-console-{os.getuid()}-{name}.lock"


def _took(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
