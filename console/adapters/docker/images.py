"""Where do releases come from where images are Docker's?

Implements `ports.Images`. Building, testing and pushing need an engine; resolving needs a registry
at most, and an image by digest neither.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from console.adapters.docker.engine import Engine, find_engine
from console.adapters.docker.pushed import PushedImages
from console.adapters.docker.reference import Reference, generalised, parse_reference
from console.adapters.docker.registry_errors import row_of
from console.adapters.docker.source import Source, read_source
from console.adapters.docker.spec import ImageSpec
from console.domain.failure import Failure, FailureKind
from console.domain.foreign import shown
from console.domain.release import ImageRef, Release, ReleaseLabel, newest_first
from console.engine.ports import OnProgress, Progress, ProgressKind

if TYPE_CHECKING:
    pass

T = TypeVar("T")

_MOST_NAMED = 5


class DockerImages:
    """Builds with a Docker engine and keeps images in a registry."""

    def __init__(self, spec: ImageSpec) -> None:
        """Ask nothing yet."""
        self._spec = spec
        self._pushed = PushedImages(spec)
        self._under_way: asyncio.Task[Any] | None = None
        self._ids: dict[str, str] = {}
        """The engine's ids of images that are known by their digest."""

    async def resolve(self, image: ImageRef, label: ReleaseLabel) -> Release | Failure:
        """Return the release that an image already pushed is.

        By digest nobody is asked, unless each region has a registry of its own.
        """
        named = generalised(parse_reference(image), self._spec.repository, self._spec.regions)
        if named.digest:
            return await self._resolved(named, label)
        if not named.tag or named.tag == "latest":
            return Failure(
                FailureKind.REFUSED,
                f"{image} names another image every day",
                "pass --image repository@sha256:..., or repository:tag with a tag that stays",
            )
        home = named.in_region(self._spec.regions[0])
        found = await self._pushed.look_for(home)
        if isinstance(found, Failure):
            return _refused(found)
        if found is None:
            return Failure(
                FailureKind.REFUSED,
                f"there is no image {home.repository}:{home.tag} in its registry",
                "see that it was pushed; release-console builds and pushes it without --image",
            )
        return await self._resolved(Reference(named.repository, digest=found.digest), label)

    async def check(self, label: ReleaseLabel) -> Failure | None:
        """Say whether building `label` could work: context, engine, registry and label."""
        context = self._spec.context
        if context is None:
            hint = "set image.context, or ship an image that is pushed with --image"
            return Failure(FailureKind.REFUSED, f"there is nothing to build {label} from", hint)
        if not (context / self._spec.dockerfile).is_file():
            return Failure(
                FailureKind.REFUSED,
                f"there is no {self._spec.dockerfile} in {context}",
                "see image.context and image.dockerfile",
            )
        engine, known, source = await asyncio.gather(
            asyncio.to_thread(find_engine), self._pushed.find(label), read_source(context)
        )
        if isinstance(engine, Failure):
            return engine
        if isinstance(known, Failure):
            # The engine may trust a certificate that we do not: then the push decides.
            row = row_of(known.evidence)
            return None if row is not None and row.name == "TLS" else _refused(known)
        if known is not None and not await self._pushed.may_be(known, source):
            return self._pushed.taken(label, known)
        return None

    async def build(self, label: ReleaseLabel, on_progress: OnProgress) -> Release | Failure:
        """Build the image. Its release has no digest yet, unless the registry has it already."""
        return await self._interruptible("the build", self._build(label, on_progress))

    async def test(self, image: ImageRef, on_progress: OnProgress) -> str | Failure | None:
        """Run the configured command in the image; None where none is configured."""
        if not self._spec.test:
            return None
        return await self._interruptible("the test", self._test(image, on_progress))

    async def push(
        self, image: ImageRef, label: ReleaseLabel, on_progress: OnProgress
    ) -> ImageRef | Failure:
        """Push the image under its label; return what every region can pull."""
        return await self._interruptible("the push", self._push(image, label, on_progress))

    def interrupt(self) -> None:
        """Give up the build, test or push that is under way."""
        if self._under_way is not None:
            self._under_way.cancel()

    def labels(self) -> Sequence[str]:
        """Return the labels of the repository, the newest first; none where nobody answers."""
        tags = self._pushed.tags()
        return () if isinstance(tags, Failure) else newest_first(tags)

    async def _build(self, label: ReleaseLabel, on_progress: OnProgress) -> Release | Failure:
        from console.adapters.docker.build import Build

        context = self._spec.context
        if context is None:
            return Failure(FailureKind.REFUSED, f"there is nothing to build {label} from")
        source = await read_source(context)
        _tell_of(source, on_progress)
        known = await self._pushed.find(label)
        if isinstance(known, Failure):
            known = None  # the push will say it, if it lasts
        if self._spec.reuse and known is not None and await self._pushed.is_same(known, source):
            there = f"{label} is pushed already, from the same revision"
            on_progress(Progress(ProgressKind.FINISHED, there))
            return _release(label, self._spec.everywhere.pinned(known.digest), source)
        engine = await asyncio.to_thread(find_engine)
        if isinstance(engine, Failure):
            return engine
        built = await self._reused(engine, label, source, on_progress)
        if built is None:
            built = await Build(self._spec, context, label, source).run(engine, on_progress)
        if isinstance(built, Failure):
            return built
        if known is None:
            return _release(label, ImageRef(built), source)
        if built not in (known.config, known.digest):
            return self._pushed.taken(label, known)
        self._ids[known.digest] = built
        return _release(label, self._spec.everywhere.pinned(known.digest), source)

    async def _test(self, image: ImageRef, on_progress: OnProgress) -> str | Failure:
        from console.adapters.docker.trial import try_image

        engine = await asyncio.to_thread(find_engine)
        if isinstance(engine, Failure):
            return engine
        local = await self._on_engine(engine, image, on_progress)
        if isinstance(local, Failure):
            return local
        within = self._spec.test_within
        return await try_image(engine, local, self._spec.test, within, on_progress)

    async def _on_engine(
        self, engine: Engine, image: ImageRef, on_progress: OnProgress
    ) -> str | Failure:
        """Return what the engine knows an image by; it is pulled where nothing was built."""
        from console.adapters.docker.pull import pull_image

        named = parse_reference(image).in_region(self._spec.regions[0])
        if not named.digest:
            return image
        if named.digest in self._ids:
            return self._ids[named.digest]
        login = await self._pushed.login(named.host)
        if isinstance(login, Failure):
            return login
        return await pull_image(engine, named, login, on_progress)

    async def _push(
        self, image: ImageRef, label: ReleaseLabel, on_progress: OnProgress
    ) -> ImageRef | Failure:
        digest = parse_reference(image).digest or await self._sent(image, label, on_progress)
        if isinstance(digest, Failure):
            return digest
        repository = self._spec.everywhere
        everywhere = Reference(repository.repository, label, digest)
        within = self._spec.replicated_within
        failure = await self._pushed.await_everywhere(everywhere, within, on_progress)
        if failure is not None:
            return failure
        named = f"{self._spec.home.repository}:{label}"
        on_progress(Progress(ProgressKind.FINISHED, f"{named} is {digest}"))
        return everywhere.pinned(digest)

    async def _sent(
        self, image: ImageRef, label: ReleaseLabel, on_progress: OnProgress
    ) -> str | Failure:
        """Return the digest that the registry has for what is built, pushed now or before."""
        from console.adapters.docker.push import push_image

        engine = await asyncio.to_thread(find_engine)
        if isinstance(engine, Failure):
            return engine
        home = self._spec.home
        known = await self._pushed.find(label)
        if known is not None and not isinstance(known, Failure):
            return (
                known.digest
                if image in (known.config, known.digest)
                else self._pushed.taken(label, known)
            )
        login = await self._pushed.login(home.host)
        if isinstance(login, Failure):
            return login
        name = Reference(home.repository, label)
        digest = await push_image(engine, image, name, login, on_progress)
        if isinstance(digest, Failure):
            return digest
        served = await self._pushed.find(label)
        if served is None or (not isinstance(served, Failure) and served.digest != digest):
            return Failure(
                FailureKind.FAILED,
                f"{home.repository}:{label} is {served.digest if served else 'gone'} a moment "
                f"after {digest} was pushed: somebody else pushes to this label",
                "find out who; then ship under a label of its own with --release",
            )
        return digest

    async def _resolved(self, image: Reference, label: ReleaseLabel) -> Release | Failure:
        """Return the release that an image is, unless a region's registry does not have it."""
        missing = await self._pushed.await_everywhere(image, timedelta(0), lambda _: None)
        if missing is not None:
            return _refused(missing)
        return Release(label, image.pinned(image.digest))

    async def _reused(
        self, engine: Engine, label: ReleaseLabel, source: Source, on_progress: OnProgress
    ) -> str | Failure | None:
        """Return the id of an image that the engine has of this revision, where that is wanted."""
        from console.adapters.docker.reuse import find_built

        if not (self._spec.reuse and source.is_exact):
            return None
        found = await find_built(engine, self._spec, label, source)
        if isinstance(found, str):
            there = f"{source.revision} is built already: {found}"
            on_progress(Progress(ProgressKind.FINISHED, there))
        return found

    async def _interruptible(
        self, what: str, work: Coroutine[Any, Any, T | Failure]
    ) -> T | Failure:
        self._under_way = task = asyncio.create_task(work, name=what)
        try:
            return await task
        except asyncio.CancelledError:
            me = asyncio.current_task()
            if me is not None and me.cancelling():
                task.cancel()
                raise
            return Failure(FailureKind.INTERRUPTED, f"{what} was given up: no region was changed")
        finally:
            self._under_way = None


def _tell_of(source: Source, on_progress: OnProgress) -> None:
    if not source.changed:
        return
    named = ", ".join(shown(name) for name in source.changed[:_MOST_NAMED])
    more = f" and {len(source.changed) - _MOST_NAMED} more" * (len(source.changed) > _MOST_NAMED)
    told = f"the work tree is dirty, and so is what is built from it: {named}{more}"
    on_progress(Progress(ProgressKind.RUNNING, told))


def _refused(failure: Failure) -> Failure:
    """Preflight changes nothing: whatever it finds holds the rollout back."""
    return Failure(FailureKind.REFUSED, failure.message, failure.hint, failure.evidence)


def _release(label: ReleaseLabel, image: ImageRef, source: Source) -> Release:
    # What differs from a commit is younger than it, and nobody knows by how much.
    committed_at = source.committed_at if source.is_exact else None
    return Release(label, image, source.revision or None, committed_at)
