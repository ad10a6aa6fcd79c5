"""Where do plans and variable files lie, that may hold secrets?"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def absolute(path: Path) -> Path:
    """Return `path` as Terraform must be told it: with `-chdir` it is relative to the root."""
    return path.absolute()


def make_private(directory: Path) -> None:
    """Make `directory` with mode 0700, and the ones above it where they are missing.

    Raises:
        OSError: when that cannot be done.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)


def write_private(path: Path, text: str) -> None:
    """Write `text` to a new file of mode 0600, in the place of an older one.

    Raises:
        OSError: when that cannot be done.
    """
    make_private(path.parent)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def remove(path: Path) -> None:
    """Remove `path`; that it is gone already, or cannot go, changes nothing."""
    with contextlib.suppress(OSError):
        path.unlink()
