"""How does the console build, test and push where an image is a directory?"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from console.domain.failure import Failure, FailureKind
from console.domain.release import ImageRef, Release, ReleaseLabel, newest_first
from console.engine.ports import OnProgress, Progress, ProgressKind
from console.sandbox.errors import ImageError
from console.sandbox.images import ImageStore

_TEST_LIMIT_S = 600.0
_LAST_LINES = 15


class DirectoryImages:
    """Builds into an `ImageStore`; implements the engine's port for images."""

    def __init__(
        self, store: Path, repository: str, context: Path | None, test: Sequence[str]
    ) -> None:
        """Remember where things are.

        Args:
            store: directory of the images.
            repository: what the images are called.
            context: the build context; None where only images that are there can be shipped.
            test: command to run in a built image, or empty.
        """
        self._store = ImageStore(store)
        self._repository = repository
        self._context = context
        self._test = tuple(test)

    async def resolve(self, image: ImageRef, label: ReleaseLabel) -> Release | Failure:
        """Return the release that an image of the store is."""
        try:
            built = await asyncio.to_thread(self._store.open, image)
        except ImageError as error:
            return _refused(error)
        return Release(label, self._reference(built.digest))

    async def check(self, label: ReleaseLabel) -> Failure | None:
        """Say whether there is anything to build `label` from."""
        if self._context is None:
            hint = "set image.context, or ship an image that is pushed with --image"
            return Failure(FailureKind.REFUSED, f"there is nothing to build {label} from", hint)
        return None

    async def build(self, label: ReleaseLabel, on_progress: OnProgress) -> Release | Failure:
        """Copy the context into the store, named by its contents and the label."""
        if self._context is None:
            return await self.check(label) or _nothing()
        on_progress(Progress(ProgressKind.STARTED, f"building {self._context}"))
        try:
            built = await asyncio.to_thread(
                self._store.build,
                self._context,
                repository=self._repository,
                label=label,
                revision="",
            )
        except ImageError as error:
            return _refused(error)
        taken = self._store.resolve(self._repository, label)
        if taken is not None and taken != built.digest:
            # Told here, before the test: it is the same refusal that the push would end in.
            return Failure(
                FailureKind.REFUSED,
                f"{self._repository}:{label} is {taken} already, and this build is {built.digest}",
                "a release is immutable: ship these changes under a new label with --release",
            )
        return Release(label, self._reference(built.digest))

    async def test(self, image: ImageRef, on_progress: OnProgress) -> str | Failure | None:
        """Run the configured command in the image's directory."""
        if not self._test:
            return None
        built = self._store.open(image)
        on_progress(Progress(ProgressKind.STARTED, f"running {' '.join(self._test)}"))
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        try:
            process = await asyncio.create_subprocess_exec(
                *self._test,
                cwd=built.path,
                env={**os.environ, **built.environment, "PATH": path},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        except OSError as error:
            return Failure(FailureKind.FAILED, f"image.test cannot be started: {error}")
        try:
            output, _ = await asyncio.wait_for(process.communicate(), _TEST_LIMIT_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            return Failure(
                FailureKind.FAILED, f"image.test was still running after {_TEST_LIMIT_S:.0f} s"
            )
        text = output.decode(errors="replace")
        on_progress(Progress(ProgressKind.OUTPUT, text))
        if process.returncode != 0:
            tail = "\n".join(text.rstrip().splitlines()[-_LAST_LINES:])
            message = f"the image's test exited with {process.returncode}"
            return Failure(FailureKind.FAILED, message, "mend it and build again", tail)
        return f"{' '.join(self._test)} exited with 0"

    async def push(
        self, image: ImageRef, label: ReleaseLabel, on_progress: OnProgress
    ) -> ImageRef | Failure:
        """Name the image by its label, which never moves."""
        digest = image.rpartition("@")[2]
        try:
            await asyncio.to_thread(self._store.tag, self._repository, label, digest)
        except ImageError as error:
            return _refused(error)
        on_progress(Progress(ProgressKind.FINISHED, f"{self._repository}:{label} is {digest}"))
        return self._reference(digest)

    def labels(self) -> Sequence[str]:
        """Return the labels of the repository, the newest first as versions are counted."""
        return newest_first(self._store.labels(self._repository))

    def _reference(self, digest: str) -> ImageRef:
        return ImageRef(f"{self._repository}@{digest}")


def _refused(error: ImageError) -> Failure:
    return Failure(FailureKind.REFUSED, str(error).rstrip("."), getattr(error, "hint", ""))


def _nothing() -> Failure:
    return Failure(FailureKind.REFUSED, "there is nothing to build from")
