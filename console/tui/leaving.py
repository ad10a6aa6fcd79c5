"""How was the screen left?"""

from __future__ import annotations

from enum import StrEnum


class Leaving(StrEnum):
    """How the screen was left."""

    LOST = "lost"
    """Nobody left it: the terminal or the screen is gone."""
    RUNNING = "running"
    """The operator leaves the rollout to the policy."""
    PAUSED = "paused"
    """The operator comes back later; what runs is finished first."""
    ENDED = "ended"
    """Nothing was under way."""
