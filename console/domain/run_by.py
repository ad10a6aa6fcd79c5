"""Whose engine runs the rollout that is on the screen?"""

from __future__ import annotations

from enum import StrEnum


class RunBy(StrEnum):
    """Who runs it."""

    US = "us"
    OTHERS = "others"
    NOBODY = "nobody"
    """Its console died, or was left; it is open."""
