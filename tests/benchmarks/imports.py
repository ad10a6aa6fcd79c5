"""Which imports does a command pay for, by `python -X importtime`?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

_LINE = re.compile(r"^import time:\s+(?P<own>\d+) \|\s+\d+ \|\s+(?P<module>[\w.]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Imported:
    """A package, with all of its modules that were imported."""

    package: str
    modules: int
    took: timedelta
    """Their own time, without what they import in turn from elsewhere."""

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON."""
        milliseconds = round(self.took / timedelta(milliseconds=1), 1)
        return {"package": self.package, "modules": self.modules, "ms": milliseconds}


def most_expensive(traces: Iterable[str], count: int = 10) -> tuple[Imported, ...]:
    """Return the packages that took longest to import, the most expensive first.

    Args:
        traces: what `-X importtime` printed, with anything in between, once for each start of the
            same command. A module counts with its fastest: a slower one waited for other processes.
        count: how many at most.
    """
    fastest: dict[str, int] = {}
    for trace in traces:
        for match in _LINE.finditer(trace):
            module, own = match["module"], int(match["own"])
            fastest[module] = min(own, fastest.get(module, own))
    total: Counter[str] = Counter()
    modules: Counter[str] = Counter()
    for module, own in fastest.items():
        package = module.partition(".")[0]
        total[package] += own
        modules[package] += 1
    return tuple(
        Imported(package, modules[package], timedelta(microseconds=took))
        for package, took in total.most_common(count)
    )
