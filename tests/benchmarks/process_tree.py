"""What does a process with everything below it hold and burn while it runs?

Only a sampler sees these: the memory of a tree, and which program of it used the CPU. How much CPU
it was in all is the kernel's to say (see `measure`): a process that lives between two looks is in
no sample.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

import psutil

EVERY = timedelta(seconds=0.2)
"""Time between two looks: a look costs some milliseconds of CPU, which both sides of a comparison
pay."""


@dataclass(frozen=True, slots=True)
class Peak:
    """The most that a tree held at one look, in bytes."""

    resident: int = 0
    """Resident memory of all processes; a page that several of them share counts for each."""
    own: int = 0
    """The same without pages that can be shared, such as a program's text."""
    processes: int = 0


class TreeWatch:
    """Looks at a process and all below it until it is told to stop."""

    def __init__(self, root: int, every: timedelta = EVERY) -> None:
        """Watch the process `root`, once entered."""
        self._root = root
        self._every = every.total_seconds()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="tree watch", daemon=True)
        self._cpu: dict[tuple[int, float], tuple[str, float]] = {}
        self.peak = Peak()

    def __enter__(self) -> Self:
        """Start to look."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop to look."""
        self._ended.set()
        self._thread.join()

    @property
    def cpu_by_program(self) -> Mapping[str, timedelta]:
        """CPU seen of each program, up to its last look, the greatest first."""
        total: Counter[str] = Counter()
        seconds: dict[str, float] = {}
        for program, used in self._cpu.values():
            total[program] += 1
            seconds[program] = seconds.get(program, 0.0) + used
        ordered = sorted(seconds, key=lambda program: -seconds[program])
        return {
            f"{program} x{total[program]}": timedelta(seconds=seconds[program])
            for program in ordered
        }

    def _watch(self) -> None:
        while not self._ended.wait(self._every):
            self._look()

    def _look(self) -> None:
        try:
            root = psutil.Process(self._root)
            tree = [root, *root.children(recursive=True)]
        except psutil.Error:
            return
        resident = own = 0
        programs: dict[int, str] = {}
        for process in tree:
            try:
                with process.oneshot():
                    # Parents come before their children: a provider is named after its Terraform.
                    program = _program(process, programs)
                    times, memory = process.cpu_times(), process.memory_info()
            except psutil.Error:
                continue
            programs[process.pid] = program
            used = times.user + times.system
            self._cpu[process.pid, process.create_time()] = (program, used)
            resident += memory.rss
            own += memory.rss - memory.shared
        self.peak = Peak(
            max(self.peak.resident, resident),
            max(self.peak.own, own),
            max(self.peak.processes, len(programs)),
        )


def _program(process: psutil.Process, programs: Mapping[int, str]) -> str:
    name, words = process.name(), process.cmdline()
    if name.startswith("terraform-provi"):  # the kernel cuts a name after 15 characters
        return f"provider of {programs.get(process.ppid(), 'an unknown terraform')}"
    if name == "terraform":
        return f"terraform {next((word for word in words[1:] if word[:1] != '-'), '')}".rstrip()
    return "await-ready" if "await-ready" in words else name
