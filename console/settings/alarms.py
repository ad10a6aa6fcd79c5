"""Which CloudWatch alarms do the settings name?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from console.settings.fields import Section, Text


class AlarmName(Section):
    """One alarm by its name, or all that carry the tags. A text alone is a name."""

    name: Text | None = Field(
        default=None, examples=["browser-check-worker-nothing-happens-{region}"]
    )
    """Name of the alarm, the same in each region; {region} stands for the region's name."""
    tag: Mapping[Text, str] | None = Field(default=None, examples=[{"team": "checks"}])
    """Tags that an alarm has to carry, all of them. Needs tag:GetResources."""

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_of_two(self) -> AlarmName:
        if (self.name is None) == (not self.tag):
            raise ValueError("no choice of alarms; write a name, or tag: {key: value}")
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Admit a text, which is a name."""
        schema: dict[str, Any] = handler(core_schema)
        return {"anyOf": [{"type": "string", "minLength": 1}, schema]}

    @property
    def told(self) -> str:
        """Return it in words."""
        if self.name is not None:
            return f"alarm {self.name}"
        return "alarms with " + ", ".join(f"{k}={v}" for k, v in (self.tag or {}).items())
