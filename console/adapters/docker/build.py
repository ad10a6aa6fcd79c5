"""How is an image built?

By BuildKit where the engine has it, and by the classic builder where it has not, or where BuildKit
would need what only the docker command can give it (the SDK keeps no session with it).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.adapters.docker.context import ContextError, Packed, pack
from console.adapters.docker.engine import Engine
from console.adapters.docker.layers import in_bytes
from console.adapters.docker.narration import Narration
from console.adapters.docker.registry_errors import engine_gone, explained, row_of
from console.adapters.docker.source import Source
from console.adapters.docker.spec import ImageSpec
from console.adapters.docker.stream import EngineGoneError, EngineRefusedError, Record, follow
from console.domain.failure import Failure, FailureKind
from console.domain.release import ReleaseLabel
from console.engine.ports import OnProgress, Progress, ProgressKind

if TYPE_CHECKING:
    from docker import APIClient

REVISION = "org.opencontainers.image.revision"
RECIPE = "io.release-console.recipe"
"""A label of ours: a hash of what besides the source decides what is built."""

# What the classic builder does not know. A heredoc is one at the end of its instruction's words.
_NEEDS_BUILDKIT = re.compile(
    r"^\s*(?:RUN\s+--(?:mount|network|security)=|(?:COPY|ADD)\s.*--(?:link|chmod|parents|exclude)"
    r"|(?:RUN|COPY|ADD)\b.*<<-?[\"']?\w)",
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Build:
    """One build."""

    spec: ImageSpec
    context: Path
    label: ReleaseLabel
    source: Source

    @property
    def labels(self) -> Mapping[str, str]:
        """The image's labels: https://specs.opencontainers.org/image-spec/annotations/.

        Nothing of them changes from one build of a revision to the next.
        """
        created = self.source.committed_at
        told = {
            "org.opencontainers.image.version": self.label,
            REVISION: self.source.revision,
            "org.opencontainers.image.created": created.isoformat() if created else "",
            "org.opencontainers.image.source": self.source.url,
            RECIPE: recipe(self.spec),
        }
        return {key: value for key, value in told.items() if value}

    async def run(self, engine: Engine, on_progress: OnProgress) -> str | Failure:
        """Build and return the image's id."""
        try:
            text = (self.context / self.spec.dockerfile).read_text(encoding="utf-8")
            built = await self._with(engine, on_progress, buildkit=engine.has_buildkit)
            if engine.has_buildkit and _wants_session(built) and not needs_buildkit(text):
                told = "BuildKit wants a login that only the docker command can give it"
                on_progress(Progress(ProgressKind.RUNNING, f"{told}: once more without it"))
                built = await self._with(engine, on_progress, buildkit=False)
        except (ContextError, OSError, UnicodeError) as error:
            message = f"the build context cannot be read: {error}"
            return Failure(FailureKind.REFUSED, message, "see image.context and image.dockerfile")
        return built

    async def _with(
        self, engine: Engine, on_progress: OnProgress, *, buildkit: bool
    ) -> str | Failure:
        newest = self.source.committed_at
        packed = await asyncio.to_thread(pack, self.context, self.spec.dockerfile, newest)
        size = f"{packed.files} files, {in_bytes(packed.size)}"
        builder = "BuildKit" if buildkit else "the classic builder"
        what = f"building {self.context} ({size}) with {builder} of {engine.name}"
        on_progress(Progress(ProgressKind.STARTED, what))
        narration = Narration(on_progress)

        def begin(client: APIClient) -> Iterator[Record]:
            if buildkit:
                client.params = {"version": "2"}  # the SDK has no word for it
            return self._begin(client, packed, buildkit=buildkit)

        try:
            # A context that is still being sent when nobody waits any more is cut short.
            async with aclosing(follow(engine, begin, packed.archive.close)) as records:
                async for record in records:
                    narration.take(record)
        except EngineGoneError as error:
            return engine_gone("the build", f"{narration.tail}\n{error}".strip())
        except EngineRefusedError as error:
            return explained(str(error), what="the build", where=self.spec.home.repository)
        if narration.error:
            return explained(narration.tail, what="the build", where="the base image's registry")
        if not narration.image_id:
            return engine_gone("the build", narration.tail)
        narration.finish()
        return narration.image_id

    def _begin(self, client: APIClient, packed: Packed, *, buildkit: bool) -> Iterator[Record]:
        arguments = dict(self.spec.args)
        if buildkit and self.source.committed_at is not None:
            # https://reproducible-builds.org/specs/source-date-epoch/; BuildKit obeys it.
            seconds = int(self.source.committed_at.timestamp())
            arguments.setdefault("SOURCE_DATE_EPOCH", str(seconds))
        records: Iterator[Record] = client.build(
            fileobj=packed.archive,
            custom_context=True,
            dockerfile=self.spec.dockerfile,
            buildargs=arguments,
            target=self.spec.target,
            platform=self.spec.platform,
            labels=dict(self.labels),
            rm=True,
            forcerm=True,
            decode=True,
        )
        return records


def _wants_session(built: str | Failure) -> bool:
    row = row_of(built.evidence) if isinstance(built, Failure) else None
    return row is not None and row.name == "needs a session"


def needs_buildkit(dockerfile: str) -> bool:
    """Whether the text of a Dockerfile holds what the classic builder does not know."""
    return _NEEDS_BUILDKIT.search(dockerfile) is not None


def recipe(spec: ImageSpec) -> str:
    """Return a hash of what besides the source decides what is built."""
    what = [spec.dockerfile, sorted(spec.args.items()), spec.target, spec.platform]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]
