"""How does an instance run its image as a container of the Docker Engine?

As its user data says: pull by digest from the registry that the image names, run with the
environment of worker.env, stop with `docker stop`. Limits and network are its machine's.
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from docker.errors import APIError, DockerException, NotFound
from docker.types import LogConfig
from requests.exceptions import RequestException

from console.sandbox.child_environment import aws_variables
from console.sandbox.containers import top
from console.sandbox.containers.container import LaunchedContainer
from console.sandbox.containers.engine import INSTANCE_LABEL, RUN_LABEL, WORLD_LABEL
from console.sandbox.containers.pull import pull
from console.sandbox.credentials import access_key_of
from console.sandbox.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import docker
    from docker.models.containers import Container

    from console.sandbox.host import Order

T = TypeVar("T")

MEMORY = "1g"
"""Of one instance: a limit, for what a t3.medium has would be too much for six of them here."""

CPUS = 1.0
"""Of one instance, of those that this machine has."""

_SWAP_TOO = MEMORY
_CALLS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class ContainerHost:
    """Starts images of a registry as containers."""

    client: docker.DockerClient
    engine: str
    """The engine's URL."""
    directory: Path
    """The world's."""
    run: str
    """The mark of this world among those that ran in its directory."""
    registry: str
    """`host:port` of the world's own registry."""
    networks: Mapping[str, tuple[str, str]]
    """By region, the network's name and its gateway."""
    aws_endpoint: str
    sqs_endpoint: str
    _calls: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_CALLS_AT_ONCE, "engine")
    )

    async def fetch(self, order: Order) -> None:
        """Pull the image, and tell the console what the engine says if it cannot."""

        def say(text: str) -> None:
            with order.console.open("a", encoding="utf-8") as console:
                console.write(f"{text}\n")

        await self._call(lambda: pull(self.client, order.settings.image, self.registry, say))

    async def start(self, order: Order) -> LaunchedContainer:
        """Run the image."""
        try:
            await self._call(lambda: _remove(self.client, order.instance))
            container = await self._call(lambda: self._create(order))
            await self._call(container.start)
            await self._call(container.reload)
        except APIError as error:
            raise ImageError(f"docker: Error response from daemon: {error.explanation}.") from error
        except (DockerException, RequestException) as error:
            raise ImageError(f"docker: error during connect: {error}.") from error
        return LaunchedContainer(container, order.console)

    async def clear(self, instance: str) -> None:
        """Remove the instance's container, whatever it does."""
        # An engine that is gone has nothing to remove; what is left of it the next world removes.
        with contextlib.suppress(DockerException, RequestException):
            await self._call(lambda: _remove(self.client, instance))

    def shell_variables(self, instance: str) -> dict[str, str]:
        """Return which container `ps` lists, and of which engine."""
        return {top.LISTED_CONTAINER: instance, top.ENGINE: self.engine}

    async def _call(self, ask: Callable[[], T]) -> T:
        """Ask the engine in a thread; a call that has begun is waited for, cancelled or not.

        A container that is made by a call that nobody waits for would stay.
        """
        asking = asyncio.get_running_loop().run_in_executor(self._calls, ask)
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            await asyncio.wait({asking})
            raise

    def _create(self, order: Order) -> Container:
        network, gateway = self.networks[order.region]
        aws, sqs = (_at(url, gateway) for url in (self.aws_endpoint, self.sqs_endpoint))
        key = access_key_of(order.instance)
        environment = {
            **aws_variables(aws, sqs, key, order.region),
            # A queue's URL names loopback, where in the container nobody listens.
            **{
                name: value.replace(self.sqs_endpoint, sqs)
                for name, value in order.settings.environment.items()
            },
            "INSTANCE_ID": order.instance,
        }
        api = self.client.api
        made = api.create_container(
            order.settings.image,
            name=order.instance,
            hostname=f"ip-{order.private_ip.replace('.', '-')}",
            environment=environment,
            labels={
                WORLD_LABEL: str(self.directory),
                RUN_LABEL: self.run,
                INSTANCE_LABEL: order.instance,
            },
            host_config=api.create_host_config(
                network_mode=network,
                mem_limit=MEMORY,
                memswap_limit=_SWAP_TOO,
                nano_cpus=int(CPUS * 1e9),
                log_config=LogConfig(type="json-file", config={"max-size": "10m", "max-file": "3"}),
            ),
            # The operator's proxies are for the way out; the endpoints are next door.
            use_config_proxy=False,
        )
        return self.client.containers.get(made["Id"])


def _remove(client: docker.DockerClient, name: str) -> None:
    with contextlib.suppress(NotFound):
        client.api.remove_container(name, force=True, v=True)


def _at(url: str, address: str) -> str:
    return url.replace("127.0.0.1", address)
