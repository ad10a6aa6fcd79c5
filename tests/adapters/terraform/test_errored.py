"""An apply that cannot write its state: nothing of it is lost, and nothing goes on without it."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from console.adapters.aws.session import AwsSession
from console.adapters.terraform.client import TerraformClient
from console.adapters.terraform.errored import ErroredStates
from console.adapters.terraform.runner import Runner
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import ErroredState, InstanceId, SlotIndex
from console.domain.plan import Plan

from .conftest import EU, ROOT, UNIT, World, find_queues, target

ZERO = SlotIndex(0)


class StateServer(ThreadingHTTPServer):
    """Keeps a state for Terraform's http backend; may take no more of it, and may be locked."""

    takes = True
    state = b""
    lock = b""
    unlocked = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/state"


class Handler(BaseHTTPRequestHandler):
    server: StateServer

    def do_GET(self) -> None:
        self.answer(200 if self.server.state else 404, self.server.state)

    def do_POST(self) -> None:
        body = self.body()
        if self.server.takes:
            self.server.state = body
        self.answer(200 if self.server.takes else 403)

    def do_LOCK(self) -> None:
        self.answer(423 if self.server.lock else 200, self.server.lock)

    def do_UNLOCK(self) -> None:
        self.server.unlocked, self.server.lock = self.body(), b""
        self.answer(200)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[StateServer]:
    with StateServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def remote(world: World, server: StateServer) -> World:
    """A world whose state lies on the server."""
    (world.root / "main.tf").write_text(ROOT.replace('"local"', '"http"'))
    return world


def client_of(world: World, server: StateServer) -> TerraformClient:
    backend = {"address": server.url, "lock_address": server.url, "unlock_address": server.url}
    spec = dataclasses.replace(world.spec({}), backend=backend | {"retry_max": 0})
    return TerraformClient(spec, Runner(world.work_dir / "logs"), AwsSession(), find_queues)


async def lose_a_state(world: World, server: StateServer, client: TerraformClient) -> ErroredState:
    """Apply release 1, then 2 with a backend that takes no more state."""
    assert isinstance(await world.plan(client, "1", "1"), Plan)
    assert await world.apply(client) is None
    assert isinstance(await world.plan(client, "2", "2"), Plan)
    server.takes = False
    failure = await world.apply(client)
    assert failure is not None
    server.takes = True
    left = await client.errored(UNIT)
    assert left is not None
    return left


async def test_the_state_is_kept_apart_from_the_root_and_from_other_eyes(
    remote: World, server: StateServer
) -> None:
    left = await lose_a_state(remote, server, client_of(remote, server))

    assert left.path == remote.work_dir / "errored" / "eu-west-1.tfstate"
    assert not (remote.root / "errored.tfstate").exists()
    assert (left.path.stat().st_mode & 0o777, left.path.parent.stat().st_mode & 0o777) == (
        0o600,
        0o700,
    )
    states = await client_of(remote, server).read(UNIT)
    assert not isinstance(states, Failure)
    assert left.lineage == states[EU].lineage
    assert left.serial > states[EU].serial
    assert not left.error
    assert len(left.regions[EU]) == 2
    assert {o.instance for o in left.regions[EU]}.isdisjoint(o.instance for o in states[EU].objects)


async def test_nothing_goes_on_from_the_older_state(remote: World, server: StateServer) -> None:
    client = client_of(remote, server)
    await lose_a_state(remote, server, client)
    held, some, slots = server.state, InstanceId("some"), {EU: (target("1"), target("1"))}

    for refused in (
        await remote.plan(client, "1", "1"),
        await remote.apply(client),
        await client.taint(UNIT, EU, ZERO),
        await client.untaint(UNIT, EU, ZERO),
        await client.forget(UNIT, EU, ZERO),
        await client.promote(UNIT, EU, ZERO, some, slots),
        await client.adopt(UNIT, EU, ZERO, some, slots),
    ):
        assert isinstance(refused, Failure)
        assert refused.kind is FailureKind.REFUSED
        assert refused.hint.endswith("release-console recover push-state --region eu-west-1")
    assert server.state == held


async def test_a_pushed_state_leads_on_and_is_kept(remote: World, server: StateServer) -> None:
    client = client_of(remote, server)
    left = await lose_a_state(remote, server, client)

    assert await client.push_errored(UNIT) is None

    assert await client.errored(UNIT) is None
    states = await client.read(UNIT)
    assert not isinstance(states, Failure)
    assert states[EU].objects == left.regions[EU]
    assert [path.name for path in left.path.parent.iterdir()] == ["eu-west-1.tfstate.pushed"]
    plan = await remote.plan(client, "2", "2")
    assert isinstance(plan, Plan)
    assert plan.effective == ()


