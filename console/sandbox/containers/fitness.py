"""Can instances be containers on this machine, and if not, why not?

Found out by doing it, small: a network, a listener on its gateway, and a container of the base
image that calls it. A firewall, an engine in a machine of its own, or one without networks would
otherwise be found out by a first fleet that never gets ready.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
from typing import TYPE_CHECKING

from docker.errors import DockerException, NotFound
from requests.exceptions import RequestException

from console.sandbox.containers import registry
from console.sandbox.containers.base_image import ensure_base_image
from console.sandbox.containers.engine import connect, of_world
from console.sandbox.containers.networks import make_networks
from console.sandbox.errors import SandboxError, WorldError

if TYPE_CHECKING:
    from pathlib import Path

    import docker

_CALL = "import socket; socket.create_connection(('{address}', {port}), 5)"
_PATIENCE_S = 30


def prepare(engine: str, directory: Path) -> str:
    """Make sure that instances can be containers; takes 2 s, and 5 s the first time. Blocks.

    Args:
        engine: the engine's URL.
        directory: the world's, which what is made for a moment is marked with.

    Returns:
        The base image that the sample worker is built on.

    Raises:
        SandboxError: they cannot; the message says why.
    """
    if not engine.startswith("unix://"):
        raise WorldError(f"The Docker Engine at {engine} is not on this machine.")
    if registry.find_program() is None:
        raise WorldError(
            f"{registry.PROGRAM} is not on PATH.", "Debian has it: apt install docker-registry."
        )
    client = connect(engine)
    try:
        base = ensure_base_image(client)
        _try_out(client, base, directory)
    except (DockerException, RequestException) as error:
        raise WorldError(f"The Docker Engine at {engine} runs no container: {error}.") from error
    finally:
        client.close()
    return base


def _try_out(client: docker.DockerClient, base: str, directory: Path) -> None:
    run = secrets.token_hex(4)
    try:
        name, gateway = make_networks(client, directory, ["probe"], run)["probe"]
        try:
            listener = socket.create_server((gateway, 0))
        except OSError as error:
            raise WorldError(
                f"The gateway of the engine's networks, {gateway}, is no address of this machine.",
                "The engine runs in a machine of its own, as Docker Desktop's does.",
            ) from error
        with listener:
            call = _CALL.format(address=gateway, port=listener.getsockname()[1])
            _run(client, base, name, call)
    finally:
        for network in client.api.networks(filters=of_world(str(directory), run)):
            with contextlib.suppress(NotFound):
                client.api.remove_network(network["Id"])


def _run(client: docker.DockerClient, base: str, network: str, code: str) -> None:
    container = client.containers.create(
        base, ["python3", "-c", code], network=network, use_config_proxy=False
    )
    try:
        container.start()
        ended = int(container.wait(timeout=_PATIENCE_S)["StatusCode"])
        said = container.logs(tail=1).decode(errors="replace").strip()
    finally:
        container.remove(force=True)
    if ended != 0:
        raise SandboxError(
            f"A container cannot reach this machine: {said or f'exit code {ended}'}.",
            "Let the firewall accept what comes from Docker's bridges.",
        )
