"""What time is it on a picture?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoppedClock:
    """A clock that stands still."""

    moment: datetime

    def now(self) -> datetime:
        """Return the one time that it knows."""
        return self.moment
