"""What is sent to the engine to build from?

An archive of the context without what `.dockerignore` leaves out. Files keep their modes; owners
are left out and times are cut at the source's own, so that two checkouts of one commit make the
same layers.
"""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

_IN_MEMORY = 8 << 20


class ContextError(Exception):
    """The context cannot be packed; the message says why."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A packed context."""

    archive: IO[bytes]
    files: int
    size: int
    """Of the archive, in bytes."""


def pack(context: Path, dockerfile: str, newest: datetime | None) -> Packed:
    """Pack `context`. Blocks.

    Args:
        context: its directory.
        dockerfile: the Dockerfile's path within it; it is sent whatever is ignored.
        newest: no file is packed with a later time; None for times as they are.

    Raises:
        ContextError: something in it cannot be read.
    """
    from docker.utils.build import exclude_paths

    archive = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the build closes it
    limit = int(newest.timestamp()) if newest is not None else None
    try:
        patterns = [*_ignored(context, dockerfile), "!.dockerignore"]
        names = sorted(exclude_paths(os.fspath(context), patterns, dockerfile))
        with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
            files = sum(_add(tar, context, name, limit) for name in names)
    except OSError as error:
        archive.close()
        raise ContextError(f"{error.filename or context}: {error.strerror}") from error
    size = archive.tell()
    archive.seek(0)
    return Packed(archive, files, size)


def _ignored(context: Path, dockerfile: str) -> Sequence[str]:
    """Return the patterns of the Dockerfile's own ignore file, or of the context's."""
    for name in (f"{dockerfile}.dockerignore", ".dockerignore"):
        try:
            lines = (context / name).read_text(encoding="utf-8-sig").splitlines()
        except FileNotFoundError:
            continue
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return []


def _add(tar: tarfile.TarFile, context: Path, name: str, limit: int | None) -> bool:
    path = context / name
    member = tar.gettarinfo(os.fspath(path), arcname=name)
    if member is None:
        return False  # a socket: no archive holds one
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    # Whole seconds: a fraction would be another layer in another checkout.
    member.mtime = int(member.mtime) if limit is None else min(int(member.mtime), limit)
    if not member.isreg():
        tar.addfile(member)
        return False
    with path.open("rb") as file:
        tar.addfile(member, file)
    return True
