"""How many regions can this machine take at once?"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

GIB_PER_REGION = 0.9
"""Memory that one Terraform run takes, with the AWS provider that it starts."""

REGIONS_PER_CORE = 4
"""Most of an apply is waiting for AWS, so a core serves several regions in turn."""

_CGROUP_MEMORY = Path("/sys/fs/cgroup/memory.max")
_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class MachineSize:
    """What this process may use."""

    cores: int
    memory_gib: float

    @property
    def regions_at_once(self) -> int:
        """How many Terraform runs fit, at least 1."""
        return max(1, int(min(self.cores * REGIONS_PER_CORE, self.memory_gib / GIB_PER_REGION)))


def this_machine() -> MachineSize:
    """Return the size of this machine, or of the container where that is smaller."""
    return MachineSize(_cores(), min(_memory(), _memory_limit()) / _GIB)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> float:
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (OSError, ValueError):  # a system that does not tell
        return float("inf")


def _memory_limit() -> float:
    """Return the control group's limit; there is none outside of containers."""
    try:
        return float(_CGROUP_MEMORY.read_text("ascii"))
    except (OSError, ValueError):  # no such file, or the word "max"
        return float("inf")
