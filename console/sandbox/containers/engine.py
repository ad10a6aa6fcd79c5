"""How does the sandbox talk to the Docker Engine, and which of its things belong to which world?"""

from __future__ import annotations

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from console.sandbox.errors import WorldError

WORLD_LABEL = "release-console.sandbox.world"
"""On every container and network of a world: the world's directory."""

RUN_LABEL = "release-console.sandbox.run"
"""Beside it: which of the worlds that ran in that directory."""

INSTANCE_LABEL = "release-console.sandbox.instance"
"""On a container: the instance that it is."""

_TIMEOUT_S = 60
_CONNECTIONS = 64
"""Each instance keeps one open for its output."""


Filters = dict[str, str | list[str] | bool]
"""As the engine's client takes them."""


def connect(url: str) -> docker.DockerClient:
    """Return a client of the engine at `url`, such as unix:///var/run/docker.sock.

    Raises:
        WorldError: it does not answer.
    """
    try:
        client = docker.DockerClient(url, timeout=_TIMEOUT_S, max_pool_size=_CONNECTIONS)
        client.ping()
    except (DockerException, RequestException) as error:
        raise WorldError(
            f"The Docker Engine at {url} does not answer: {error}.",
            "Start it, or run the sandbox with --instances processes.",
        ) from error
    return client


def of_world(directory: str, run: str = "") -> Filters:
    """Return the engine's filter for what belongs to a world.

    Args:
        directory: the world's.
        run: only that of one of the worlds that ran there; empty for all of them.
    """
    labels = [f"{WORLD_LABEL}={directory}"]
    return {"label": [*labels, f"{RUN_LABEL}={run}"] if run else labels}
