"""Engine or registry go away in the middle: exit 3, nothing changed; then it goes through.

Each is the test's own: the engine that the instances run on, and their registry, go on.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docker_machine import BUSYBOX, LocalRegistry, OwnEngine, forget

from .world import SAMPLE_WORKER, Line, Ran, SandboxWorld, console, wait_until

_LAYER_BYTES = 96 << 20


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxWorld]:
    """A sandbox of one container. `.ci/engine` starts an engine where none is."""
    directory = tmp_path_factory.mktemp("gone") / "world"
    options = ("--detach", "--instances", "containers", "--regions", "us-east-1=1")
    ran = console("sandbox", "up", *options, "--dir", str(directory))
    try:
        assert ran.exit_code == 0, ran.stderr
        yield SandboxWorld(directory)
    finally:
        console("sandbox", "down", "--dir", str(directory))


def settings(world: SandboxWorld, path: Path, **image: Any) -> Path:
    """Write the world's settings with another image."""
    told = yaml.safe_load(world.config.read_text("utf-8"))
    told["image"].update(image)
    path.write_text(yaml.safe_dump(told), "utf-8")
    return path


def objects(world: SandboxWorld) -> list[Line]:
    """What runs, and which release it reports."""
    found: list[Line] = world.status()["regions"]["us-east-1"]["objects"]
    return [{key: each[key] for key in ("id", "tag", "heartbeat", "tainted")} for each in found]


def rolled_out(world: SandboxWorld, label: str, config: Path, told: str, stop: Any) -> Ran:
    """Roll out, and call `stop` as soon as the console's narration holds `told`."""
    with world.rolling_out(label, "--config", str(config)) as running:
        narration = running.output.with_suffix(".err")
        wait_until(lambda: told in narration.read_text("utf-8"), 120)
        stop(signal.SIGKILL)
        return running.ended(300)


def refused(ran: Ran) -> str:
    """Return the reason of a rollout that ended before it changed anything."""
    assert (ran.exit_code, ran.last["outcome"]) == (3, "refused"), ran.stderr
    assert not ran.of_type("plan.ready")
    assert ran.last["next"]
    return str(ran.last["reason"])


def test_an_engine_that_stops_in_mid_build_and_the_second_try(
    world: SandboxWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = objects(world)
    context = tmp_path / "context"
    context.mkdir()
    shutil.copy(BUSYBOX, context / "busybox")
    (context / "Dockerfile").write_text(
        "FROM scratch\nCOPY busybox /bin/busybox\n"
        'RUN ["/bin/busybox", "sh", "-c", "echo at work; exec /bin/busybox sleep 600"]\n'
    )
    (tmp_path / "engine").mkdir()
    own = OwnEngine(tmp_path / "engine")
    own.start()
    try:
        with monkeypatch.context() as patched:
            patched.setenv("DOCKER_HOST", own.environment["DOCKER_HOST"])
            config = settings(world, tmp_path / "c.yaml", context=str(context))
            refusal = rolled_out(world, "0.9.1", config, "at work", own.stop)
            reason = refused(refusal)
    finally:
        own.remove()

    assert "the Docker engine went away while the build was under way" in reason
    assert "run the same command again" in refusal.last["next"]
    assert objects(world) == before

    again = world.roll_out("0.9.1")  # on an engine that answers
    assert (again.exit_code, again.last["outcome"]) == (0, "completed"), again.stderr
    assert [each["heartbeat"] for each in objects(world)] == ["0.9.1"]
    assert world.books()["lost"] == 0


def test_a_registry_that_stops_in_mid_push_and_the_second_try(
    world: SandboxWorld, tmp_path: Path
) -> None:
    before = objects(world)
    context = tmp_path / "context"
    shutil.copytree(SAMPLE_WORKER, context, ignore=shutil.ignore_patterns("__pycache__"))
    (context / "noise").write_bytes(os.urandom(_LAYER_BYTES))
    with (context / "Dockerfile").open("a") as dockerfile:
        dockerfile.write("COPY noise /noise\n")
    (tmp_path / "registry").mkdir()
    registry = LocalRegistry(tmp_path / "registry")
    registry.start()
    try:
        name = f"{registry.host}/checks/launcher"
        config = settings(world, tmp_path / "c.yaml", context=str(context), repository=name)
        reason = refused(rolled_out(world, "0.9.2", config, "% of 100.7 MB", registry.stop))
        assert f"{name} stopped answering while the push" in reason
        assert objects(world) == before

        registry.start()
        again = world.roll_out("0.9.2", config=config)
        assert (again.exit_code, again.last["outcome"]) == (0, "completed"), again.stderr
        assert [each["heartbeat"] for each in objects(world)] == ["0.9.2"]
        assert f"push ok: {registry.digest('checks/launcher', '0.9.2')}" in again.stderr
    finally:
        registry.stop()
        forget(registry)
    assert world.books()["lost"] == 0
