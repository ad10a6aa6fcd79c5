"""Durations, shares and numbers are read as operators write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.policy import Share
from console.values import (
    LONGEST,
    format_duration,
    parse_duration,
    parse_flag,
    parse_number,
    parse_parallelism,
    parse_share,
    parse_span,
    parse_whole,
)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("5m", timedelta(minutes=5)),
        ("90s", timedelta(seconds=90)),
        ("1h30m", timedelta(minutes=90)),
        ("500ms", timedelta(milliseconds=500)),
        ("1m500ms", timedelta(minutes=1, milliseconds=500)),
        ("1.5h", timedelta(minutes=90)),
        ("2d", timedelta(days=2)),
        ("0s", timedelta(0)),
        (0, timedelta(0)),
    ],
)
def test_a_duration_is_read(text: object, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        *("", "5", "m", "5 m", "30m1h", "1h1h", "5M", "-5m", "5min", "1e3s", "5m ", "\u0665m"),
        *(True, False, None, [], 5, "99999999d", "31d"),
    ],
)
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="write"):
        parse_duration(text)


def test_a_span_is_longer_than_nothing() -> None:
    with pytest.raises(ValueError, match="no time at all"):
        parse_span("0s")


@given(st.integers(0, LONGEST // timedelta(milliseconds=1)))
def test_a_duration_survives_being_written_down(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("100%", Share(percent=100)),
        ("1%", Share(percent=1)),
        (2, Share(count=2)),
        ("2", Share(count=2)),
        (Share(count=1), Share(count=1)),
    ],
)
def test_a_share_is_read(text: object, share: Share) -> None:
    assert parse_share(text) == share
    assert parse_share(str(share)) == share


@pytest.mark.parametrize(
    "text", ["0%", "101%", "50.5%", "-1%", "%", "5x", 0, -1, 0.5, True, None, [], "999%"]
)
def test_what_is_no_share_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"percentage"):
        parse_share(text)


def test_a_yes_is_no_number_and_a_number_is_no_yes() -> None:
    for parse in (parse_whole, parse_number):
        with pytest.raises(ValueError, match="number"):
            parse(True)
    for value in (1, "yes", "on", None):
        with pytest.raises(ValueError, match="neither true nor false"):
            parse_flag(value)
    assert parse_flag("true") is True


def test_parallelism_is_a_number_or_auto() -> None:
    assert parse_parallelism("auto") is None
    assert parse_parallelism("3") == 3
    for value in (0, -1, "all", True):
        with pytest.raises(ValueError, match="write auto"):
            parse_parallelism(value)
