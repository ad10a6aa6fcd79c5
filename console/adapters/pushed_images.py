"""What can be shipped where nothing can be built?

Images that somebody else has pushed, named by digest: the digest is all that a rollout needs.
"""

from __future__ import annotations

from console.domain.failure import Failure, FailureKind
from console.domain.release import ImageRef, Release, ReleaseLabel, digest_of
from console.engine.ports import OnProgress


class PushedImages:
    """Takes `repository@sha256:...` as it is; implements the engine's port for images."""

    async def resolve(self, image: ImageRef, label: ReleaseLabel) -> Release | Failure:
        """Return the release that `image` is."""
        if digest_of(image) is None:
            return Failure(
                FailureKind.REFUSED,
                f"{image} names no digest, and a tag may be another image tomorrow",
                "pass --image repository@sha256:...; docker push prints the digest",
            )
        return Release(label, image)

    async def check(self, label: ReleaseLabel) -> Failure | None:
        """Say that building is not possible."""
        return Failure(
            FailureKind.REFUSED,
            f"this version builds no Docker images, so {label} has to be pushed first",
            f"docker build and docker push it, then: --release {label} "
            "--image repository@sha256:...",
        )

    async def build(self, label: ReleaseLabel, on_progress: OnProgress) -> Release | Failure:
        """Refuse; preflight has said so already."""
        refused = await self.check(label)
        assert refused is not None  # it always refuses  # noqa: S101
        return refused

    async def test(self, image: ImageRef, on_progress: OnProgress) -> None:
        """Do nothing: what is pushed was tested by whoever pushed it."""

    async def push(
        self,
        image: ImageRef,
        label: ReleaseLabel,
        on_progress: OnProgress,
    ) -> str | Failure:
        """Return the digest: it is pushed already."""
        return image.rpartition("@")[2]
