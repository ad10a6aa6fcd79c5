"""How often does an instance's console tell that its worker was started again?

The unit of the module prints a line for each start, systemd and a launcher that minds its own
worker count on. A worker that crashes on every job may well beat between two starts.
"""

from __future__ import annotations

import re

# What the worker's unit prints each time that it starts the container.
_START = "docker: starts "
_COUNTED = re.compile(
    r"\b(?:ended|exited|restart job)\b[^\n]*\brestart(?: counter is at)? (\d+)\b", re.IGNORECASE
)


def restarts_in(console: str) -> int:
    """Return how often, as far as `console` reaches back: foreign text, its last lines.

    One restart may be told by several lines, so that the highest of the counts is taken.
    """
    counted = (int(number) for number in _COUNTED.findall(console))
    return max(console.count(_START) - 1, *counted, 0)
