"""Which settings are good, where others are not?

The checks across keys shall run although some key is wrong, so that an operator hears of everything
at once. They therefore look at values by dotted key, and a key that cannot be used is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError, create_model
from pydantic.fields import FieldInfo

Values = Mapping[str, Any]
"""Values by dotted key, such as `rollout.bake`. Absent: not usable, or a section switched off."""


def values_of(section: BaseModel, above: str = "") -> dict[str, Any]:
    """Return every value of `section`, by dotted key."""
    values: dict[str, Any] = {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            values.update(values_of(value, f"{above}{name}."))
        elif value is not None:
            values[above + name] = value
    return values


def salvage(model: type[BaseModel], data: object, above: str = "") -> dict[str, Any]:
    """Return the values of `data` that are good by themselves, defaults included, by dotted key."""
    values: dict[str, Any] = {}
    if not isinstance(data, dict):
        return values
    for name, info in model.model_fields.items():
        section = section_of(info.annotation)
        if section is not None and isinstance(data.get(name), dict):
            values.update(salvage(section, data[name], f"{above}{name}."))
            continue
        value = _single(name, info, data)
        if isinstance(value, BaseModel):
            values.update(values_of(value, f"{above}{name}."))
        elif value is not None:
            values[above + name] = value
    return values


def section_of(annotation: object) -> type[BaseModel] | None:
    """Return the section that a field holds, through `| None`; None where it holds a value."""
    is_optional = get_origin(annotation) in (Union, UnionType)
    for candidate in get_args(annotation) if is_optional else (annotation,):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _single(name: str, info: FieldInfo, data: Mapping[str, object]) -> object:
    """Return one field's value, validated without its neighbours; None where it is not good."""
    fields: Any = {name: (info.annotation, info)}
    alone = create_model("Alone", **fields)
    try:
        return getattr(alone.model_validate({k: v for k, v in data.items() if k == name}), name)
    except ValidationError:
        return None
