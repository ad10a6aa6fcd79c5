"""Which engine is taken, and what is said where there is none."""

from __future__ import annotations

import gc
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from console.adapters.docker.engine import Engine, find_engine
from console.adapters.docker.images import DockerImages
from console.adapters.docker.spec import ImageSpec
from console.domain.failure import Failure, FailureKind
from console.domain.release import ImageRef, Release, ReleaseLabel

BY_DIGEST = ImageRef(f"registry.example.com/checks@sha256:{'a' * 64}")
LABEL = ReleaseLabel("0.9.1")


class Pretended:
    """An engine that answers who it is, and nothing else."""

    def __init__(self, version: dict[str, Any]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = b"OK" if self.path.endswith("/_ping") else json.dumps(version).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        return {"DOCKER_HOST": f"tcp://127.0.0.1:{self.server.server_port}"}


@pytest.fixture
def pretend() -> Iterator[Any]:
    made: list[Pretended] = []

    def make(**version: Any) -> Pretended:
        made.append(Pretended(version))
        return made[-1]

    yield make
    for one in made:
        one.server.shutdown()
        one.server.server_close()


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty configuration of the docker command."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setattr("docker.utils.config.home_dir", lambda: str(tmp_path))
    return tmp_path


def test_the_engine_that_runs_is_found(shared_engine: Engine) -> None:
    assert tuple(map(int, shared_engine.api.split("."))) >= (1, 41)


def test_docker_host_is_taken_at_its_word(tmp_path: Path) -> None:
    nowhere = tmp_path / "none.sock"
    failure = find_engine({"DOCKER_HOST": f"unix://{nowhere}"})

    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.REFUSED
    assert f"DOCKER_HOST is unix://{nowhere}" in failure.message
    assert "--image" in failure.hint


def test_a_search_leaves_no_socket_open(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    gc.collect()
    recwarn.clear()  # what others have left
    dead = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(dead))
    for path in (dead, tmp_path / "none.sock"):
        assert isinstance(find_engine({"DOCKER_HOST": f"unix://{path}"}), Failure)
    assert isinstance(find_engine(), Engine)
    gc.collect()

    # Only what an engine is asked by: other sockets are others'.
    assert not [
        one
        for one in recwarn
        if issubclass(one.category, ResourceWarning) and "AF_UNIX" in str(one.message)
    ]


def test_an_engine_before_20_10_is_refused(pretend: Any) -> None:
    old = pretend(Version="19.03.15", ApiVersion="1.40")
    failure = find_engine(old.environment)

    assert isinstance(failure, Failure)
    assert "Docker Engine 19.03.15" in failure.message
    assert "20.10" in failure.message


def test_podman_is_taken_and_builds_with_its_own_builder(pretend: Any) -> None:
    podman = pretend(
        Version="4.9.3", ApiVersion="1.41", Components=[{"Name": "Podman Engine", "Version": "4"}]
    )
    found = find_engine(podman.environment)

    assert isinstance(found, Engine)
    assert found.name.startswith("Podman 4.9.3")
    assert not found.has_buildkit


@pytest.mark.parametrize("place", ["docker.sock", "podman/podman.sock"])
def test_a_rootless_socket_is_looked_for(
    place: str, tmp_path: Path, configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not answer, and is named: so it was asked."""
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.touch()
    usual = Path.exists
    monkeypatch.setattr(
        Path, "exists", lambda found, **_: usual(found) and str(found) != "/var/run/docker.sock"
    )
    failure = find_engine({"XDG_RUNTIME_DIR": str(tmp_path)})

    assert isinstance(failure, Failure)
    assert f"no Docker engine answers at unix://{path}" in failure.message


def test_the_context_of_the_docker_command_is_heeded(configured: Path) -> None:
    (configured / "config.json").write_text('{"currentContext": "far-away"}')
    failure = find_engine({})

    assert isinstance(failure, Failure)
    assert "context far-away" in failure.message


async def test_without_an_engine_building_is_refused_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    images = DockerImages(ImageSpec("127.0.0.1:9/checks", ("us-east-1",), context=tmp_path))
    failure = await images.check(LABEL)

    assert isinstance(failure, Failure)
    assert "no Docker engine answers" in failure.message
    assert "--image" in failure.hint


async def test_without_an_engine_and_a_registry_an_image_by_digest_can_be_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    images = DockerImages(ImageSpec("127.0.0.1:9/checks", ("us-east-1",)))

    assert await images.resolve(BY_DIGEST, LABEL) == Release(LABEL, BY_DIGEST)


async def test_without_a_context_there_is_nothing_to_build_from() -> None:
    failure = await DockerImages(ImageSpec("127.0.0.1:9/checks", ("us-east-1",))).check(LABEL)

    assert isinstance(failure, Failure)
    assert "nothing to build" in failure.message


def test_who_builds_nothing_loads_neither_the_sdk_nor_what_it_stands_on() -> None:
    program = (
        "import sys, console.wiring, console.adapters.docker.images\n"
        "print(sorted({'docker', 'requests', 'urllib3', 'boto3'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
