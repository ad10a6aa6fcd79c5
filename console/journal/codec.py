"""How is an event written down, and read again?

An event is one JSON object with its `type`. Times are RFC 3339 in UTC, durations seconds. Unknown
keys are ignored on reading, so that a newer console may add some.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import cattrs
from cattrs.strategies import configure_tagged_union

from console.domain.events import Entry, Event


def encode(event: Event) -> str:
    """Return `event` as one line of JSON."""
    return json.dumps(_converter().unstructure(event, unstructure_as=Event), separators=(",", ":"))


def decode(text: str) -> Event:
    """Return the event that `text` is.

    Raises:
        ValueError: when it is none.
    """
    try:
        event: Event = _converter().structure(json.loads(text), Event)  # type: ignore[arg-type]
    except (cattrs.BaseValidationError, KeyError, TypeError) as error:
        raise ValueError(f"this is no event of this version: {text[:200]}") from error
    return event


def as_data(entry: Entry) -> dict[str, Any]:
    """Return an entry's event as plain data, for the JSON lines."""
    data: dict[str, Any] = _converter().unstructure(entry.event, unstructure_as=Event)
    return data


@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    converter.register_unstructure_hook(datetime, format_time)
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    converter.register_unstructure_hook(timedelta, timedelta.total_seconds)
    converter.register_structure_hook(timedelta, lambda number, _: timedelta(seconds=number))
    configure_tagged_union(Event, converter, tag_name="type")
    return converter


def format_time(moment: datetime) -> str:
    """Return a time as RFC 3339 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
