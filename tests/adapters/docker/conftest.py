"""A registry on loopback, a context with busybox in it, and what is told meanwhile."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from docker.errors import ImageNotFound

from console.adapters.docker import engine as docker_engine
from console.adapters.docker import registry as docker_registry
from console.adapters.docker.engine import Engine
from console.adapters.docker.images import DockerImages
from console.adapters.docker.spec import ImageSpec
from console.domain.failure import Failure
from console.domain.release import Release, ReleaseLabel
from console.engine.ports import OnProgress, Progress
from tests.docker_machine import BUSYBOX, LocalRegistry, engine, forget, tool

DOCKERFILE = """\
FROM scratch
COPY busybox /bin/busybox
COPY greeting /greeting
ENTRYPOINT ["/no/such/program"]
"""


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """Give engine and registry as long as a busy machine needs: no test here is about that."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(docker_engine, "_PATIENCE_S", 60)
        patched.setattr(docker_registry, "_TIMEOUTS_S", (60, 60))
        yield


@pytest.fixture(scope="session")
def shared_engine() -> Engine:
    return engine()


@pytest.fixture(autouse=True)
def no_image_stays(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[None]:
    """Remove what a test builds: without a push it has no name that one could forget it by."""
    built: list[str] = []
    build = DockerImages.build

    async def remembered(
        images: DockerImages, label: ReleaseLabel, on_progress: OnProgress
    ) -> Release | Failure:
        release = await build(images, label, on_progress)
        # One that was reused is known by its name in the registry, not by the engine's id.
        if isinstance(release, Release) and not release.is_pushed:
            built.append(release.image)
        return release

    monkeypatch.setattr(DockerImages, "build", remembered)
    yield
    if not built:
        return
    shared: Engine = request.getfixturevalue("shared_engine")
    client = shared.client()
    for image in built:
        with contextlib.suppress(ImageNotFound):
            client.remove_image(image, force=True)
    client.close()


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[LocalRegistry]:
    directory = tmp_path / "registry"
    directory.mkdir()
    local = LocalRegistry(directory)
    local.start()
    yield local
    local.stop()
    forget(local)


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A build context of two megabytes, unlike that of every other test."""
    tool("busybox")
    directory = tmp_path / "context"
    directory.mkdir()
    shutil.copy(BUSYBOX, directory / "busybox")
    (directory / "greeting").write_text(f"hello from {os.urandom(8).hex()}\n")
    (directory / "Dockerfile").write_text(DOCKERFILE)
    return directory


class Told:
    """What was told of the progress."""

    def __init__(self) -> None:
        self.all: list[Progress] = []

    def __call__(self, progress: Progress) -> None:
        self.all.append(progress)

    @property
    def lines(self) -> list[str]:
        return [progress.message for progress in self.all]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def spec(registry: LocalRegistry, context: Path) -> ImageSpec:
    return ImageSpec(f"{registry.host}/checks/launcher", ("us-east-1",), context=context)


@pytest.fixture
def images(spec: ImageSpec, shared_engine: Engine) -> Callable[..., DockerImages]:
    """Make images with some settings of their own."""

    def make(**settings: Any) -> DockerImages:
        return DockerImages(replace(spec, **settings))

    return make
