"""How does an operator write a duration, a share, a number or a yes?

Each function takes what YAML, or an environment variable, had to say and returns the value. The
message of the `ValueError` completes the sentence "VALUE is ...", so that whoever reports it can
quote the value as it stands in the file, before environment variables were put in.
"""

from __future__ import annotations

import re
from datetime import timedelta

from console.domain.policy import Share

LONGEST = timedelta(days=30)
"""No wait of a rollout is longer; more than this is a slip of the pen."""

_MILLISECONDS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_DURATION = re.compile(
    "".join(rf"(?:([0-9]{{1,9}}(?:\.[0-9]{{1,3}})?){unit}(?![a-z]))?" for unit in _MILLISECONDS)
)
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_PERCENTAGE = re.compile(r"([0-9]{1,3})%")

_NO_DURATION = "no duration; write one such as 500ms, 90s, 5m or 1h30m"
_NO_UNIT = "a number without a unit; write one such as 90s or 5m"
_NO_SHARE = "no share; write a percentage such as 50% or a count such as 2"


def parse_duration(value: object) -> timedelta:
    """Return the duration that `value` is: `90s`, `5m`, `1h30m`, `500ms`, or 0.

    Raises:
        ValueError: when it is none, has no unit, or is longer than 30 days.
    """
    if isinstance(value, timedelta):
        return value
    if value == 0 and not isinstance(value, bool):
        return timedelta(0)
    # The units stand in the order of their size, so "1m" cannot be mistaken for "1ms".
    match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if match is None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        raise ValueError(_NO_UNIT if is_number else _NO_DURATION)
    milliseconds = sum(
        float(amount) * factor
        for amount, factor in zip(match.groups(), _MILLISECONDS.values(), strict=True)
        if amount is not None
    )
    if milliseconds > LONGEST / timedelta(milliseconds=1):
        raise ValueError(f"longer than {LONGEST.days} days; write a shorter one, such as 5m")
    return timedelta(milliseconds=milliseconds)


def parse_span(value: object) -> timedelta:
    """Return the duration that `value` is, when it is longer than nothing.

    Raises:
        ValueError: when it is no duration, or zero.
    """
    span = parse_duration(value)
    if span <= timedelta(0):
        raise ValueError("no time at all; write a duration such as 90s or 5m")
    return span


def format_duration(duration: timedelta) -> str:
    """Return `duration` as it is written in the settings, such as `1h30m`."""
    rest = round(duration / timedelta(milliseconds=1))
    parts = []
    for unit, factor in _MILLISECONDS.items():
        amount, rest = divmod(rest, factor)
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"


def parse_share(value: object) -> Share:
    """Return the share that `value` is: 1% to 100%, or a count of at least 1.

    Raises:
        ValueError: when it is neither.
    """
    if isinstance(value, Share):
        return value
    percentage = _PERCENTAGE.fullmatch(value) if isinstance(value, str) else None
    if percentage is not None:
        percent = int(percentage[1])
        if not 1 <= percent <= 100:
            raise ValueError("out of range; a percentage goes from 1% to 100%")
        return Share(percent=percent)
    try:
        count = parse_whole(value)
    except ValueError:
        raise ValueError(_NO_SHARE) from None
    if count < 1:
        raise ValueError("out of range; a count starts at 1, a percentage at 1%")
    return Share(count=count)


def parse_whole(value: object) -> int:
    """Return the whole number that `value` is; digits in a text count.

    Raises:
        ValueError: when it is none, or a yes or no.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    raise ValueError("no whole number; write digits, such as 2")


def parse_number(value: object) -> float:
    """Return the number that `value` is; digits in a text count.

    Raises:
        ValueError: when it is none, or a yes or no.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    raise ValueError("no number; write one such as 0.02")


def parse_flag(value: object) -> bool:
    """Return the yes or no that `value` is.

    Raises:
        ValueError: when it is neither `true` nor `false`. YAML's older `yes` and `off` are not
            taken: half of the tools around read them as text.
    """
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise ValueError("neither true nor false; write one of the two")


def parse_parallelism(value: object) -> int | None:
    """Return how many regions may change at once; None for `auto`.

    Raises:
        ValueError: when it is neither `auto` nor a whole number of at least 1.
    """
    if value is None or value == "auto":
        return None
    try:
        regions = parse_whole(value)
    except ValueError:
        regions = 0
    if regions < 1:
        raise ValueError("no number of regions; write auto, or a whole number from 1")
    return regions
