"""How does a mistake that pydantic found read in an operator's words?

The value is quoted as it stands in the file, before environment variables were put in: what a
variable held may be a secret.
"""

from __future__ import annotations

import json
import re
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from console.settings.document import Document
from console.settings.findings import Complaint, Location, printable, quoted
from console.settings.model import Settings
from console.settings.nearest import nearest
from console.settings.salvage import section_of


def complaints_of_types(error: ValidationError, document: Document) -> list[Complaint]:
    """Return what pydantic found wrong with the values that stand in `document`."""
    details = error.errors()
    # A misspelt key is one mistake: the key that it was meant to be is not missing on top.
    meant = {
        (*detail["loc"][:-1], _meant(detail["loc"]))
        for detail in details
        if detail["type"] == "extra_forbidden"
    }
    return [
        _complaint(detail, document)
        for detail in details
        if not (detail["type"] == "missing" and detail["loc"] in meant)
    ]


def _complaint(error: ErrorDetails, document: Document) -> Complaint:
    is_of_key = error["loc"][-1:] == ("[key]",)
    location = error["loc"][:-1] if is_of_key else error["loc"]
    written = location[-1] if is_of_key else document.value_at(location)
    match error["type"]:
        case "missing":
            message = f"is missing; {_example(location)}"
        case "extra_forbidden":
            message = _unknown(location)
        case _ if written is None:
            message = _empty(location)
        case "value_error":
            message = f"{quoted(written)} is {error['ctx']['error']}"
        case "enum":
            message = _choice(written, error["ctx"]["expected"])
        case kind:
            message = f"{quoted(written)} {_wrong(kind, error, written)}"
    return Complaint(location, message)


def _wrong(kind: str, error: ErrorDetails, written: object) -> str:
    match kind:
        case "model_type" | "model_attributes_type" | "dict_type" | "mapping_type":
            return "is no mapping; write `key: value` lines below the key, indented"
        case "tuple_type" | "list_type":
            return "is no list; write one such as [a, b]"
        case "string_type" if isinstance(written, bool | int | float):
            return f'is no text; put it in quotes: "{quoted(written)}"'
        case "string_type":
            return "is no text; write one value"
        case "greater_than_equal":
            return f"is too small; write {error['ctx']['ge']:g} or more"
        case "less_than_equal":
            return f"is too large; write {error['ctx']['le']:g} or less"
        case _:
            reason = printable(error["msg"])
            return f"cannot be used: {reason[:1].lower()}{reason[1:]}"


def _choice(written: object, expected: str) -> str:
    choices = re.findall(r"'([^']*)'", expected)
    meant = nearest(str(written), choices)
    question = f"; did you mean {meant}?" if meant else ""
    if len(choices) == 1:
        return f"{quoted(written)} is not known; write {choices[0]}"
    return f"{quoted(written)} is none of {', '.join(choices)}{question or '; write one of them'}"


def _empty(location: Location) -> str:
    info = _field(location)
    if info is not None and info.is_required():
        return f"is empty; {_example(location)}"
    return "is empty; write a value, or leave the key out"


def _example(location: Location) -> str:
    info = _field(location)
    if info is None or not info.examples:
        return "write it"
    value = info.examples[0]
    text = value if isinstance(value, str) else json.dumps(value)
    return f"write it, for example `{location[-1]}: {text}`"


def _unknown(location: Location) -> str:
    meant = _meant(location)
    if meant:
        return f"is no key; did you mean {meant}?"
    homes = [home for home in _homes(Settings) if home.split(".")[-1] == location[-1]]
    if homes:
        return f"is no key here; did you mean {homes[0]}?"
    return f"is no key; here are known: {', '.join(_keys(location[:-1]))}"


def _meant(location: Location) -> str | None:
    return nearest(str(location[-1]), _keys(location[:-1]))


def _keys(location: Location) -> tuple[str, ...]:
    model = _model(location)
    return tuple(model.model_fields) if model else ()


def _field(location: Location) -> FieldInfo | None:
    model = _model(location[:-1])
    return model.model_fields.get(str(location[-1])) if model else None


def _model(location: Location) -> type[BaseModel] | None:
    """Return the section at `location`; a region's name and a list's index lead to what is held."""
    model: type[BaseModel] | None = Settings
    held: object = None
    for part in location:
        if model is not None:
            info = model.model_fields.get(str(part))
            held = info.annotation if info else None
        else:  # a mapping or a list holds what its last argument says, but "..."
            held = next((a for a in reversed(get_args(held)) if a is not ...), None)
        model = section_of(held)
    return model


def _homes(model: type[BaseModel], above: str = "") -> list[str]:
    """Return all dotted keys, sections included."""
    homes = []
    for name, info in model.model_fields.items():
        homes.append(above + name)
        section = section_of(info.annotation)
        if section:
            homes.extend(_homes(section, f"{above}{name}."))
    return homes
