"""What of a world is in the engine, and how is it all removed?

Containers and networks carry the world's directory as a label; images carry the address of its
registry in their names. The base image stays: it is a cache, and the next world's start needs it.
"""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import RequestException

from console.sandbox.containers.engine import WORLD_LABEL, connect, of_world
from console.sandbox.errors import WorldError
from console.sandbox.spec import CONTAINERS, WorldSpec

if TYPE_CHECKING:
    from pathlib import Path

    import docker

    from console.sandbox.layout import Layout


def end_containers(layout: Layout) -> None:
    """Remove what the last world in a directory has left in its engine, if it had containers.

    Raises:
        WorldError: the engine does not answer, so that something may be left.
    """
    registry, spec = _registry_of(layout), _last_spec(layout)
    if registry and spec is not None and spec.instances == CONTAINERS:
        remove_all(spec.engine, layout.directory, registry)
    shutil.rmtree(layout.registry, ignore_errors=True)
    layout.registry_address.unlink(missing_ok=True)


def remove_all(engine: str, directory: Path, registry: str, run: str = "") -> None:
    """Remove a world's containers, networks and images.

    Args:
        engine: the engine's URL.
        directory: the world's.
        registry: `host:port` of the world's registry.
        run: only that of one of the worlds that ran there; empty for all of them.

    Raises:
        WorldError: the engine does not answer, so that something may be left.
    """
    client, own = connect(engine), of_world(str(directory), run)
    try:
        for container in client.api.containers(all=True, filters=own):
            with contextlib.suppress(NotFound):
                client.api.remove_container(container["Id"], force=True, v=True)
        for network in client.api.networks(filters=own):
            with contextlib.suppress(NotFound):
                client.api.remove_network(network["Id"])
        _remove_images(client, f"{registry}/")
    except (DockerException, RequestException) as error:
        raise WorldError(
            f"The containers of {directory} could not be removed: {error}.",
            f"docker rm -f $(docker ps -aq --filter label={WORLD_LABEL}={directory})",
        ) from error
    finally:
        client.close()


def _remove_images(client: docker.DockerClient, prefix: str) -> None:
    for image in client.api.images():
        names = [*(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ())]
        for name in names:
            if name.startswith(prefix):
                # With the last tag its digest goes too; another image may stand on this one.
                with contextlib.suppress(APIError):
                    client.api.remove_image(name)


def _last_spec(layout: Layout) -> WorldSpec | None:
    try:
        return WorldSpec.from_json(layout.spec.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _registry_of(layout: Layout) -> str:
    try:
        return layout.registry_address.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
