"""When is it time to draw?

Soon after something new came, so that a number is on the screen within a tenth of a second; but not
for every single one of many: what comes in one burst is drawn at once, and bursts are kept apart.
"""

from __future__ import annotations

# Between two looks at whether something has come. A burst has this long to become complete.
PULSE_S = 0.02
# What just missed a drawing waits this long for the next one. Regions whose looks are spread evenly
# are drawn at this rate, and keys get their turn in between.
_REST_S = 0.06


class Pace:
    """Decides at each pulse."""

    def __init__(self) -> None:
        """Begin with nothing drawn."""
        self._second: int | None = None
        self._rests_until = 0.0
        self._was_new = False

    def is_time(self, moment: float, second: int, *, has_news: bool) -> bool:
        """Return whether to draw now; a yes is taken as done.

        Args:
            moment: monotonic seconds.
            second: of the clock that is shown; each one is drawn.
            has_news: whether something has come that is not drawn yet.
        """
        is_complete = has_news and self._was_new and moment >= self._rests_until
        self._was_new = has_news
        if not is_complete and second == self._second:
            return False
        self._second = second
        if is_complete:
            self._rests_until = moment + _REST_S
            self._was_new = False
        return True
