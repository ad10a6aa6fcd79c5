"""Up and down: a world starts, is joined, and leaves no process behind, whatever ends it."""

from __future__ import annotations

import signal
import socket
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil
import pytest
import yaml

from console.sandbox.books import read_books
from console.sandbox.control import environment, load, start_detached, stop
from console.sandbox.errors import WorldError
from console.sandbox.layout import Layout
from console.sandbox.leftovers import find_leftovers
from console.sandbox.spec import WorldSpec
from tests.sandbox.conftest import Operator, eventually

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def small_world(small_spec: WorldSpec) -> object:
    yield Operator(start_detached(small_spec))
    stop(small_spec.directory)


def with_a_worker(operator: Operator) -> str:
    queues = operator.make_queues("us-east-1")
    data = operator.user_data("us-east-1", queues, operator.build())
    instance = operator.run_instance("us-east-1", data)
    eventually(lambda: "consumers take jobs" in operator.console(instance), "a working instance")
    return instance


def test_down_stops_everything_in_order_and_leaves_no_process(small_world: Operator) -> None:
    directory = small_world.world.directory
    instance = with_a_worker(small_world)
    eventually(lambda: (books := read_books(directory)) and books.min_healthy, "a complete region")
    assert len(find_leftovers(directory)) == 3
    assert stop(directory)
    assert find_leftovers(directory) == []
    assert not psutil.pid_exists(small_world.world.pid)
    assert load(directory) is None
    assert "launcher: stopped" in small_world.console(instance)
    books = read_books(directory)
    assert books is not None
    assert (books.lost, books.in_flight) == (0, 0)
    assert books.min_healthy == {"us-east-1": 1}
    assert not stop(directory)


def test_a_killed_supervisor_takes_its_processes_along(small_world: Operator) -> None:
    directory = small_world.world.directory
    with_a_worker(small_world)
    supervisor = psutil.Process(small_world.world.pid)
    supervisor.kill()
    eventually(lambda: not find_leftovers(directory), "the end of all its processes")
    assert load(directory) is None
    assert not stop(directory)
    assert not Layout(directory).world.exists()


def test_a_second_up_joins_the_world_that_runs(operator: Operator) -> None:
    assert start_detached(operator.world.spec) == operator.world


def test_a_second_up_with_other_regions_is_refused(operator: Operator) -> None:
    with pytest.raises(WorldError, match="other regions runs in"):
        start_detached(replace(operator.world.spec, regions={"eu-west-1": 5}))


def test_a_taken_port_is_named_with_a_remedy(small_spec: WorldSpec) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(WorldError, match=rf"Port {port} .*choose 0"):
            start_detached(replace(small_spec, port=port))
    assert load(small_spec.directory) is None


def test_the_shell_and_the_settings_lead_to_the_world(operator: Operator) -> None:
    layout = operator.layout
    printed = subprocess.run(
        ["sh", "-c", f'. "{layout.shell}" && env'],
        env={"AWS_PROFILE": "mine", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    expected = environment(layout.directory)
    assert {f"{name}={value}" for name, value in expected.items()} <= set(printed)
    assert not any(line.startswith("AWS_PROFILE=") for line in printed)
    settings = yaml.safe_load(layout.config.read_text())
    assert settings["aws"]["environment"]["AWS_ENDPOINT_URL"] == operator.world.aws_endpoint
    assert settings["rollout"]["waves"] == [["us-east-1"], ["eu-west-1"]]
    assert settings["terraform"]["variables"]["ssh"]["bastion"]["port"] == (operator.world.ssh_port)
    assert layout.operator_key.stat().st_mode & 0o777 == 0o600


def test_no_world_is_no_world(tmp_path: Path) -> None:
    assert load(tmp_path) is None
    assert not stop(tmp_path)
    with pytest.raises(WorldError, match="sandbox up"):
        environment(tmp_path)


def test_everything_listens_on_loopback_only(operator: Operator) -> None:
    processes = [
        psutil.Process(operator.world.pid),
        *find_leftovers(operator.layout.directory),
    ]
    listening = [
        each.laddr.ip
        for process in processes
        for each in process.net_connections()
        if each.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"] * 3


def test_an_interrupt_ends_the_world_as_a_stop_does(small_world: Operator) -> None:
    supervisor = psutil.Process(small_world.world.pid)
    supervisor.send_signal(signal.SIGHUP)
    eventually(lambda: load(small_world.world.directory) is None, "the world's end")
    eventually(lambda: not find_leftovers(small_world.world.directory), "its processes' end")
