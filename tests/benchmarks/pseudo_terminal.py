"""What does a program write to its terminal, and when?

The program runs on a pseudo-terminal of its own, as it would in front of a person. Times are those
of the machine's monotonic clock, which all its processes share.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self

import psutil

_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-9;?<>=$ ]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\)"
)
_CHUNK = 65536
_KEPT = 4 * _CHUNK


class TerminalError(Exception):
    """The program did not write what was waited for; the message has what it wrote last."""


class PseudoTerminal:
    """One program on one terminal."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int],
        environment: Mapping[str, str],
    ) -> None:
        """Prepare, and start nothing before the block is entered.

        Args:
            command: what to run.
            size: columns and lines.
            environment: the whole environment; `TERM` is set here.
        """
        self._command, self._size = list(command), size
        self._environment = {**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.written = ""
        """What it has written of late, escape sequences included."""
        self.started_at = 0.0
        """When the process was started."""

    def __enter__(self) -> Self:
        """Start the program."""
        self._ours, theirs = pty.openpty()
        columns, rows = self._size
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.started_at = time.monotonic()
        # Textual draws on standard error.
        self._process = subprocess.Popen(
            self._command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=self._environment,
            start_new_session=True,
        )
        os.close(theirs)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the program, if it has not ended by itself."""
        self._process.kill()
        self._process.wait()
        os.close(self._ours)

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._process.pid

    def cpu(self) -> timedelta:
        """Return the CPU time that the program itself has used so far, without its children."""
        times = psutil.Process(self.pid).cpu_times()
        return timedelta(seconds=times.user + times.system)

    def press(self, keys: str) -> float:
        """Type `keys`, and return when that was."""
        at = time.monotonic()
        os.write(self._ours, keys.encode())
        return at

    def until(self, holds: Callable[[str], bool], within_s: float) -> float:
        """Read until `holds` of all text that was written so far, and return when it did.

        Args:
            holds: is given the text without its escape sequences.
            within_s: how long to wait.

        Raises:
            TerminalError: it did not within that time, or the program has ended.
        """
        deadline = time.monotonic() + within_s
        while not holds(_SEQUENCE.sub("", self.written)):
            if time.monotonic() > deadline or not self._read(deadline):
                raise TerminalError(self._last_words())
        return time.monotonic()

    def watch(self, seconds: float) -> None:
        """Read for so long, as a terminal does.

        Raises:
            TerminalError: the program has ended.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self._read(deadline):
                raise TerminalError(self._last_words())

    def _read(self, deadline: float) -> bool:
        """Read what there is; False once the program has hung up."""
        ready, _, _ = select.select([self._ours], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return True
        try:
            text = os.read(self._ours, _CHUNK).decode(errors="replace")
        except OSError:  # the other end is closed
            return False
        self.written = (self.written + text)[-_KEPT:]
        return True

    def _last_words(self) -> str:
        return f"{self._command}: {_SEQUENCE.sub('', self.written)[-2000:]}"
