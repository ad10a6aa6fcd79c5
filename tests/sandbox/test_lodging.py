"""What instances are to be: containers where that works, and a sentence where it does not."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from console.errors import RefusedError
from console.lodging import lodge, lodgings
from console.sandbox.config_text import config_text
from console.sandbox.containers import fitness, registry
from console.sandbox.containers.engine import connect, of_world
from console.sandbox.errors import WorldError
from console.sandbox.spec import AUTO, CONTAINERS, PROCESSES, RunningWorld, WorldSpec
from tests.docker_machine import engine


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")


def asked_for(directory: Path, instances: str) -> WorldSpec:
    return WorldSpec(directory, Path("/nowhere/terraform"), instances=instances)


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine_they_are_processes_and_the_reason_is_told(tmp_path: Path) -> None:
    said: list[str] = []
    spec = lodge(asked_for(tmp_path, AUTO), said.append)
    assert (spec.instances, spec.engine, spec.base_image) == (PROCESSES, "", "")
    assert "no Docker engine answers" in spec.instances_why
    assert said == [f"instances are processes: {spec.instances_why}"]


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine_containers_are_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="no Docker engine answers") as refused:
        lodge(asked_for(tmp_path, CONTAINERS), lambda _: None)
    assert "DOCKER_HOST" in refused.value.hint


@pytest.mark.usefixtures("no_engine")
def test_who_wants_processes_is_asked_for_no_engine(tmp_path: Path) -> None:
    said: list[str] = []
    spec = asked_for(tmp_path, PROCESSES)
    assert lodge(spec, said.append) == spec
    assert said == []


def test_with_an_engine_they_are_containers_on_a_base_of_this_machine(tmp_path: Path) -> None:
    spec = lodge(asked_for(tmp_path, AUTO), lambda _: None)
    assert spec.instances == CONTAINERS
    assert spec.engine == engine().place.url
    with contextlib.closing(connect(spec.engine)) as client:
        assert client.images.get(spec.base_image).attrs["Size"] < 200 * 2**20
        # Nothing stays of what was tried out.
        assert client.networks.list(filters=of_world(str(tmp_path))) == []


def test_without_a_registrys_program_they_cannot_be_containers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = engine().place.url
    monkeypatch.setattr(registry, "PROGRAM", "no-such-registry")
    with pytest.raises(WorldError, match="no-such-registry is not on PATH"):
        fitness.prepare(url, tmp_path)


def test_an_engine_of_another_machine_is_none_for_containers(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="is not on this machine"):
        fitness.prepare("tcp://192.0.2.1:2375", tmp_path)


@pytest.mark.parametrize(
    ("instances", "why", "environment"),
    [
        (PROCESSES, "", "environment: sandbox\n"),
        (PROCESSES, "no engine", "environment: sandbox-processes\n"),
        (CONTAINERS, "Docker Engine 20.10", "environment: sandbox-containers\n"),
    ],
)
def test_every_screen_says_what_they_are(
    tmp_path: Path, instances: str, why: str, environment: str
) -> None:
    spec = WorldSpec(tmp_path, Path("/nowhere"), instances=instances, instances_why=why)
    world = RunningWorld(tmp_path, 1, 0.0, "http://a", "http://b", 22, spec.regions, spec)
    assert environment in config_text(world)


def test_settings_of_a_fleet_say_nothing_of_instances(tmp_path: Path) -> None:
    assert lodgings(tmp_path / "release.yaml") is None
