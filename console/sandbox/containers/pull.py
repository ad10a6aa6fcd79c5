"""Is the image of an instance's user data here, and if not, why?"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from console.sandbox.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Callable

    import docker

_TRIES = 3
_PAUSE_S = 1.0
"""The machines of the real fleet try five times with five seconds in between."""


def pull(
    client: docker.DockerClient, reference: str, own_registry: str, say: Callable[[str], None]
) -> None:
    """Pull an image by digest, as an instance's boot script does; blocking.

    Args:
        client: the engine.
        reference: `host:port/repository@sha256:...`.
        own_registry: `host:port` of the world's registry, which asks for no login.
        say: hears each try that failed.

    Raises:
        ImageError: it could not be pulled.
    """
    repository, _, digest = reference.partition("@")
    for left in reversed(range(_TRIES)):
        failure = _try(client, repository, digest, own_registry)
        if failure is None:
            return
        say(failure)
        if left:
            time.sleep(_PAUSE_S)
    raise ImageError(f"worker-boot: could not pull {reference}.")


def _try(
    client: docker.DockerClient, repository: str, digest: str, own_registry: str
) -> str | None:
    """Pull once; returns what the engine says against it."""
    is_own = repository.startswith(f"{own_registry}/")
    try:
        # An empty login for the world's registry: a credential helper that is not to be found
        # would otherwise be asked first.
        lines = client.api.pull(
            repository,
            tag=digest or None,
            stream=True,
            decode=True,
            auth_config={} if is_own else None,
        )
        for line in cast("Iterable[Mapping[str, Any]]", lines):
            if "error" in line:
                return f"Error response from daemon: {line['error']}"
    except APIError as error:
        return f"Error response from daemon: {error.explanation or error}"
    except (DockerException, RequestException) as error:
        return f"error during connect: {error}"
    return None
