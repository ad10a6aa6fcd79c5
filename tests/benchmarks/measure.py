"""What did a command cost, with everything that it started?

CPU is the kernel's own account (`wait4`): a process's time with that of all children that were
waited for, so that a Terraform's providers and provisioners count, however short they lived.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.process_tree import Peak, TreeWatch

_MIB = 1024**2
_LAST_CHARACTERS = 3000


class CommandError(Exception):
    """A command that was to be measured did not end well; the message has its last words."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command cost."""

    wall: timedelta
    cpu: timedelta
    """User and system time of the command and all below it."""
    peak: Peak
    cpu_by_program: Mapping[str, timedelta]
    """As sampled: less than `cpu` by what happened between last looks and ends."""
    others_cpu: timedelta
    """What the rest of the machine burnt meanwhile, the sandbox included: the noise."""
    stdout: str

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "wall_s": seconds(self.wall),
            "cpu_s": seconds(self.cpu),
            "peak_resident_mib": self.peak.resident // _MIB,
            "peak_own_mib": self.peak.own // _MIB,
            "processes": self.peak.processes,
            "others_cpu_s": seconds(self.others_cpu),
            "cpu_by_program_s": {
                program: seconds(used) for program, used in self.cpu_by_program.items()
            },
        }


def measure(
    command: Sequence[str], output: Path, environment: Mapping[str, str] | None = None
) -> Cost:
    """Run a command to its end and return what it cost.

    Args:
        command: what to run.
        output: its standard output goes here, and standard error to the same name + `.err`.
        environment: the whole environment; None for this process's own.

    Raises:
        CommandError: it ended with another exit code than 0.
    """
    errors = output.with_name(f"{output.name}.err")
    with output.open("wb") as out, errors.open("wb") as err:
        others, start = _busy(), time.monotonic()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment
        )
        with TreeWatch(process.pid) as watch:
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - start
        cpu = usage.ru_utime + usage.ru_stime
        others = _busy() - others - cpu
    # wait4 has taken the exit status that Popen would look for.
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        last_words = (_read(output) + _read(errors))[-_LAST_CHARACTERS:]
        raise CommandError(f"{command} ended with {process.returncode}:\n{last_words}")
    return Cost(
        wall=timedelta(seconds=wall),
        cpu=timedelta(seconds=cpu),
        peak=watch.peak,
        cpu_by_program=watch.cpu_by_program,
        others_cpu=timedelta(seconds=max(0.0, others)),
        stdout=_read(output),
    )


def seconds(span: timedelta) -> float:
    """Return a span as a figure, in seconds."""
    return round(span.total_seconds(), 3)


def _busy() -> float:
    """CPU seconds that this machine has burnt since it was started."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
