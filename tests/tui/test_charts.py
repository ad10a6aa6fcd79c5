"""The chart: axes near what they measure, no gap at the left edge, and what it costs to draw."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from console.domain.chart import Column, Point, ceiling, columns

NOW = datetime(2026, 1, 2, 17, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("value", "end"),
    [(0, 1), (1, 2), (4, 5), (9, 10), (12, 15), (24, 25), (180, 200), (250, 300), (999, 1000)],
)
def test_an_axis_ends_at_a_round_number_near_what_it_measures(value: int, end: int) -> None:
    assert ceiling(value) == end


def test_what_was_true_before_the_left_edge_is_true_at_it() -> None:
    points = [
        Point(NOW - 9 * MINUTE, 0, 1, 3),
        Point(NOW - 5 * MINUTE, 0, 2, 4),
        Point(NOW - MINUTE, 1, 1, None),
    ]
    old, new = Column(0, 2, 4), Column(1, 1, None)
    assert columns(points, 4, 4 * MINUTE, NOW) == (old, old, new, None)


def test_the_first_look_of_all_stands_at_the_left_edge() -> None:
    points = [Point(NOW - 4 * MINUTE, 0, 2, 4)]
    assert columns(points, 4, 4 * MINUTE, NOW)[0] == Column(0, 2, 4)
