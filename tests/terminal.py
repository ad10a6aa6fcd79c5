"""What does a person see on a terminal, given what was written to it?"""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pyte

_CHUNK = 65536
_END_WITHIN_S = 30


class _Screen(pyte.Screen):
    """A screen that counts how often its bell rang."""

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__(columns, lines)
        self.rung = 0

    def bell(self, *_: object) -> None:
        """Count."""
        self.rung += 1


class Terminal:
    """A terminal's cells. One thread may write to it while another one reads."""

    def __init__(self, columns: int, lines: int) -> None:
        self._screen = _Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()

    def feed(self, output: bytes) -> None:
        """Take what a program has written."""
        with self._lock:
            self._stream.feed(output)

    @property
    def title(self) -> str:
        """The window's title."""
        return self._screen.title

    @property
    def rung(self) -> int:
        """How often the bell rang."""
        return self._screen.rung

    def text(self) -> str:
        """Return what is on the screen now, line by line."""
        with self._lock:
            return "\n".join(line.rstrip() for line in self._screen.display)


@dataclass(frozen=True)
class OnTerminal:
    """A program that runs on a terminal of its own."""

    terminal: Terminal
    process: subprocess.Popen[bytes]
    _ours: int

    def text(self) -> str:
        """What is on the screen now."""
        return self.terminal.text()

    def press(self, keys: str) -> None:
        """Type `keys`."""
        os.write(self._ours, keys.encode())


@contextmanager
def on_terminal(
    command: Sequence[str], environment: Mapping[str, str], *, columns: int = 140, lines: int = 45
) -> Iterator[OnTerminal]:
    """Run `command` on a pseudo-terminal; it is hung up and has ended after the block."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=_for_this_terminal(environment),
        start_new_session=True,
    )
    os.close(theirs)
    terminal = Terminal(columns, lines)
    reader = threading.Thread(target=_read, args=(ours, terminal), daemon=True)
    reader.start()
    try:
        yield OnTerminal(terminal, process, ours)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGHUP)
        try:
            process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        reader.join(_END_WITHIN_S)
        os.close(ours)


def _for_this_terminal(environment: Mapping[str, str]) -> dict[str, str]:
    """Return it without the size of whatever terminal the tests have: pytest-xdist sets one."""
    kept = {name: value for name, value in environment.items() if name not in {"COLUMNS", "LINES"}}
    return {**kept, "TERM": "xterm-256color"}


def _read(ours: int, terminal: Terminal) -> None:
    while True:
        try:
            output = os.read(ours, _CHUNK)
        except OSError:  # how Linux tells that nobody has the other end open any more
            return
        if not output:
            return
        terminal.feed(output)
