"""What is the sample worker's image built on, where no base image can be pulled?

On the Python and the boto3 of this very machine, packed and imported once and kept in the engine
under a tag that says what is in it. It is for the sandbox alone: nothing that you ship stands on
it.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import docker
from docker.errors import APIError, DockerException, ImageNotFound

from console.sandbox.containers.python_tree import LIBRARIES, PACKAGES, TreeFile, python_tree
from console.sandbox.errors import ImageError

REPOSITORY = "release-console/sandbox-base"
"""What the base images are called in the engine."""

_RECIPE = "1"
"""To be counted up when the same files are to be packed in another way."""

_APPLETS = ("sh", "ps", "pgrep", "ls", "cat", "sleep", "env", "test", "true", "false", "kill")
_ACCOUNTS = "root:x:0:0:root:/root:/bin/sh\n"
_CHANGES = (
    "ENV PATH=/usr/local/bin:/usr/bin:/bin",
    f"ENV PYTHONPATH=/{PACKAGES}",
    f"ENV LD_LIBRARY_PATH=/{LIBRARIES}",
    "ENV LANG=C.UTF-8",
)


def ensure_base_image(client: docker.DockerClient) -> str:
    """Return the tag of this machine's base image, which is made if it is not there yet.

    It takes some 5 s and 80 MB the first time. Older ones, of another Python or boto3, are removed.

    Raises:
        ImageError: a part of it is not to be found, or the engine does not take it.
    """
    files, shell = python_tree(), _busybox()
    tag = _identity(files, shell)
    reference = f"{REPOSITORY}:{tag}"
    try:
        client.images.get(reference)
    except ImageNotFound:
        _make(client, files, shell, tag)
        _remove_others(client, reference)
    except DockerException as error:
        raise ImageError(f"The engine does not say whether it has {reference}: {error}.") from error
    return reference


def _make(
    client: docker.DockerClient, files: Sequence[TreeFile], shell: Path | None, tag: str
) -> None:
    try:
        with tempfile.NamedTemporaryFile(suffix=".tar") as packed:
            _pack(files, shell, packed)
            packed.flush()
            client.api.import_image_from_file(
                packed.name, repository=REPOSITORY, tag=tag, changes=list(_CHANGES)
            )
    except (OSError, DockerException) as error:
        raise ImageError(
            f"The sandbox's base image could not be made: {error}.",
            "`sandbox up --instances processes` needs none.",
        ) from error


def _pack(files: Sequence[TreeFile], shell: Path | None, into: IO[bytes]) -> None:
    with tarfile.open(fileobj=into, mode="w") as archive:
        for name, mode in (("tmp", 0o1777), ("root", 0o700), ("bin", 0o755), ("etc", 0o755)):
            archive.addfile(_entry(name, tarfile.DIRTYPE, mode))
        passwd = _entry("etc/passwd", tarfile.REGTYPE, 0o644)
        passwd.size = len(_ACCOUNTS)
        archive.addfile(passwd, io.BytesIO(_ACCOUNTS.encode()))
        for file in files:
            archive.add(file.source, file.target, filter=_as_root)
        if shell is not None:
            archive.add(shell, "bin/busybox", filter=_as_root)
            for applet in _APPLETS:
                link = _entry(f"bin/{applet}", tarfile.SYMTYPE, 0o777)
                link.linkname = "busybox"
                archive.addfile(link)


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = kind, mode
    return entry


def _as_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o755 if entry.mode & 0o100 else 0o644
    # A cache is good for a source of exactly this second.
    entry.mtime = int(entry.mtime)
    return entry


def _busybox() -> Path | None:
    """Return a shell that needs no library; without it the image has none."""
    found = shutil.which("busybox")
    if found is None:
        return None
    path = Path(found).resolve()
    # A busybox of this machine's libraries would need a loader that finds them there.
    return path if b"ld-linux" not in path.read_bytes()[:4096] else None


def _identity(files: Sequence[TreeFile], shell: Path | None) -> str:
    """Return a fingerprint of names, sizes and times: reading 80 MB each time takes seconds.

    Without Python's caches, which come and go with whatever runs on this machine: an image that
    was made before they were there works, and starts its workers more slowly.
    """
    said = [_RECIPE, *_CHANGES, *_APPLETS]
    for file in files:
        if file.source.suffix != ".pyc":
            status = file.source.stat()
            said.append(f"{file.target} {status.st_size} {int(status.st_mtime)}")
    if shell is not None:
        said.append(f"busybox {shell.stat().st_size}")
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def _remove_others(client: docker.DockerClient, kept: str) -> None:
    # All at once: one by one, what another world removes in the meantime would be an error.
    for image in client.api.images(name=REPOSITORY):
        for tag in image["RepoTags"] or ():
            if tag.startswith(f"{REPOSITORY}:") and tag != kept:
                _remove(client, tag)


def _remove(client: docker.DockerClient, tag: str) -> None:
    try:
        client.images.remove(tag)
    except APIError:
        # Another console's world may stand on it right now.
        return
