"""Which Docker engine is there, and does it answer?

Looked for where the docker command looks: `DOCKER_HOST`, its context, the usual socket; then the
socket of a rootless engine and Podman's. Who names one wants that one: no other is taken instead.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.domain.failure import Failure, FailureKind

if TYPE_CHECKING:
    from docker import APIClient
    from docker.tls import TLSConfig

_OLDEST = "1.41"  # of Docker Engine 20.10

_PATIENCE_S = 10
_REMEDY = (
    "start Docker (systemctl start docker), or name an engine with DOCKER_HOST; an image that is "
    "pushed already needs none: --image repository@sha256:..."
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an engine may be."""

    url: str
    said_by: str
    """Who says so; empty for a place where one usually is."""
    tls: TLSConfig | None = None


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that answered."""

    place: Place
    version: str
    api: str
    is_podman: bool

    @property
    def has_buildkit(self) -> bool:
        """Whether it builds with BuildKit when it is asked to.

        Every Docker Engine that is new enough does, also where BuildKit is not what it builds with
        by itself, and without the docker command's plugin buildx, which is for that command alone.
        """
        return not self.is_podman

    @property
    def name(self) -> str:
        """What it is, for people."""
        return (
            f"{'Podman' if self.is_podman else 'Docker Engine'} {self.version} ({self.place.url})"
        )

    def client(self) -> APIClient:
        """Return a client whose streams may be silent for as long as a build step is."""
        return _client(self.place, self.api, timeout=None)


def find_engine(environment: Mapping[str, str] = os.environ) -> Engine | Failure:
    """Return the engine to build with, or why there is none. Blocks."""
    failure: Failure | None = None
    for place in _places(environment):
        found = _greet(place)
        if isinstance(found, Engine):
            return found
        if place.said_by or failure is None:
            failure = found
        if place.said_by:
            break
    return failure or Failure(
        FailureKind.REFUSED, "there is no Docker engine on this machine", _REMEDY
    )


def _places(environment: Mapping[str, str]) -> Iterator[Place]:
    if host := environment.get("DOCKER_HOST"):
        yield Place(host, f"DOCKER_HOST is {host}", _tls(environment))
        return
    if (chosen := _context(environment)) is not None:
        yield chosen
        return
    usual = [Path("/var/run/docker.sock")]
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        usual += [Path(runtime, "docker.sock"), Path(runtime, "podman", "podman.sock")]
    usual.append(Path("/run/podman/podman.sock"))
    for path in usual:
        if path.exists():
            yield Place(f"unix://{path}", "")


def _tls(environment: Mapping[str, str]) -> TLSConfig | None:
    from docker.utils import kwargs_from_env

    told: TLSConfig | None = kwargs_from_env(environment=dict(environment)).get("tls")
    return told


def _context(environment: Mapping[str, str]) -> Place | None:
    """Return the place that the docker command's context names; None for the default one."""
    from docker.context import ContextAPI
    from docker.context.config import get_current_context_name

    name = environment.get("DOCKER_CONTEXT") or get_current_context_name()
    if name == "default":
        return None
    context: Any = ContextAPI.get_context(name)
    if context is None:
        return Place("", f"the Docker context {name} is chosen, and there is none of that name")
    return Place(context.Host, f"the Docker context is {name}", context.TLSConfig)


def _greet(place: Place) -> Engine | Failure:
    import requests
    from docker.errors import DockerException

    if not place.url:
        return Failure(FailureKind.REFUSED, place.said_by, "docker context ls tells their names")
    try:
        _knock(place)
        # Any version will do to ask for the version; one that is told makes no call by itself.
        client = _client(place, _OLDEST, timeout=_PATIENCE_S)
        try:
            told = client.version(api_version=False)
        finally:
            client.close()
    except (DockerException, requests.RequestException, ValueError, OSError) as error:
        return _silent(place, str(error))
    api = str(told.get("ApiVersion", ""))
    components = {str(one.get("Name", "")) for one in told.get("Components") or ()}
    found = Engine(
        place,
        str(told.get("Version", "?")),
        api,
        is_podman=any("podman" in name.lower() for name in components),
    )
    return found if _as_numbers(api) >= _as_numbers(_OLDEST) else _too_old(found)


def _knock(place: Place) -> None:
    """Connect to a socket, and leave: the SDK does not close one that it could not connect.

    Raises:
        OSError: nobody listens there, or we may not connect.
    """
    if place.url.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.settimeout(_PATIENCE_S)
            knocking.connect(place.url.removeprefix("unix://"))


def _client(place: Place, version: str, *, timeout: int | None) -> APIClient:
    import docker

    client = docker.APIClient(
        base_url=place.url,
        version=version,
        timeout=_PATIENCE_S,
        tls=place.tls or False,
        use_ssh_client=place.url.startswith("ssh:"),
    )
    client.timeout = timeout  # type: ignore[assignment]  # None is requests' word for no limit
    return client


def _silent(place: Place, evidence: str) -> Failure:
    if re.search(r"Permission ?denied", evidence):
        message = f"the Docker engine at {place.url} does not let us in"
        remedy = "join the group docker, or use a rootless engine through DOCKER_HOST"
        return Failure(FailureKind.REFUSED, message, remedy, evidence)
    where = f" ({place.said_by})" if place.said_by else f" at {place.url}"
    return Failure(FailureKind.REFUSED, f"no Docker engine answers{where}", _REMEDY, evidence)


def _too_old(engine: Engine) -> Failure:
    return Failure(
        FailureKind.REFUSED,
        f"{engine.name} is too old: Docker Engine 20.10, which speaks API 1.41, is the oldest "
        "that images are built with",
        "use a newer engine, or ship an image that is pushed already with --image",
    )


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"[0-9]+", version)[:2])
