"""How does SSH reach an instance? Through a bastion whose user name is the region.

The bastion listens on loopback and answers a forward to (private address, 22) with the SSH server
of the instance that has this address. An instance that has not booted refuses the connection, as a
booting machine does, and Terraform tries again.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncssh

from console.sandbox.instance_shell import install_tools, instance_options, remove_scripts
from console.sandbox.pump import pump

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection
    from pathlib import Path

    from console.sandbox.layout import Layout
    from console.sandbox.machine import Machine
    from console.sandbox.machines import Machines

_SSH_PORT = 22


@asynccontextmanager
async def running_gateway(
    layout: Layout, machines: Machines, regions: Collection[str], port: int
) -> AsyncIterator[int]:
    """Run the bastion until the block ends; yields its port.

    Args:
        layout: where its keys are, made if they are not there.
        machines: finds the instance behind an address.
        regions: the user names that are let in.
        port: the port to listen on, 0 for any.
    """
    # One line for each connection, at INFO, is not what an operator wants to read.
    asyncssh.set_log_level(logging.WARNING)
    install_tools(layout)
    operator, host = _key(layout.operator_key), _key(layout.host_key)
    authorised = asyncssh.import_authorized_keys(operator.export_public_key().decode())

    open_connections: set[asyncssh.SSHServerConnection] = set()

    def make_bastion() -> Bastion:
        return Bastion(layout, machines, regions, host, authorised, open_connections)

    acceptor = await asyncssh.listen(
        "127.0.0.1",
        port,
        server_factory=make_bastion,
        server_host_keys=[host],
        authorized_client_keys=authorised,
        allow_scp=False,
    )
    try:
        yield acceptor.get_port()
    finally:
        acceptor.close()
        for connection in tuple(open_connections):
            connection.abort()
        await acceptor.wait_closed()


class Bastion(asyncssh.SSHServer):
    """One connection to the bastion."""

    def __init__(
        self,
        layout: Layout,
        machines: Machines,
        regions: Collection[str],
        host_key: asyncssh.SSHKey,
        authorised: asyncssh.SSHAuthorizedKeys,
        open_connections: set[asyncssh.SSHServerConnection],
    ) -> None:
        self._layout = layout
        self._machines = machines
        self._regions = regions
        self._host_key = host_key
        self._authorised = authorised
        self._open_connections = open_connections
        self._connection: asyncssh.SSHServerConnection | None = None
        self._region = ""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember the connection, so that it can be ended with the world."""
        self._connection = conn
        self._open_connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        del exc
        if self._connection is not None:
            self._open_connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        """Take the user name as the region; always ask for the key."""
        self._region = username
        return True

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> Callable[[asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]], Awaitable[None]]:
        """Forward to an instance's own SSH server, or refuse."""
        del orig_host, orig_port
        machine = self._machines.find(self._region, dest_host)
        if self._region not in self._regions:
            reason = f"the user name must be one of the regions {', '.join(self._regions)}"
        elif machine is None or dest_port != _SSH_PORT:
            reason = f"nothing listens at {dest_host}:{dest_port} in {self._region}"
        elif not machine.accepts_logins:
            reason = f"{machine.identity} is still booting"
        else:
            return self._forwarder(machine)
        raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, reason)

    def _forwarder(
        self, machine: Machine
    ) -> Callable[[asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]], Awaitable[None]]:
        async def forward(
            reader: asyncssh.SSHReader[bytes], writer: asyncssh.SSHWriter[bytes]
        ) -> None:
            outer, inner = socket.socketpair()
            uploads: set[Path] = set()
            options = instance_options(
                self._layout, machine, self._host_key, self._authorised, uploads
            )
            serving = asyncio.create_task(_serve(inner, options))
            inward, outward = await asyncio.open_connection(sock=outer)
            pumps = {
                asyncio.create_task(pump(reader.read, outward)),
                asyncio.create_task(pump(inward.read, writer)),
            }
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (*pumps, serving):
                    task.cancel()
                await asyncio.gather(*pumps, serving, return_exceptions=True)
                outward.close()
                writer.close()
                remove_scripts(uploads)

        return forward


async def _serve(inner: socket.socket, options: asyncssh.SSHServerConnectionOptions) -> None:
    """Be the instance's SSH server on one end of a pair, until the other end closes."""
    connection = None
    try:
        connection = await asyncssh.run_server(inner, options=options)
        await connection.wait_closed()
    except (OSError, asyncssh.Error):
        # The client went away in the middle of the handshake: nothing is left to be told.
        return
    finally:
        if connection is not None:
            connection.abort()
        inner.close()


def _key(path: Path) -> asyncssh.SSHKey:
    """Read a private key, or make one that only its owner can read."""
    if path.is_file():
        return asyncssh.read_private_key(str(path))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = asyncssh.generate_private_key("ssh-ed25519", comment="release-console sandbox")
    path.touch(mode=0o600)
    key.write_private_key(str(path))
    key.write_public_key(f"{path}.pub")
    return key
