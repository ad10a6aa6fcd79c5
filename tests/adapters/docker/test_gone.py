"""Engine or registry go away in the middle: said, nothing changed, and the next try goes through.

Both are the test's own; the layers are incompressible and sent slowly enough to be caught.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.adapters.docker.images import DockerImages
from console.domain.failure import Failure, FailureKind
from console.domain.release import ImageRef, Release, ReleaseLabel, digest_of
from console.engine.ports import Progress
from tests.adapters.docker.conftest import Told
from tests.docker_machine import LocalRegistry, OwnEngine

Make = Callable[..., DockerImages]

LABEL = ReleaseLabel("0.9.1")
_LAYER_BYTES = 96 << 20


@pytest.fixture
def own_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnEngine]:
    directory = tmp_path / "engine"
    directory.mkdir()
    own = OwnEngine(directory)
    own.start()
    monkeypatch.setenv("DOCKER_HOST", own.environment["DOCKER_HOST"])
    yield own
    own.remove()


async def ships(images: DockerImages, told: Told) -> ImageRef:
    release = await images.build(LABEL, told)
    assert isinstance(release, Release), release
    image = await images.push(release.image, LABEL, told)
    assert not isinstance(image, Failure), image
    return image


async def test_an_engine_that_stops_in_mid_build(
    own_engine: OwnEngine, images: Make, context: Path, told: Told, registry: LocalRegistry
) -> None:
    (context / "Dockerfile").write_text(
        "FROM scratch\nCOPY busybox /bin/busybox\n"
        'RUN ["/bin/busybox", "sh", "-c", "echo at work; exec /bin/busybox sleep 600"]\n'
    )

    def kill(progress: Progress) -> None:
        if progress.message == "at work":
            own_engine.stop(signal.SIGKILL)

    async with asyncio.timeout(120):
        failure = await images().build(LABEL, kill)

    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.FAILED
    assert "engine went away while the build was under way" in failure.message
    assert "run the same command again" in failure.hint
    assert not images().labels()

    own_engine.start()
    (context / "Dockerfile").write_text("FROM scratch\nCOPY busybox /bin/busybox\n")
    image = await ships(images(), told)
    assert digest_of(image) == registry.digest("checks/launcher", LABEL)


async def test_a_registry_that_stops_in_mid_push(
    images: Make, context: Path, told: Told, registry: LocalRegistry
) -> None:
    (context / "noise").write_bytes(os.urandom(_LAYER_BYTES))
    (context / "Dockerfile").write_text("FROM scratch\nCOPY greeting /\nCOPY noise /\n")
    release = await images().build(LABEL, told)
    assert isinstance(release, Release)

    def kill(progress: Progress) -> None:
        if "pushing" in progress.message and "%" in progress.message:
            registry.stop(signal.SIGKILL)

    async with asyncio.timeout(300):
        failure = await images().push(release.image, LABEL, kill)

    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.FAILED
    assert f"{registry.host}/checks/launcher stopped answering" in failure.message
    assert "run it again" in failure.hint

    registry.start()
    image = await ships(images(), told)
    assert digest_of(image) == registry.digest("checks/launcher", LABEL)
