"""Instances as containers: pulled by digest, on a network per region, and nothing stays."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh
import docker
import psutil
import pytest

from console.sandbox.books import read_books
from console.sandbox.containers.engine import INSTANCE_LABEL, of_world
from console.sandbox.containers.fitness import prepare
from console.sandbox.control import load, start_detached, stop
from console.sandbox.spec import CONTAINERS, SAMPLE_WORKER, WorldSpec
from tests.docker_machine import engine as engine_that_answers
from tests.sandbox.conftest import Operator, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

SLEEPS = "trap 'exit 0' TERM; sleep 600 & wait"
"""A first process that does not mind gets no signal that it did not ask for."""

REGION = "us-east-1"
OTHER_REGION = "eu-west-1"


@pytest.fixture(scope="session")
def engine_url() -> str:
    return engine_that_answers().place.url


@pytest.fixture(scope="session")
def engine(engine_url: str) -> Iterator[docker.DockerClient]:
    client = docker.DockerClient(engine_url)
    yield client
    client.close()


@pytest.fixture(scope="session")
def container_spec(spec: WorldSpec, engine_url: str, tmp_path_factory: Any) -> WorldSpec:
    directory = tmp_path_factory.mktemp("containers")
    base = prepare(engine_url, directory)
    return replace(
        spec, directory=directory, instances=CONTAINERS, engine=engine_url, base_image=base
    )


@pytest.fixture(scope="session")
def harbour(container_spec: WorldSpec) -> Iterator[Operator]:
    """A world of containers with its queues, and no instance yet."""
    operator = Operator(start_detached(container_spec))
    yield operator
    stop(container_spec.directory)


def ship(harbour: Operator, engine: docker.DockerClient, context: Path, tag: str) -> str:
    """Build and push, and return the reference by digest."""
    repository = f"{harbour.world.registry}/tests/worker"
    image, _ = engine.images.build(
        path=str(context),
        tag=f"{repository}:{tag}",
        buildargs={"BASE": harbour.world.spec.base_image},
        rm=True,
    )
    engine.images.push(repository, tag=tag, auth_config={})
    image.reload()
    names: list[str] = image.attrs["RepoDigests"]
    return next(name for name in names if name.startswith(repository))


def context_of(directory: Path, command: str) -> Path:
    directory.mkdir(exist_ok=True)
    text = f'ARG BASE\nFROM ${{BASE}}\nENTRYPOINT ["sh", "-c", "{command}"]\n'
    (directory / "Dockerfile").write_text(text)
    return directory


def run(harbour: Operator, region: str, queues: dict[str, str], image: str) -> str:
    name, _, digest = image.partition("@")
    data = harbour.user_data(region, queues, digest).replace("sandbox/worker@", f"{name}@")
    return harbour.run_instance(region, data)


def wait_for_word(harbour: Operator, instance: str, word: str) -> None:
    eventually(lambda: word in harbour.console(instance), f"{word!r} on the console")


def containers(engine: docker.DockerClient, directory: Path) -> list[Any]:
    # One that is removed meanwhile does not count.
    return engine.containers.list(all=True, filters=of_world(str(directory)), ignore_removed=True)


def networks(engine: docker.DockerClient, directory: Path) -> list[Any]:
    return engine.networks.list(filters=of_world(str(directory)))


def lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def container_of(engine: docker.DockerClient, instance: str) -> Any:
    found = engine.containers.list(
        filters={"label": f"{INSTANCE_LABEL}={instance}"}, ignore_removed=True
    )
    return found[0] if found else None


@pytest.fixture(scope="session")
def sample(harbour: Operator, engine: docker.DockerClient) -> str:
    return ship(harbour, engine, SAMPLE_WORKER, "0.9.0")


def test_workers_in_containers_do_the_jobs_of_two_regions(
    harbour: Operator, engine: docker.DockerClient, sample: str
) -> None:
    fleet = {
        region: run(harbour, region, harbour.make_queues(region), sample)
        for region in (REGION, OTHER_REGION)
    }

    def complete() -> bool:
        books = read_books(harbour.world.directory)
        return books is not None and books.done >= 20 and REGION in books.min_healthy

    eventually(complete, "twenty jobs done")
    books = read_books(harbour.world.directory)
    assert books is not None
    assert (books.lost, books.dead) == (0, 0)
    settings = {region: container_of(engine, each).attrs for region, each in fleet.items()}
    for each in settings.values():
        assert each["Config"]["Image"] == sample
        assert each["HostConfig"]["Memory"] == 2**30
        assert each["HostConfig"]["NanoCpus"] == 10**9
    used = {region: set(each["NetworkSettings"]["Networks"]) for region, each in settings.items()}
    assert len(used[REGION]) == 1
    assert used[REGION].isdisjoint(used[OTHER_REGION])
    for region, instance in fleet.items():
        harbour.terminate(region, instance)
        wait_for_word(harbour, instance, "Power down")
        assert container_of(engine, instance) is None
        # It was given the time to finish what it had in hand.
        assert "launcher: stopped" in harbour.console(instance)
        assert "worker ended: exit code 0" in harbour.console(instance)


def test_an_image_that_is_not_there_is_told_on_the_console_as_docker_tells_it(
    harbour: Operator,
) -> None:
    queues = harbour.make_queues(REGION, prefix="absent-")
    missing = f"{harbour.world.registry}/tests/absent@sha256:{'0' * 64}"
    instance = run(harbour, REGION, queues, missing)
    wait_for_word(harbour, instance, "nothing was started")
    console = harbour.console(instance)
    assert "Error response from daemon: manifest for" in console
    assert f"could not pull {missing}" in console
    harbour.terminate(REGION, instance)


def test_a_container_that_ends_is_told_with_its_output_and_its_exit_code(
    harbour: Operator, engine: docker.DockerClient, tmp_path: Path
) -> None:
    command = "echo out of the launcher; exit 3"
    image = ship(harbour, engine, context_of(tmp_path / "ends", command), "ends")
    instance = run(harbour, REGION, harbour.make_queues(REGION, prefix="ends-"), image)
    wait_for_word(harbour, instance, "exit code 3")
    output = harbour.ec2(REGION).get_console_output(InstanceId=instance)["Output"]
    assert "out of the launcher" in output
    harbour.terminate(REGION, instance)


def test_a_container_that_takes_too_much_memory_is_ended_for_it(
    harbour: Operator, engine: docker.DockerClient, tmp_path: Path
) -> None:
    command = "exec python3 -c 'bytearray(1500 * 2**20)'"
    image = ship(harbour, engine, context_of(tmp_path / "eats", command), "eats")
    instance = run(harbour, REGION, harbour.make_queues(REGION, prefix="eats-"), image)
    wait_for_word(harbour, instance, "worker ended")
    assert "killed by SIGKILL, out of memory" in harbour.console(instance)
    harbour.terminate(REGION, instance)


def test_a_launcher_that_does_not_stop_is_killed(
    harbour: Operator, engine: docker.DockerClient, tmp_path: Path
) -> None:
    command = "trap '' TERM; echo stubborn; while :; do sleep 1; done"
    image = ship(harbour, engine, context_of(tmp_path / "stays", command), "stays")
    instance = run(harbour, REGION, harbour.make_queues(REGION, prefix="stays-"), image)
    wait_for_word(harbour, instance, "stubborn")
    harbour.terminate(REGION, instance)
    wait_for_word(harbour, instance, "Power down")
    assert "did not stop in time" in harbour.console(instance)
    assert container_of(engine, instance) is None


async def test_who_logs_in_sees_inside_the_container_and_nothing_else(
    harbour: Operator, engine: docker.DockerClient, sample: str
) -> None:
    queues = harbour.make_queues(REGION, prefix="seen-")
    instance = run(harbour, REGION, queues, sample)
    wait_for_word(harbour, instance, "consumers take jobs")
    answer = harbour.ec2(REGION).describe_instances(InstanceIds=[instance])
    address = answer["Reservations"][0]["Instances"][0]["PrivateIpAddress"]
    listed = await login(harbour, address, "ps -ef; pgrep -fc launcher")
    assert listed.splitlines()[-1] == "1"
    assert [line for line in listed.splitlines() if "launcher.py" in line]
    assert len(listed.splitlines()) == 3
    harbour.terminate(REGION, instance)


async def login(harbour: Operator, address: str, command: str) -> str:
    """Run a command on an instance, through the bastion."""
    key = str(harbour.layout.operator_key)
    async with (
        asyncssh.connect(
            "127.0.0.1",
            harbour.world.ssh_port,
            username=REGION,
            config=[],
            client_keys=[key],
            known_hosts=None,
        ) as bastion,
        bastion.connect_ssh(
            address, username="ec2-user", config=[], client_keys=[key], known_hosts=None
        ) as instance,
    ):
        return str((await instance.run(command)).stdout)


@pytest.mark.parametrize("how", ["down", "kill"])
def test_nothing_of_a_world_stays_in_the_engine(
    container_spec: WorldSpec, engine: docker.DockerClient, tmp_path: Path, how: str
) -> None:
    spec = replace(container_spec, directory=tmp_path / "world", regions={REGION: 1})
    operator = Operator(start_detached(spec))
    directory = operator.world.directory
    image = ship(operator, engine, context_of(tmp_path / "sleeps", SLEEPS), how)
    instance = run(operator, REGION, operator.make_queues(REGION), image)
    eventually(lambda: container_of(engine, instance), "the container")
    assert networks(engine, directory)
    if how == "kill":
        psutil.Process(operator.world.pid).send_signal(signal.SIGKILL)
        eventually(lambda: not containers(engine, directory), "the containers' end")
        eventually(lambda: not networks(engine, directory), "the networks' end")
        assert load(directory) is None
    stop(directory)
    assert not containers(engine, directory)
    assert not networks(engine, directory)
    prefix = f"{operator.world.registry}/"
    # Not one by one: other tests remove images from the same engine.
    names = [name for each in engine.api.images() for name in each["RepoTags"] or ()]
    assert not [name for name in names if name.startswith(prefix)]


def test_containers_that_a_killed_world_could_not_remove_go_with_the_next_one(
    container_spec: WorldSpec, engine: docker.DockerClient, tmp_path: Path
) -> None:
    spec = replace(container_spec, directory=tmp_path / "world", regions={REGION: 1})
    operator = Operator(start_detached(spec))
    directory = operator.world.directory
    image = ship(operator, engine, context_of(tmp_path / "sleeps", SLEEPS), "next")
    instance = run(operator, REGION, operator.make_queues(REGION), image)
    left = eventually(lambda: container_of(engine, instance), "the container")
    # The machine itself went down, so to speak: nobody had the time to remove anything.
    supervisor = psutil.Process(operator.world.pid)
    family = [*supervisor.children(recursive=True), supervisor]
    for process in family:
        process.suspend()
    for process in family:
        os.kill(process.pid, signal.SIGKILL)
    eventually(lambda: not any(map(lives, family)), "the end of all its processes")
    assert containers(engine, directory)
    again = Operator(start_detached(spec))
    try:
        with pytest.raises(docker.errors.NotFound):
            engine.containers.get(left.id)
        assert len(networks(engine, directory)) == 1
    finally:
        stop(again.world.directory)
    assert not networks(engine, directory)
