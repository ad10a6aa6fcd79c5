"""What does someone see who logs in to an instance? A shell, and that instance's processes only.

All instances share this machine. `ps` and `pgrep` are therefore the sandbox's own, first in PATH.
Files go where they are sent: an instance has no root directory of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh
from asyncssh.scp import run_scp_server

from console.sandbox import process_list
from console.sandbox.child_environment import clean_environment
from console.sandbox.pump import pump, pump_input

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from console.sandbox.layout import Layout
    from console.sandbox.machine import Machine

_TERRAFORM_SCRIPT = re.compile(r"terraform_\d+\.sh")


def install_tools(layout: Layout) -> None:
    """Write the `ps` and `pgrep` that an instance has."""
    layout.tools.mkdir(parents=True, exist_ok=True)
    script = shlex.join([sys.executable, "-I", str(Path(process_list.__file__))])
    for name in ("ps", "pgrep"):
        tool = layout.tools / name
        tool.write_text(f'#!/bin/sh\nexec {script} {name} "$@"\n', encoding="utf-8")
        tool.chmod(0o755)


def instance_options(
    layout: Layout,
    machine: Machine,
    host_key: asyncssh.SSHKey,
    authorised: asyncssh.SSHAuthorizedKeys,
    uploads: set[Path],
) -> asyncssh.SSHServerConnectionOptions:
    """An instance's SSH server: any user, the operator's key, commands, scp and sftp.

    Args:
        layout: the world's files.
        machine: the instance.
        host_key: its host key.
        authorised: the keys that open it.
        uploads: is told which files were sent over this connection.
    """

    def make_file_server(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return FileServer(channel, uploads)

    return asyncssh.SSHServerConnectionOptions(
        server_factory=asyncssh.SSHServer,
        server_host_keys=[host_key],
        authorized_client_keys=authorised,
        process_factory=_shell_of(layout, machine, make_file_server),
        sftp_factory=make_file_server,
        encoding=None,
    )


class FileServer(asyncssh.SFTPServer):
    """Takes files, and remembers which."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], uploads: set[Path]) -> None:
        super().__init__(channel)
        self._uploads = uploads

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        """Open a file, and note it if it is to be written."""
        if pflags & asyncssh.FXF_WRITE:
            self._uploads.add(Path(os.fsdecode(path)))
        return super().open(path, pflags, attrs)


def remove_scripts(uploads: set[Path]) -> None:
    """Remove the scripts that Terraform leaves behind, emptied, on every machine it provisions."""
    for path in uploads:
        if _TERRAFORM_SCRIPT.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _shell_of(
    layout: Layout,
    machine: Machine,
    make_file_server: Callable[[asyncssh.SSHServerChannel[bytes]], asyncssh.SFTPServer],
) -> Callable[[asyncssh.SSHServerProcess[bytes]], Awaitable[None]]:
    home = layout.instance(machine.identity)
    environment = clean_environment(
        layout.directory, home, machine.shell_variables, tools=layout.tools
    )

    async def run(process: asyncssh.SSHServerProcess[bytes]) -> None:
        words = _words(process.command)
        # Terraform uploads its script with `'scp' -vt /tmp`; this machine may have no scp.
        if words[:1] == ["scp"] and any("t" in word for word in words if word.startswith("-")):
            handler = run_scp_server(
                make_file_server(process.channel),
                shlex.join(words),
                process.stdin,
                process.stdout,
                process.stderr,
            )
            if handler is not None:
                await handler
        else:
            await _run_command(process, home, environment)

    return run


def _words(command: str | None) -> list[str]:
    try:
        return shlex.split(command or "")
    except ValueError:
        # Not ours to judge: the shell will say what is wrong with it.
        return []


async def _run_command(
    process: asyncssh.SSHServerProcess[bytes], home: Path, environment: dict[str, str]
) -> None:
    arguments = ["-c", process.command] if process.command else ["-i"]
    child = await asyncio.create_subprocess_exec(
        "sh",
        *arguments,
        cwd=home,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    # Pipes were asked for above.
    assert child.stdin is not None  # noqa: S101
    assert child.stdout is not None  # noqa: S101
    assert child.stderr is not None  # noqa: S101
    feeding = asyncio.create_task(pump_input(process.stdin.read, child.stdin))
    leaving = asyncio.create_task(process.wait_closed())
    telling = asyncio.create_task(_tell(process, child.stdout, child.stderr))
    try:
        # A caller that hangs up must not leave its script waiting here for ever.
        await asyncio.wait({telling, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if telling.done():
            process.exit(await child.wait())
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        for task in (feeding, leaving, telling):
            task.cancel()
        await asyncio.gather(feeding, leaving, telling, return_exceptions=True)
        await child.wait()


async def _tell(
    process: asyncssh.SSHServerProcess[bytes],
    output: asyncio.StreamReader,
    errors: asyncio.StreamReader,
) -> None:
    await asyncio.gather(pump(output.read, process.stdout), pump(errors.read, process.stderr))
