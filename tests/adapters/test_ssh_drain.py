"""The drain command on a real SSH server, straight and through a bastion."""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncssh
import pytest

from console.adapters.ssh import Door, SshDrain, Way
from console.domain.failure import Failure
from console.domain.fleet import Instance, InstanceId, RegionName
from console.engine.ports import Progress

EU = RegionName("eu-west-1")
HOST = "127.0.0.1"


class _Bastion(asyncssh.SSHServer):
    """Lets connections through to anywhere, and notes as whom."""

    users: list[str]

    def __init__(self, users: list[str]) -> None:
        self.users = users

    def connection_requested(self, dest_host: str, dest_port: int, *_: object) -> bool:
        return True

    def begin_auth(self, username: str) -> bool:
        self.users.append(username)
        return True


@asynccontextmanager
async def machine(key: Path, users: list[str], heard: list[str]) -> AsyncIterator[int]:
    """An SSH server that is both a bastion and an instance; provides its port."""

    async def run(process: asyncssh.SSHServerProcess[str]) -> None:
        heard.append(process.command or "")
        words = shlex.split(process.command or "")
        if words[0] == "forever":
            await process.wait_closed()
            return
        process.stderr.write("nothing to stop\n" if words[0] == "fail" else "")
        process.stdout.write("stopped\n")
        process.exit(3 if words[0] == "fail" else 0)

    server = await asyncssh.listen(
        HOST,
        0,
        server_factory=lambda: _Bastion(users),
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        authorized_client_keys=str(key.with_suffix(".pub")),
        process_factory=run,
    )
    async with server:
        yield server.get_port()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """An operator's key, with its public half beside it."""
    made = asyncssh.generate_private_key("ssh-ed25519")
    path = tmp_path / "key"
    made.write_private_key(path)
    made.write_public_key(path.with_suffix(".pub"))
    return path


async def drained(
    way: Way, *command: str, within_s: float = 30
) -> tuple[Failure | None, Sequence[str]]:
    told: list[Progress] = []
    drain = SshDrain(way, command, timedelta(seconds=within_s))
    instance = Instance(InstanceId("i-old"), "running", private_address=HOST)
    failure = await drain.drain(EU, instance, told.append)
    return failure, [progress.message for progress in told]


async def test_the_command_runs_on_the_instance_through_the_bastion(key: Path) -> None:
    users: list[str] = []
    heard: list[str] = []
    async with machine(key, users, heard) as port:
        way = Way("admin", port, key, Door(HOST, port, "jump-{region}"))
        failure, told = await drained(way, "stop", "a worker")

    assert failure is None
    assert told == ["i-old: stopped"]
    assert heard == ["stop 'a worker'"]
    assert users == ["jump-eu-west-1", "admin"]


async def test_a_command_that_fails_is_told_with_what_it_said(key: Path) -> None:
    async with machine(key, [], []) as port:
        failure, told = await drained(Way("admin", port, key), "fail")

    assert failure is not None
    assert failure.message == "the drain command on i-old ended with 3"
    assert "nothing to stop" in failure.evidence
    assert "i-old: nothing to stop" in told


async def test_a_command_that_takes_too_long_is_given_up(key: Path) -> None:
    async with machine(key, [], []) as port:
        failure, _ = await drained(Way("admin", port, key), "forever", within_s=2)

    assert failure is not None
    assert failure.message == "the drain command on i-old was not done within 2 s"


async def test_an_instance_that_lets_nobody_in_is_told(key: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(other)
    async with machine(key, [], []) as port:
        denied, _ = await drained(Way("admin", port, other), "stop")
    absent, _ = await drained(Way("admin", port, key), "stop")
    unreadable, _ = await drained(Way("admin", port, tmp_path / "none"), "stop")

    for failure in (denied, absent, unreadable):
        assert failure is not None
        assert "could not be run" in failure.message


def test_the_way_is_that_of_the_readiness_check() -> None:
    ssh = {
        "user": "admin",
        "private_key_file": "/keys/operator",
        "bastion": {"host": "bastion.{region}.example.com", "user": "{region}", "port": 2222},
    }

    assert Way.of({"ssh": ssh}) == Way(
        "admin",
        22,
        Path("/keys/operator"),
        Door("bastion.{region}.example.com", 2222, "{region}"),
    )
    assert Way.of({}) == Way("ec2-user", 22, None, None)
