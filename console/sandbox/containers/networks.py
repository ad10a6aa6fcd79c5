"""On which network is a region's instance? Each region of a world has one of its own."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from docker.errors import APIError, DockerException

from console.sandbox.containers.engine import RUN_LABEL, WORLD_LABEL
from console.sandbox.errors import WorldError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import docker
    from docker.models.networks import Network


def make_networks(
    client: docker.DockerClient, directory: Path, regions: Iterable[str], run: str
) -> dict[str, tuple[str, str]]:
    """Make a network for each region.

    The engine chooses the subnets: it knows which ones this machine's routes leave free.

    Args:
        client: the engine.
        directory: the world's.
        regions: their names.
        run: the mark of this world among those that ran in its directory.

    Returns:
        By region, the network's name and its gateway, an address of this machine.

    Raises:
        WorldError: the engine makes none.
    """
    made = {}
    for region in regions:
        name = f"sandbox-{run}-{region}"
        try:
            labels = {WORLD_LABEL: str(directory), RUN_LABEL: run}
            network = client.networks.create(name, driver="bridge", labels=labels)
            network.reload()
        except DockerException as error:
            raise WorldError(
                f"The engine makes no network for {region}: {_told(error)}.",
                "`docker network prune` frees subnets; --instances processes needs none.",
            ) from error
        made[region] = (name, _gateway(network))
    return made


def _gateway(network: Network) -> str:
    for pool in (network.attrs.get("IPAM") or {}).get("Config") or ():
        if pool.get("Gateway"):
            return str(ipaddress.ip_interface(pool["Gateway"]).ip)
        if pool.get("Subnet"):
            return str(next(ipaddress.ip_network(pool["Subnet"]).hosts()))
    raise WorldError(f"The network {network.name} has no gateway.")


def _told(error: DockerException) -> str:
    return str(error.explanation) if isinstance(error, APIError) else str(error)
