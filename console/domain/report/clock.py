"""How is a moment written in a report?

In UTC: who reads it sits somewhere else, and later.
"""

from __future__ import annotations

from datetime import UTC, datetime


def full(at: datetime) -> str:
    """Return date and time, such as `2026-07-31 16:30:00 UTC`."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def brief_time(at: datetime, start: datetime) -> str:
    """Return the time alone; with its date where that is not the one of `start`."""
    is_same_day = at.astimezone(UTC).date() == start.astimezone(UTC).date()
    return at.astimezone(UTC).strftime("%H:%M:%S" if is_same_day else "%m-%d %H:%M:%S")
