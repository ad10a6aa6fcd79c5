"""Which programs did a process start, and which engines did it ask?

The record is the kernel's: `strace` follows the process with all its threads and children. No
program starts on Linux but by `execve` or `execveat`, and no engine on this machine is reached but
by `connect`; so what is not in the record was not started, and not asked. A look at the list of
processes, however often, would miss what is over in between.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_STARTED = re.compile(
    r'execve(?:at)?\((?:\w+, )?"(?P<program>[^"]*)".*(?: = 0|<unfinished \.\.\.>)$', re.MULTILINE
)
_REACHED = re.compile(r'connect\(.*sun_path=@?"(?P<path>[^"]*)"', re.MULTILINE)


@dataclass(frozen=True)
class Record:
    """What was recorded of one process."""

    path: Path

    def of(self, command: Sequence[str]) -> list[str]:
        """Return the command that runs `command` and records it."""
        strace = shutil.which("strace")
        assert strace is not None, "there is no strace on PATH: apt-get install strace"
        return [
            # With seccomp only these calls stop the process; all others run at full speed.
            *(strace, "--follow-forks", "--seccomp-bpf", "--trace=execve,execveat,connect"),
            *("--string-limit=4096", f"--output={self.path}", "--", *command),
        ]

    def started(self) -> list[str]:
        """Every program that it, or anything that it started, has become; its own is the first."""
        return [found["program"] for found in _STARTED.finditer(self._text())]

    def reached(self) -> set[str]:
        """The local sockets that it asked to be connected to, in vain or not."""
        return {found["path"] for found in _REACHED.finditer(self._text())}

    def _text(self) -> str:
        return self.path.read_text(encoding="utf-8", errors="replace")