async def test_a_push_that_fails_keeps_the_file(remote: World, server: StateServer) -> None:
    client = client_of(remote, server)
    left = await lose_a_state(remote, server, client)
    server.takes = False
    assert await client.push_errored(UNIT) is not None
    assert await client.errored(UNIT) == left


async def test_a_file_that_a_dead_console_left_in_the_root_is_found(
    remote: World, server: StateServer
) -> None:
    left = await lose_a_state(remote, server, client_of(remote, server))
    in_root = left.path.rename(remote.root / "errored.tfstate")

    client = client_of(remote, server)

    assert await client.errored(UNIT) == dataclasses.replace(left, path=in_root)
    assert in_root.exists()  # whoever only looks moves nothing
    assert isinstance(await remote.plan(client, "1", "1"), Failure)
    assert await client.push_errored(UNIT) is None
    assert not in_root.exists()


async def test_a_file_of_another_state_holds_nobody_back(
    remote: World, server: StateServer
) -> None:
    client = client_of(remote, server)
    left = await lose_a_state(remote, server, client)
    foreign = left.path.rename(remote.root / "errored.tfstate")
    foreign.write_text(foreign.read_text().replace(left.lineage, "another"))
    assert await client.errored(UNIT) is None
    assert isinstance(await remote.plan(client, "1", "1"), Plan)
    assert foreign.exists()


async def test_a_damaged_file_holds_back_and_says_that_it_is_damaged(
    remote: World, server: StateServer
) -> None:
    client = client_of(remote, server)
    left = await lose_a_state(remote, server, client)
    left.path.write_text(left.path.read_text()[:100])
    damaged = await client.errored(UNIT)
    assert damaged is not None
    assert "no JSON" in damaged.error
    assert isinstance(await remote.plan(client, "1", "1"), Failure)
    assert await client.push_errored(UNIT) is not None
    assert left.path.exists()


async def test_there_is_nothing_to_push_where_all_was_written(world: World) -> None:
    await world.release("1")
    failure = await world.client().push_errored(UNIT)
    assert failure is not None
    assert failure.kind is FailureKind.REFUSED


async def test_a_dead_holders_lock_is_taken_by_its_id(remote: World, server: StateServer) -> None:
    client = client_of(remote, server)
    await remote.plan(client, "1", "1")
    assert await remote.apply(client) is None
    server.lock = b'{"ID": "id-7", "Who": "bob@host", "Operation": "OperationTypeApply"}'
    held = await client.taint(UNIT, EU, ZERO)
    assert held is not None
    assert held.kind is FailureKind.LOCKED

    assert await client.unlock(UNIT, "id-7") is None

    assert server.lock == b""
    assert await client.taint(UNIT, EU, ZERO) is None


def written(lineage: str) -> str:
    return f'{{"version": 4, "serial": 3, "lineage": "{lineage}", "resources": []}}'


@pytest.fixture
def files(tmp_path: Path) -> ErroredStates:
    return ErroredStates(tmp_path, tmp_path / "kept")


@pytest.mark.parametrize(
    ("text", "goes_to"),
    [
        (written("of-east"), "east"),
        (written("of-west"), "west"),
        (written("of-nobody"), None),
        ("", "east"),
        ('{"version": 4, "lin', "east"),
    ],
)
def test_a_file_goes_to_the_state_that_it_is_of(
    text: str, goes_to: str | None, files: ErroredStates, tmp_path: Path
) -> None:
    files.know("east", "of-east")
    files.know("west", "of-west")
    (tmp_path / "errored.tfstate").write_text(text)

    files.collect("east")

    assert (tmp_path / "errored.tfstate").exists() is (goes_to is None)
    kept = {state for state in ("east", "west") if (tmp_path / f"kept/{state}.tfstate").exists()}
    assert kept == ({goes_to} if goes_to else set())


def test_a_state_that_nobody_has_read_yet_takes_what_its_apply_left(
    files: ErroredStates, tmp_path: Path
) -> None:
    (tmp_path / "errored.tfstate").write_text(written("brand-new"))
    files.collect("east")
    assert files.find("east") == tmp_path / "kept" / "east.tfstate"


def test_an_older_file_is_kept_under_a_number(files: ErroredStates, tmp_path: Path) -> None:
    for lineage in ("first", "second", "third"):
        (tmp_path / "errored.tfstate").write_text(written(lineage))
        files.collect("east")
    kept = {path.name: path.read_text() for path in (tmp_path / "kept").iterdir()}
    assert kept == {
        "east.tfstate": written("third"),
        "east.tfstate.1": written("first"),
        "east.tfstate.2": written("second"),
    }
