"""Which settings are known and not to be had in this version?

They are refused, never ignored: who writes them down counts on them. A version that brings one
deletes its row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from console.settings.findings import Complaint, Location

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True, slots=True)
class NotYet:
    """A setting that this version does not have."""

    key: Location
    is_asked_for: Callable[[object], bool]
    """Whether a value of the key asks for what is not there."""
    sentence: str


NOT_YET = (
    NotYet(
        ("readiness", "ssh"),
        lambda value: value is False,
        "the module's readiness check goes over SSH; modules/worker-fleet has an override file for "
        "fleets without it, and the console cannot put it in place yet",
    ),
    NotYet(
        ("store",),
        lambda value: isinstance(value, str) and _ADDRESS.match(value) is not None,
        "this version keeps its journal in a directory; write a path such as .release-console",
    ),
)


def refused(data: object) -> Iterator[Complaint]:
    """Yield a complaint for every setting in `data` that this version does not have."""
    for row in NOT_YET:
        value = data
        for part in row.key:
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None and row.is_asked_for(value):
            yield Complaint(row.key, row.sentence)
