"""Which files make the Python and the boto3 of this machine run somewhere else?

The interpreter, its standard library, the shared libraries of both, and boto3 with what it needs.
Everything is found on this machine; nothing is fetched. Linux only.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from console.sandbox.errors import ImageError

PACKAGES = "usr/local/lib/packages"
"""Where boto3 is in the tree; it has to be on PYTHONPATH there."""

LIBRARIES = "usr/local/lib"
"""Where the shared libraries are in the tree; it has to be on LD_LIBRARY_PATH there."""

_SERVICES = frozenset({"sqs", "cloudwatch", "s3", "sts", "ec2"})
"""Those of botocore's services that a worker may call: all of them together are 25 MB."""

_LEFT_OUT = frozenset(
    {"test", "tests", "site-packages", "dist-packages", "idlelib", "tkinter", "turtledemo"}
    | {"ensurepip", "lib2to3", "pydoc_data"}
)
_LEFT_OUT_EXTENSIONS = ("_tkinter.", "nis.", "_test", "xx")
"""They would bring the libraries of a screen and of a directory service along."""
_LIBRARY = re.compile(r"^\s*(?:(?P<name>\S+) => )?(?P<path>/\S+) \(0x", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, order=True)
class TreeFile:
    """One file, and where it goes."""

    target: str
    """Relative to the tree's root."""
    source: Path


def python_tree() -> tuple[TreeFile, ...]:
    """Return all files of the tree, sorted.

    Raises:
        ImageError: something of it is not to be found on this machine.
    """
    if sys.platform != "linux":
        raise ImageError("Only the Python of a Linux machine runs in a container.")
    executable = Path(sys.executable).resolve()
    library = Path(sysconfig.get_path("stdlib"))
    standard = list(_standard_library(library))
    extensions = [file.source for file in standard if file.source.suffix == ".so"]
    files = {
        TreeFile("usr/local/bin/python3", executable),
        *standard,
        *_shared_libraries([executable, *extensions]),
        *_packages("boto3"),
    }
    return tuple(sorted(files))


def _standard_library(root: Path) -> Iterator[TreeFile]:
    for path in _files_below(root):
        parts = path.relative_to(root).parts
        is_left_out = _LEFT_OUT.intersection(parts) or parts[0].startswith("config-")
        if not is_left_out and not path.name.startswith(_LEFT_OUT_EXTENSIONS):
            yield TreeFile(f"usr/local/lib/{root.name}/{'/'.join(parts)}", path)


def _files_below(root: Path) -> Iterator[Path]:
    for path in root.rglob("*"):
        if path.is_file() and _is_wanted_code(path):
            yield path


def _shared_libraries(binaries: list[Path]) -> Iterator[TreeFile]:
    try:
        told = subprocess.run(
            ["ldd", *map(str, binaries)], capture_output=True, text=True, check=False
        ).stdout
    except OSError as error:
        raise ImageError(f"ldd cannot be run: {error.strerror}.") from error
    for found in _LIBRARY.finditer(told):
        path = Path(found["path"])
        # The loader stands where every binary looks for it; it alone has no name of its own.
        target = f"{LIBRARIES}/{found['name']}" if found["name"] else found["path"].lstrip("/")
        yield TreeFile(target, path.resolve())


def _packages(first: str) -> Iterator[TreeFile]:
    wanted, seen = [first], set[str]()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        distribution = metadata.distribution(name)
        wanted.extend(_needed(distribution.requires or ()))
        if distribution.files is None:
            raise ImageError(f"The files of {name} are not on record.", f"Install {name} anew.")
        for file in distribution.files:
            path = Path(str(distribution.locate_file(file)))
            if _is_wanted(file.parts) and path.is_file() and _is_wanted_code(path):
                yield TreeFile(f"{PACKAGES}/{file.as_posix()}", path)


def _needed(requirements: Iterable[str]) -> Iterator[str]:
    for text in requirements:
        name = _NAME.match(text)
        if name and "extra ==" not in text:
            yield name.group()


def _is_wanted(parts: tuple[str, ...]) -> bool:
    if ".." in parts:
        return False
    is_service = parts[:2] == ("botocore", "data") and len(parts) > 3
    return not is_service or parts[2] in _SERVICES


def _is_wanted_code(path: Path) -> bool:
    """Whether it is no cache, or one that our Python reads.

    An optimised or another version's cache is never read; one that is just being written has
    another name, and is gone in a moment.
    """
    is_own = path.name.endswith(f".{sys.implementation.cache_tag}.pyc")
    return is_own or (path.parent.name != "__pycache__" and path.suffix != ".pyc")
