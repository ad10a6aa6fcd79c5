"""When it is drawn: soon after something came, once for a burst, and with each second."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from console.tui.pace import PULSE_S, Pace


def draws(
    has_news: Callable[[float], bool],
    seconds: float,
    *,
    second: Callable[[float], int] = lambda _: 0,
) -> list[float]:
    """Return when it was drawn, while there is news that the last drawing has not shown."""
    pace, found, moment = Pace(), [], 0.0
    pace.is_time(moment, second(moment), has_news=False)
    while moment < seconds:
        moment += PULSE_S
        if pace.is_time(moment, second(moment), has_news=has_news(moment)):
            found.append(moment)
    return found


def test_what_comes_is_drawn_within_two_pulses() -> None:
    shown: list[float] = []
    first = draws(lambda moment: moment >= 0.5 and not shown, 1.0)[0]
    assert 0.5 <= first <= 0.5 + 2 * PULSE_S


def test_a_burst_is_drawn_once() -> None:
    pace, arrivals, drawn = Pace(), [0.5, 0.505, 0.51, 0.515], []
    pace.is_time(0.0, 0, has_news=False)
    for pulse in range(1, 40):
        moment = pulse * PULSE_S
        waiting = [at for at in arrivals if at <= moment]
        if pace.is_time(moment, 0, has_news=bool(waiting)):
            drawn.append(len(waiting))
            arrivals = [at for at in arrivals if at > moment]
    assert drawn == [4]


def test_a_flood_leaves_time_for_keys_between_two_drawings() -> None:
    drawn = draws(lambda _: True, 10.0)
    pauses = [later - earlier for earlier, later in pairwise(drawn)]
    assert min(pauses) + 1e-9 >= 3 * PULSE_S
    assert max(pauses) <= 5 * PULSE_S


def test_each_second_is_drawn_without_any_news() -> None:
    assert len(draws(lambda _: False, 10.0, second=int)) == 10


def test_a_clock_that_moves_holds_nothing_up() -> None:
    pace = Pace()
    assert pace.is_time(0.99, 1, has_news=True)
    assert pace.is_time(1.01, 1, has_news=True)
