"""What has to be there before the first instance of a world can be a container?

A registry of the world's own, somebody who removes everything in the end, a network for each
region, and a way from there to the endpoints.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from console.sandbox.containers.engine import connect
from console.sandbox.containers.host import ContainerHost
from console.sandbox.containers.networks import make_networks
from console.sandbox.containers.reaper import running_reaper
from console.sandbox.containers.registry import address_of, running_registry
from console.sandbox.containers.relay import relayed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from console.sandbox.endpoints import Endpoint
    from console.sandbox.layout import Layout
    from console.sandbox.spec import WorldSpec


@asynccontextmanager
async def running_container_host(
    spec: WorldSpec, layout: Layout, aws: Endpoint, sqs: Endpoint, port: int
) -> AsyncIterator[ContainerHost]:
    """Provide a host until the block ends; then nothing of the world is left in the engine.

    Args:
        spec: names the engine and the regions.
        layout: the world's files.
        aws: the AWS endpoint.
        sqs: the SQS endpoint.
        port: the registry's port, 0 for any free one.

    Raises:
        WorldError: a part of it cannot be had.
    """
    run = secrets.token_hex(4)
    client = await asyncio.to_thread(connect, spec.engine)
    try:
        async with running_registry(layout, port) as endpoint:
            registry = address_of(endpoint)
            async with running_reaper(layout, spec.engine, registry, run):
                networks = await asyncio.to_thread(
                    make_networks, client, layout.directory, spec.regions, run
                )
                gateways = [gateway for _, gateway in networks.values()]
                async with relayed(gateways, [_port(aws), _port(sqs)]):
                    yield ContainerHost(
                        client=client,
                        engine=spec.engine,
                        directory=layout.directory,
                        run=run,
                        registry=registry,
                        networks=networks,
                        aws_endpoint=aws.url,
                        sqs_endpoint=sqs.url,
                    )
    finally:
        client.close()


def _port(endpoint: Endpoint) -> int:
    port = urlsplit(endpoint.url).port
    assert port is not None  # every endpoint of the world has one  # noqa: S101
    return port
