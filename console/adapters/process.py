"""How is a tool run so that nothing which happens to the console can hurt it?

A Terraform that dies in the middle of an apply loses state. So a tool gets a session of its own (an
interactive Ctrl-C goes to the whole process group, and at a second SIGINT Terraform quits at once),
and it writes to files, never to a pipe: a program that writes to a pipe whose reader is gone is
killed by SIGPIPE, and the console may be killed at any moment. asyncio's subprocesses are out for
the same reason: their transport kills the child when the loop goes away.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

OnLine = Callable[[str], None]

# A short command is noticed at once; a long one costs ten looks a second.
_FIRST_LOOK_S = 0.01
_LONGEST_LOOK_S = 0.1

_under_way: set[asyncio.Task[Completed]] = set()
"""Keeps what nobody awaits any more from being collected."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to run."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] | None = None
    """The whole environment of the child; None for the console's own."""
    directory: Path | None = None
    log: Path | None = None
    """Where standard output is kept for good; standard error goes to the same name + `.stderr`."""


@dataclass(frozen=True, slots=True)
class Completed:
    """How it ended."""

    argv: tuple[str, ...]
    exit_code: int
    """Negative for the number of the signal that ended it."""
    stdout: str
    stderr: str


class Running:
    """A process under way. It goes on to its own end, whoever stops waiting for it."""

    def __init__(self, command: Command, on_line: OnLine | None) -> None:
        """Start `command`; see `start`."""
        self._command = command
        self._on_line = on_line
        self._is_interrupted = False
        self._stdout = _open(command.log)
        self._stderr = _open(_stderr_log(command.log))
        try:
            self._process = subprocess.Popen(
                command.argv,
                stdin=subprocess.DEVNULL,
                stdout=self._stdout,
                stderr=self._stderr,
                env=None if command.environment is None else dict(command.environment),
                cwd=command.directory,
                start_new_session=True,
            )
        except OSError:
            self._close()
            raise
        self._task = asyncio.create_task(self._follow(), name=f"process {self.pid}")
        _under_way.add(self._task)
        self._task.add_done_callback(_under_way.discard)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def is_interrupted(self) -> bool:
        """Whether it got its one SIGINT from here."""
        return self._is_interrupted

    def interrupt(self) -> bool:
        """Send SIGINT to the process alone, once in its life.

        Returns:
            Whether it was sent now; False where it was sent before or the process has ended.
        """
        if self._is_interrupted or self._process.poll() is not None:
            return False
        self._is_interrupted = True
        self._process.send_signal(signal.SIGINT)
        return True

    def when_ended(self, do: Callable[[], None]) -> None:
        """Call `do` in the event loop once the process has ended, whoever waits for it."""
        self._task.add_done_callback(lambda _: do())

    async def completed(self) -> Completed:
        """Wait for the end. Cancelling the wait leaves the process and its reading alone."""
        try:
            return await asyncio.shield(self._task)
        except asyncio.CancelledError:
            if not self._task.done():
                log.warning("nobody waits for process %d any more; it goes on", self.pid)
            raise

    async def _follow(self) -> Completed:
        lines = _Lines(self._stdout, self._on_line)
        look = _FIRST_LOOK_S
        try:
            while (exit_code := self._process.poll()) is None:
                lines.read()
                await asyncio.sleep(look)
                look = min(look * 1.5, _LONGEST_LOOK_S)
            lines.read()
            lines.finish()
            stderr = _Lines(self._stderr, None)
            stderr.read()
            return Completed(self._command.argv, exit_code, lines.text, stderr.text)
        finally:
            if self._process.returncode is None:
                log.warning("process %d is left to itself; its output goes on", self.pid)
            self._close()

    def _close(self) -> None:
        os.close(self._stdout)
        os.close(self._stderr)
        path = _stderr_log(self._command.log)
        if path is not None and path.exists() and path.stat().st_size == 0:
            path.unlink()


class _Lines:
    """Reads a file that grows, and hands on each line once it is whole."""

    def __init__(self, descriptor: int, on_line: OnLine | None) -> None:
        self._descriptor = descriptor
        self._on_line = on_line
        self._chunks: list[bytes] = []
        self._offset = 0
        self._rest = b""

    @property
    def text(self) -> str:
        return b"".join(self._chunks).decode(errors="replace")

    def read(self) -> None:
        # pread: a read would move the offset that the child writes at.
        while chunk := os.pread(self._descriptor, 1 << 20, self._offset):
            self._offset += len(chunk)
            self._chunks.append(chunk)
            *whole, self._rest = (self._rest + chunk).split(b"\n")
            for line in whole:
                self._tell(line)

    def finish(self) -> None:
        if self._rest:
            self._tell(self._rest)

    def _tell(self, line: bytes) -> None:
        if self._on_line is None:
            return
        try:
            self._on_line(line.decode(errors="replace"))
        except Exception:
            # A listener's bug must not end the reading of a running apply.
            log.exception("a listener failed; it hears nothing more of this process")
            self._on_line = None


def start(command: Command, on_line: OnLine | None = None) -> Running:
    """Start `command` in a session of its own.

    Args:
        command: what to run.
        on_line: called in the event loop with each whole line of standard output.

    Raises:
        OSError: when it cannot be started at all.
    """
    return Running(command, on_line)


async def run(command: Command, on_line: OnLine | None = None) -> Completed:
    """Start `command` and wait for its end; raises as `start` does."""
    return await start(command, on_line).completed()


def _stderr_log(path: Path | None) -> Path | None:
    return None if path is None else path.with_name(f"{path.name}.stderr")


def _open(path: Path | None) -> int:
    """Return a descriptor to write to and read from; a file without a name where none is given."""
    if path is None:
        with tempfile.TemporaryFile() as anonymous:
            return os.dup(anonymous.fileno())
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
