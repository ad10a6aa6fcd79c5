"""What does the registry have already, and is it what would be built?

A label never moves: what is there under it is either the very image, or the build is refused.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from console.adapters.docker.credentials import Login, find_login
from console.adapters.docker.reference import Reference
from console.adapters.docker.source import Source
from console.adapters.docker.spec import ImageSpec
from console.domain.failure import Failure, FailureKind
from console.engine.ports import OnProgress

if TYPE_CHECKING:
    from console.adapters.docker.registry import Known, Registry


class PushedImages:
    """The repository of one fleet, as its registry serves it."""

    def __init__(self, spec: ImageSpec) -> None:
        """Ask nothing yet."""
        self._spec = spec
        self._find_login = partial(find_login, profile=spec.profile)

    async def login(self, host: str) -> Login | Failure | None:
        """Return the login for a registry; None where nobody has logged in."""
        return await asyncio.to_thread(self._find_login, host)

    async def find(self, label: str) -> Known | Failure | None:
        """Return what is there under a label, or None."""
        return await self.look_for(Reference(self._spec.home.repository, label))

    async def look_for(self, image: Reference) -> Known | Failure | None:
        """Return what is there under a name with a tag, or None."""
        return await asyncio.to_thread(self._registry(image).find, image.tag)

    def tags(self) -> tuple[str, ...] | Failure:
        """Return the tags of the repository, in no order. Blocks."""
        return self._registry(self._spec.home).tags()

    async def may_be(self, known: Known, source: Source) -> bool:
        """Whether what is there may be what would be built: not if it tells another revision."""
        from console.adapters.docker.build import REVISION

        labels = await asyncio.to_thread(self._registry(self._spec.home).labels_of, known)
        told = labels.get(REVISION, "")
        return not told or told == source.revision

    async def is_same(self, known: Known, source: Source) -> bool:
        """Whether what is there says that it was built from the same source in the same way."""
        from console.adapters.docker.build import RECIPE, REVISION, recipe

        labels = await asyncio.to_thread(self._registry(self._spec.home).labels_of, known)
        return (
            source.is_exact
            and labels.get(REVISION) == source.revision
            and labels.get(RECIPE) == recipe(self._spec)
        )

    async def await_everywhere(
        self, image: Reference, within: timedelta, on_progress: OnProgress
    ) -> Failure | None:
        """Wait until every region can pull `image` by its digest; at once where they share one."""
        from console.adapters.docker.replication import await_everywhere

        if image.in_region(self._spec.regions[0]) == image:
            return None
        regions = self._spec.regions
        return await await_everywhere(image, regions, within, on_progress, registry=self._registry)

    def taken(self, label: str, known: Known) -> Failure:
        """Return the refusal of a build whose label another image has."""
        named = f"{self._spec.home.repository}:{label}"
        return Failure(
            FailureKind.REFUSED,
            f"{named} is {known.digest} already, and this build is another image",
            "a release is immutable: ship these changes under a new label with --release, or what "
            f"is there with --image {named}",
        )

    def _registry(self, image: Reference) -> Registry:
        from console.adapters.docker.registry import Registry

        return Registry(image, self._find_login)
