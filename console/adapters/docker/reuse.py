"""Has the engine built this revision already?"""

from __future__ import annotations

from console.adapters.docker.build import RECIPE, REVISION, recipe
from console.adapters.docker.engine import Engine
from console.adapters.docker.registry_errors import engine_gone
from console.adapters.docker.source import Source
from console.adapters.docker.spec import ImageSpec
from console.adapters.docker.stream import EngineGoneError, EngineRefusedError, ask
from console.domain.failure import Failure
from console.domain.release import ReleaseLabel


async def find_built(
    engine: Engine, spec: ImageSpec, label: ReleaseLabel, source: Source
) -> str | Failure | None:
    """Return the id of the newest image of this release, revision and recipe, or None."""
    wanted = {
        "org.opencontainers.image.version": label,
        REVISION: source.revision,
        RECIPE: recipe(spec),
    }
    filters = {"label": [f"{key}={value}" for key, value in wanted.items()]}
    try:
        found = await ask(engine, lambda client: client.images(filters=filters))
    except (EngineGoneError, EngineRefusedError) as error:
        return engine_gone("the look for an earlier build", str(error))
    newest = max(found, key=lambda image: int(image["Created"]), default=None)
    return str(newest["Id"]) if newest is not None else None
