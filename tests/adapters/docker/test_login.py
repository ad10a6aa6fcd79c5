"""A registry that wants a login: pushed to, and built from, with what a credential helper gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.adapters.docker.engine import Engine
from console.adapters.docker.images import DockerImages
from console.adapters.docker.spec import ImageSpec
from console.domain.failure import Failure
from console.domain.release import ImageRef, Release, ReleaseLabel
from tests.adapters.docker.conftest import Told
from tests.docker_machine import PASSWORD, PERSON, LocalRegistry, forget

LABEL = ReleaseLabel("0.9.1")


@pytest.fixture
def closed(tmp_path: Path, shared_engine: Engine) -> Iterator[LocalRegistry]:
    directory = tmp_path / "closed"
    directory.mkdir()
    local = LocalRegistry(directory, wants_login=True)
    local.start()
    yield local
    local.stop()
    forget(local)


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The docker command's configuration, empty."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    path = tmp_path / "config.json"
    path.write_text("{}")
    return path


@pytest.fixture
def logged_in(configuration: Path, closed: LocalRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    program = configuration.with_name("docker-credential-ours")
    answer = json.dumps({"ServerURL": closed.host, "Username": PERSON, "Secret": PASSWORD})
    program.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{answer}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(configuration.parent), prepend=":")
    configuration.write_text(json.dumps({"credHelpers": {closed.host: "ours"}}))


@pytest.fixture
def private(closed: LocalRegistry, context: Path) -> ImageSpec:
    return ImageSpec(f"{closed.host}/checks/launcher", ("us-east-1",), context=context)


async def ships(spec: ImageSpec, told: Told) -> ImageRef:
    images = DockerImages(spec)
    release = await images.build(LABEL, told)
    assert isinstance(release, Release), release
    image = await images.push(release.image, LABEL, told)
    assert not isinstance(image, Failure), image
    return image


async def test_without_a_login_preflight_says_so(configuration: Path, private: ImageSpec) -> None:
    failure = await DockerImages(private).check(LABEL)

    assert isinstance(failure, Failure)
    assert "does not let us in" in failure.message
    assert "docker login" in failure.hint


@pytest.mark.usefixtures("logged_in")
async def test_with_a_helpers_login_it_is_pushed_and_the_password_is_nowhere(
    private: ImageSpec, told: Told
) -> None:
    image = await ships(private, told)

    assert await DockerImages(private).resolve(image, LABEL) == Release(LABEL, image)
    assert not [line for line in told.lines if PASSWORD in line]


@pytest.mark.usefixtures("logged_in")
async def test_a_private_base_image_is_pulled(
    private: ImageSpec, closed: LocalRegistry, context: Path, told: Told
) -> None:
    base = await ships(replace(private, repository=f"{closed.host}/checks/base"), told)
    forget(closed)
    (context / "Dockerfile").write_text(f"FROM {base}\nCOPY greeting /again\n")

    image = await ships(private, told)
    assert any("BuildKit wants a login" in line for line in told.lines)
    assert image.startswith(f"{closed.host}/checks/launcher@sha256:")
