"""What can an editor know of the settings?

The JSON schema is made from the model and committed as `config/schema.json`, so that an editor
completes keys, shows what each is for and marks what is wrong before the console ever runs.
"""

from __future__ import annotations

import json
from typing import Any

from console.settings.described import describe
from console.settings.model import Settings
from console.settings.not_yet import NOT_YET

# Draft 7 is what the YAML language server reads best; nothing here needs a later one.
_DIALECT = "http://json-schema.org/draft-07/schema#"
_IDENTIFIER = "urn:release-console:settings"


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of the settings, without references, keys in the model's order."""
    generated = Settings.model_json_schema()
    definitions = generated.pop("$defs", {})
    for name, part in (*definitions.items(), (Settings.__name__, generated)):
        describe(name, part)
    schema = _inlined(generated, definitions)
    _mark_not_yet(schema)
    return {
        "$schema": _DIALECT,
        "$id": _IDENTIFIER,
        "title": "release-console settings",
        **schema,
    }


def schema_text() -> str:
    """Return the text of `config/schema.json`."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _inlined(part: Any, definitions: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Return `part` with every reference replaced by what it names; none of them is circular."""
    if isinstance(part, list):
        return [_inlined(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    reference = part.get("$ref")
    if reference is not None:
        own = {key: value for key, value in part.items() if key != "$ref"}
        # What the key says of itself goes before what its kind says in general.
        part = {**definitions[reference.rpartition("/")[2]], **own}
    return {
        key: _said(key, value, definitions)
        for key, value in part.items()
        if not _is_noise(key, value)
    }


def _said(key: str, value: Any, definitions: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    # Line breaks in a docstring are those of the source, not of the text.
    if key == "description" and isinstance(value, str):
        return " ".join(value.split())
    return _inlined(value, definitions)


def _is_noise(key: str, value: object) -> bool:
    """Whether it is a title that repeats the key, or a default that a reader can see below."""
    return (key == "title" and isinstance(value, str)) or (
        key == "default" and (value is None or isinstance(value, dict))
    )


def _mark_not_yet(schema: dict[str, Any]) -> None:
    for row in NOT_YET:
        part = schema
        for key in row.key:
            part = part["properties"][key]
        part["description"] = f"{part['description']} So far: {row.sentence}."
        if part.get("type") == "array":
            part["maxItems"] = 0
