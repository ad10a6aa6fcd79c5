"""What does each key of the settings say of itself?

The string below a field, read from the source when somebody wants the schema. To have pydantic read
them at every start takes a fifth of the time in which the settings are loaded.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from console.settings.fields import Section


def describe(name: str, schema: dict[str, Any]) -> None:
    """Add to each key of a section's JSON schema what it says of itself.

    Args:
        name: the section's class, as the schema names it.
        schema: the section's; changed in place.
    """
    section = _sections(Section).get(name)
    if section is None:
        return
    # What may be written as a text or a list as well has its keys in one of the alternatives.
    for written in (schema, *schema.get("anyOf", ())):
        keys = written.get("properties", {})
        for key, text in _described(section):
            if key in keys and "description" not in keys[key]:
                keys[key] = dict(sorted({**keys[key], "description": text}.items()))


def _sections(section: type[Section]) -> Mapping[str, type[Section]]:
    found = {section.__name__: section}
    for below in section.__subclasses__():
        found |= _sections(below)
    return found


def _described(section: type[Section]) -> Iterator[tuple[str, str]]:
    texts: dict[str, str] = {}
    for base in reversed(section.__mro__):
        if issubclass(base, Section):
            texts |= _texts(base)
    for name, field in section.model_fields.items():
        if name in texts:
            yield field.alias or name, texts[name]


def _texts(section: type[Section]) -> dict[str, str]:
    """Return the string that stands right below each field of a class."""
    (parsed,) = ast.parse(textwrap.dedent(inspect.getsource(section))).body
    assert isinstance(parsed, ast.ClassDef)  # noqa: S101 - its source is that of a class
    return {
        field.target.id: inspect.cleandoc(below.value.value)
        for field, below in pairwise(parsed.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }
