"""How does an image that was pushed before get onto the engine?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING

from console.adapters.docker.credentials import Login
from console.adapters.docker.engine import Engine
from console.adapters.docker.layers import Layers
from console.adapters.docker.reference import Reference
from console.adapters.docker.registry_errors import engine_gone, explained
from console.adapters.docker.stream import EngineGoneError, EngineRefusedError, Record, follow
from console.domain.failure import Failure
from console.engine.ports import OnProgress, Progress, ProgressKind

if TYPE_CHECKING:
    from docker import APIClient


async def pull_image(
    engine: Engine, image: Reference, login: Login | None, on_progress: OnProgress
) -> str | Failure:
    """Pull `image` by its digest, and return what the engine knows it by.

    Args:
        engine: where to.
        image: with its digest, in the registry of one region.
        login: for the registry; None where nobody has logged in.
        on_progress: hears how each layer comes along.
    """
    name = image.pinned(image.digest)
    on_progress(Progress(ProgressKind.STARTED, f"pulling {name}"))
    layers = Layers("pull", on_progress)

    def begin(client: APIClient) -> Iterator[Record]:
        records: Iterator[Record] = client.pull(
            image.repository,
            tag=image.digest,
            stream=True,
            decode=True,
            auth_config=login.for_engine if login is not None else None,
        )
        return records

    try:
        async with aclosing(follow(engine, begin)) as records:
            async for record in records:
                if record.get("error"):
                    return explained(str(record["error"]), what="the pull", where=image.repository)
                layers.take(record)
    except EngineGoneError as error:
        return engine_gone("the pull", str(error))
    except EngineRefusedError as error:
        return explained(str(error), what="the pull", where=image.repository)
    return name
