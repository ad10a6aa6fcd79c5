"""Which gates ask something outside, and what do they ask?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic.config import JsonDict

from console.settings.alarms import AlarmName
from console.settings.fields import Name, Span, Text, Whole
from console.settings.locations import FilePath
from console.settings.rules import Gates, Timed

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_STATUS_SCHEMA: JsonDict = {"type": "integer", "minimum": 100, "maximum": 599}
_STATUSES_SCHEMA: JsonDict = {"anyOf": [_STATUS_SCHEMA, {"type": "array", "items": _STATUS_SCHEMA}]}
_TEN_SECONDS = timedelta(seconds=10)


def _address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+\S*", text):
        raise ValueError("no web address; write one such as https://checks.example.com/{region}")
    return text


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression ({error}); mend it") from None
    return text


def _header(text: str) -> str:
    if not _HEADER.fullmatch(text):
        raise ValueError("no name of a header; write one such as Authorization")
    return text


def _header_value(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("no value of a header; leave out line breaks and blanks at its ends")
    return text


def _statuses(value: object) -> tuple[int, ...]:
    found = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not all(isinstance(one, int) and 100 <= one <= 599 for one in found):
        raise ValueError("no status; write one such as 200, or a list such as [200, 204]")
    return found


Address = Annotated[str, AfterValidator(_address)]
Statuses = Annotated[
    tuple[int, ...],
    PlainValidator(_statuses),
    PlainSerializer(list, return_type=list[int]),
    WithJsonSchema(_STATUSES_SCHEMA),
]


class AlarmGate(AlarmName, Timed):
    """Alarms that must be quiet: OK passes, ALARM fails, INSUFFICIENT_DATA is no data."""


class CommandGate(Timed):
    """A command that says of each region whether it is good: exit 0 passes, 1 fails, 75 is no data.
    Any other exit, a time-out or a command that is not there is an error, and no data either."""

    name: Name = Field(examples=["smoke"])
    """What the gate is called on screen: `command NAME`."""
    run: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(
        examples=[["./smoke.sh", "{region}"]]
    )
    """The command and its arguments; no shell. {region}, {release}, {fleet} and {digest} stand for
    what they say, and are there as REGION, RELEASE, FLEET and DIGEST too."""
    timeout: Span = timedelta(seconds=60)
    """Time that the command has; then all that it has started is ended."""
    cwd: FilePath | None = None
    """Directory that it runs in; by default that of this file."""
    interval: Span = _TEN_SECONDS
    """Time between two runs; a command that still runs is not started again."""


class HttpGate(Timed):
    """A web address that must answer as it should. Another answer fails; none is no data."""

    name: Name = Field(examples=["api"])
    """What the gate is called on screen: `http NAME`."""
    url: Address = Field(repr=False, examples=["https://checks.example.com/{region}/health"])
    """Address to ask; {region}, {release}, {fleet} and {digest} stand for what they say. Redirects
    are not followed."""
    method: Literal["GET", "HEAD", "POST"] = "GET"
    """How it is asked; POST without a body."""
    status: Statuses = ()
    """Status that it must answer with, one or a list; by default any from 200 to 299."""
    body: Annotated[str, AfterValidator(_pattern)] = ""
    """Regular expression that must match somewhere in the first MiB of the body."""
    values: Mapping[Text, str] = Field(default_factory=dict, examples=[{"version": "{release}"}])
    """What a JSON body must say: dotted path (a number goes into a list) to the value's text."""
    headers: Mapping[
        Annotated[str, AfterValidator(_header)], Annotated[str, AfterValidator(_header_value)]
    ] = Field(
        default_factory=dict, repr=False, examples=[{"Authorization": "Bearer ${CHECKS_TOKEN}"}]
    )
    """Headers to send."""
    timeout: Span = _TEN_SECONDS
    """Time for the whole answer."""
    interval: Span = _TEN_SECONDS
    """Time between two questions."""


class ErrorsGate(Timed):
    """Sentry, or a tracker with its API: the release brings no new kinds of errors."""

    url: Address = "https://sentry.io"
    """Where the tracker is."""
    organization: Text = Field(examples=["acme"])
    """The organization's slug."""
    project: Text = Field(examples=["checks"])
    """The project's slug."""
    token: Annotated[str, AfterValidator(_header_value)] = Field(
        repr=False, min_length=1, examples=["${SENTRY_TOKEN}"]
    )
    """Token with the scope event:read."""
    max_new: Whole = 0
    """Issues that were first seen since the rollout began, and by this release, at most."""
    release: Text = "{release}"
    """What the tracker calls the release, such as checks@{release}."""
    query: str = ""
    """Further terms of the tracker's search, such as environment:prod."""
    timeout: Span = _TEN_SECONDS
    """Time for all pages of the answer."""
    interval: Span = timedelta(seconds=30)
    """Time between two questions, one for all regions."""


class AllGates(Gates):
    """The checks that a region must pass after an apply. null switches a gate off."""

    alarms: tuple[AlarmGate, ...] = Field(
        default=(), examples=[["browser-check-worker-nothing-happens-{region}"]]
    )
    """CloudWatch alarms that must be quiet, by name or by tag."""
    commands: tuple[CommandGate, ...] = ()
    """Commands that must exit with 0."""
    http: tuple[HttpGate, ...] = ()
    """Web addresses that must answer as they should."""
    errors: ErrorsGate | None = None
    """An error tracker that must know of no new issues. Off unless it is given."""
