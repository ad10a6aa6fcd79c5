"""Where are the sandbox's images, and what does one of them start?

A registry without a server: an image is a content-addressed directory.

    sha256/<hex>/                   the build context's files, and .image.json
    tags/<repository>/<label>       a text file with the digest; "/" in the repository is "+"
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from console.sandbox.context import MANIFEST_NAME, read_context
from console.sandbox.dockerfile import read_last_stage
from console.sandbox.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.sandbox.context import ContextFile
    from console.sandbox.dockerfile import Stage


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image that is in the store."""

    digest: str
    """`sha256:<64 hex digits>`."""
    path: Path
    """Its directory, which is also the working directory of its command."""
    command: tuple[str, ...]
    environment: Mapping[str, str]


class ImageStore:
    """Images and labels below one directory. Safe to use from several processes at once."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def build(self, context: Path, *, repository: str, label: str, revision: str) -> BuiltImage:
        """Put a context into the store, without naming it.

        The same files, modes, label and revision give the same digest; an image that is there
        already is used as it is. The repository does not take part in the digest.

        Raises:
            ImageError: the context cannot be read, or its Dockerfile starts nothing usable.
        """
        files = read_context(context)
        stage = read_last_stage(context / "Dockerfile")
        manifest = {
            "schema": 1,
            "label": label,
            "revision": revision,
            "command": _inside(context, stage),
            "environment": dict(stage.environment),
            "files": [asdict(file) for file in files],
        }
        text = json.dumps(manifest, sort_keys=True, indent=1)
        identity = hashlib.sha256(text.encode()).hexdigest()
        final = self._root / "sha256" / identity
        if not (final / MANIFEST_NAME).is_file():
            self._write(context, files, text, final)
        return self.open(f"{repository}@sha256:{identity}")

    def tag(self, repository: str, label: str, digest: str) -> None:
        """Name an image. Naming it so again changes nothing.

        Raises:
            ImageError: the label is another image's already, or the image is not in the store.
        """
        self.open(f"{repository}@{digest}")
        path = self._label_path(repository, label)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".", delete=False) as new:
            new.write(digest + "\n")
        try:
            # A link fails where a rename would replace: of two racing tags one must lose.
            os.link(new.name, path)
        except FileExistsError:
            held = path.read_text(encoding="utf-8").strip()
            if held != digest:
                raise ImageError(
                    f"{repository}:{label} is {held} already and cannot become {digest}.",
                    "A release is immutable: ship these changes under a new label.",
                ) from None
        finally:
            Path(new.name).unlink()

    def resolve(self, repository: str, label_or_digest: str) -> str | None:
        """The digest of a label, or the digest itself if its image is here; None if neither is."""
        if label_or_digest.startswith("sha256:"):
            is_here = (self._path_of(label_or_digest) / MANIFEST_NAME).is_file()
            return label_or_digest if is_here else None
        path = self._label_path(repository, label_or_digest)
        return path.read_text(encoding="utf-8").strip() if path.is_file() else None

    def labels(self, repository: str) -> tuple[str, ...]:
        """The labels of a repository, sorted by name."""
        directory = self._label_path(repository, "x").parent
        if not directory.is_dir():
            return ()
        return tuple(sorted(path.name for path in directory.iterdir() if path.name[0] != "."))

    def open(self, image_ref: str) -> BuiltImage:
        """Find an image by `repository@sha256:<hex>`, `sha256:<hex>` or `repository:label`.

        Raises:
            ImageError: it is not in the store.
        """
        repository, at, digest = image_ref.rpartition("@")
        if not at and not image_ref.startswith("sha256:"):
            repository, _, label = image_ref.rpartition(":")
            digest = self.resolve(repository, label) or ""
        path = self._path_of(digest)
        try:
            manifest = json.loads((path / MANIFEST_NAME).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ImageError(
                f"No image {image_ref} in {self._root}.", "Build and push that release first."
            ) from None
        return BuiltImage(
            digest=digest,
            path=path,
            command=tuple(cast("list[str]", manifest["command"])),
            environment=MappingProxyType(cast("dict[str, str]", manifest["environment"])),
        )

    def _path_of(self, digest: str) -> Path:
        # The last part only: a digest comes from user data and must not lead out of the store.
        return self._root / "sha256" / (Path(digest.removeprefix("sha256:")).name or "none")

    def _label_path(self, repository: str, label: str) -> Path:
        if not label or "/" in label or label.startswith("."):
            raise ImageError(f"{label!r} is not a label.", "Use a version such as 0.9.1.")
        return self._root / "tags" / repository.replace("/", "+") / label

    def _write(
        self, context: Path, files: tuple[ContextFile, ...], manifest: str, final: Path
    ) -> None:
        """Copy beside the final place, then rename: a half-written image is never seen."""
        final.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=final.parent))
        draft.chmod(0o755)
        try:
            for file in files:
                target = draft / file.relative
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(context / file.relative, target, follow_symlinks=False)
            (draft / MANIFEST_NAME).write_text(manifest, encoding="utf-8")
            draft.rename(final)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            # Somebody else built the same image at the same moment: theirs is as good.
            if not (final / MANIFEST_NAME).is_file():
                raise


def _inside(context: Path, stage: Stage) -> list[str]:
    """The command with paths below WORKDIR made relative to it: there is no container root."""
    prefix = stage.working_directory.rstrip("/") + "/"
    words = []
    for position, word in enumerate(stage.command):
        relative = word.removeprefix(prefix)
        is_moved = relative != word and (context / relative).exists()
        words.append(
            f"./{relative}" if is_moved and position == 0 else relative if is_moved else word
        )
    return words
