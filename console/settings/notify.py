"""Who is told what, and when does nothing happen?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from console.domain.vocabulary import Occasion
from console.settings.fields import Duration, Section, Text
from console.settings.findings import Complaint
from console.settings.salvage import Values
from console.values import parse_whole

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")

_LOOKS: dict[str, Any] = {"pattern": r"^[A-Za-z][A-Za-z0-9+.-]*://\S+$|\$\{"}
"""What an editor may ask of it: an address, or one that comes from the environment."""

_SHORTEST_WORK = timedelta(minutes=1)
"""Finished jobs are counted in periods of half a minute."""


class Address(Section):
    """One that is told: an address, or an address with the occasions that it is told of."""

    url: Text = Field(repr=False, json_schema_extra=_LOOKS, examples=["${SLACK_WEBHOOK}"])
    """An address as Apprise takes it: slack://, mailto://, json://, or a webhook's own https://.
    It may hold a secret, so take it from the environment."""
    on: tuple[Occasion, ...] = Field(default=tuple(Occasion), examples=[["halted", "waiting"]])
    """What it is told of; by default of everything."""

    @model_validator(mode="before")
    @classmethod
    def _of_text(cls, value: object) -> object:
        """Take an address alone for an address that is told of everything."""
        return {"url": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Tell editors of both forms."""
        section = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [{"type": "string", **_LOOKS}, section]}


class NothingHappens(Section):
    """When nothing happens in a region, in a rollout and between rollouts."""

    intervals: Annotated[int, Field(ge=2, le=1000), BeforeValidator(parse_whole)] = 3
    """Heartbeats that all workers of a region may miss."""
    completions: Duration = timedelta(minutes=5)
    """Time in which a job has to be finished while jobs wait; longer than the longest job. 0 asks
    for none."""


def notify_complaints(values: Values) -> Iterator[Complaint]:
    """Yield the addresses that are none, without quoting them, and times that measure nothing."""
    addresses: tuple[Address, ...] = values.get("notify", ())
    for index, address in enumerate(addresses):
        if not _ADDRESS.fullmatch(address.url):
            yield Complaint(
                ("notify", index),
                "holds no address; write one such as slack://..., mailto://... or a webhook's "
                "https://..., best as ${NAME}",
            )
        if not address.on:
            yield Complaint(
                ("notify", index, "on"),
                "is empty, so that nobody would be told of anything; name some of "
                + ", ".join(Occasion),
            )
    within = values.get("nothing_happens.completions")
    if within and within < _SHORTEST_WORK:
        yield Complaint(
            ("nothing_happens", "completions"),
            "is shorter than jobs are counted in; write 1m or more",
        )
    window = values.get("heartbeat.window")
    if within and window and within > window:
        yield Complaint(
            ("nothing_happens", "completions"),
            "is longer than heartbeat.window, in which finished jobs are looked for; write less, "
            "or a longer window",
        )
