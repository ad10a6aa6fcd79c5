"""Of which kinds are the values in the settings?"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)

from console.domain.policy import Share
from console.domain.vocabulary import RegionName
from console.settings.aws_regions import parse_region
from console.values import (
    format_duration,
    parse_duration,
    parse_flag,
    parse_number,
    parse_parallelism,
    parse_share,
    parse_span,
    parse_whole,
)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,62}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_DURATION_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": r"^([0-9.]+d)?([0-9.]+h)?([0-9.]+m)?([0-9.]+s)?([0-9]+ms)?$"},
        {"const": 0},
    ]
}
_SHARE_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": r"^([1-9][0-9]?|100)%$"},
        {"type": "integer", "minimum": 1},
    ]
}


class Section(BaseModel):
    """A part of the settings: it knows its keys, refuses all others and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(
            "no name; begin with a letter and go on with letters, digits, '-', '_' or '.', "
            "at most 63 in all"
        )
    return text


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("an empty text; write a value, or leave the key out")
    if "\x00" in text:
        raise ValueError("a text with a NUL character, which no tool takes; leave it out")
    return text


def _variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        raise ValueError("no name of a variable; use letters, digits and '_'")
    return text


Duration = Annotated[
    timedelta,
    PlainValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema(_DURATION_SCHEMA),
]
"""A time that may be zero."""

Span = Annotated[
    timedelta,
    PlainValidator(parse_span),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema(_DURATION_SCHEMA),
]
"""A time longer than zero."""

Part = Annotated[
    Share,
    PlainValidator(parse_share),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(_SHARE_SCHEMA),
]
"""A part of a region's slots."""

Parallelism = Annotated[
    int | None,
    PlainValidator(parse_parallelism),
    PlainSerializer(lambda regions: regions or "auto"),
    WithJsonSchema({"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 1}]}),
]
"""Regions at once; None follows the machine."""

Whole = Annotated[int, Field(ge=0, le=1_000_000), BeforeValidator(parse_whole)]
Positive = Annotated[int, Field(ge=1, le=1_000_000), BeforeValidator(parse_whole)]
Ratio = Annotated[float, Field(ge=0, le=1), BeforeValidator(parse_number)]
Flag = Annotated[bool, BeforeValidator(parse_flag)]
Name = Annotated[str, AfterValidator(_name)]
Text = Annotated[str, AfterValidator(_text)]
VariableName = Annotated[str, AfterValidator(_variable)]
Region = Annotated[RegionName, AfterValidator(parse_region)]
