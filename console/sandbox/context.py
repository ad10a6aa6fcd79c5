"""Which files of a build context go into an image, and what is their fingerprint?"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from console.sandbox.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MANIFEST_NAME = ".image.json"
"""The image store's own file beside the context's; never taken from a context."""

_ALWAYS_LEFT_OUT = frozenset({"__pycache__", ".git", MANIFEST_NAME})


@dataclass(frozen=True, slots=True)
class ContextFile:
    """One file or symbolic link of a context."""

    relative: str
    mode: int
    sha256: str
    target: str | None
    """Where a symbolic link points; None for a file."""


def read_context(context: Path) -> tuple[ContextFile, ...]:
    """List the files that go into an image, sorted by name.

    Obeys `.dockerignore` (patterns, `**/`, `!` exceptions); Python's caches never count, so that a
    run from the context does not change its digest.

    Raises:
        ImageError: the context or its Dockerfile is missing.
    """
    if not context.is_dir():
        raise ImageError(
            f"The build context {context} is not a directory.",
            "Set image.context to the directory that holds the worker's Dockerfile.",
        )
    if not (context / "Dockerfile").is_file():
        raise ImageError(
            f"The build context {context} has no Dockerfile.",
            "Add one, or set image.context to the directory that has it.",
        )
    patterns = _ignore_patterns(context / ".dockerignore")
    return tuple(
        _describe(context, relative)
        for relative in sorted(_walk(context))
        if relative == "Dockerfile" or not _is_ignored(relative, patterns)
    )


def _walk(context: Path) -> Iterator[str]:
    for directory, below, names in os.walk(context):
        linked = [name for name in below if (Path(directory) / name).is_symlink()]
        below[:] = [name for name in below if name not in _ALWAYS_LEFT_OUT and name not in linked]
        for name in (*names, *linked):
            if name not in _ALWAYS_LEFT_OUT:
                yield (Path(directory) / name).relative_to(context).as_posix()


def _ignore_patterns(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        return ()
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _is_ignored(relative: str, patterns: Sequence[str]) -> bool:
    """The last pattern that matches the file or one of its directories decides."""
    path = PurePosixPath(relative)
    candidates = [path.as_posix(), *(parent.as_posix() for parent in path.parents)]
    ignored = False
    for pattern in patterns:
        wanted = pattern.removeprefix("!").strip("/")
        if any(_matches(candidate, wanted) for candidate in candidates):
            ignored = not pattern.startswith("!")
    return ignored


def _matches(candidate: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        tail = pattern.removeprefix("**/")
        return fnmatchcase(candidate, tail) or fnmatchcase(candidate, f"*/{tail}")
    # Go's filepath.Match, which Docker uses, lets no star cross a slash.
    same_depth = candidate.count("/") == pattern.count("/")
    return fnmatchcase(candidate, pattern) and (same_depth or "**" in pattern)


def _describe(context: Path, relative: str) -> ContextFile:
    path = context / relative
    if path.is_symlink():
        target = str(path.readlink())
        return ContextFile(relative, 0, hashlib.sha256(target.encode()).hexdigest(), target)
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return ContextFile(relative, stat.S_IMODE(path.stat().st_mode), digest, None)
