"""An editor knows every key of the settings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from console.settings import json_schema, schema_text
from tests.settings.valid import VALID

CONFIG = Path(__file__).resolve().parents[2] / "config"


def keys_of(schema: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every key with its part of the schema."""
    if isinstance(schema, list):
        for part in schema:
            yield from keys_of(part, above)
    elif isinstance(schema, dict):
        for name, part in schema.get("properties", {}).items():
            yield f"{above}{name}", part
        for name, part in schema.items():
            within = part if name != "properties" else list(part.values())
            yield from keys_of(within, f"{above}{name}.")


def test_the_committed_schema_is_the_generated_one() -> None:
    committed = (CONFIG / "schema.json").read_text("utf-8")
    assert committed == schema_text(), "run: release-console config schema > config/schema.json"


def test_every_key_is_described() -> None:
    keys = list(keys_of(json_schema()))
    assert len(keys) > 70
    assert [name for name, part in keys if not part.get("description", "").endswith(".")] == []


def test_the_schema_stands_alone() -> None:
    assert "$ref" not in schema_text()
    Draft7Validator.check_schema(json_schema())


@pytest.mark.parametrize("name", ["prod.example.yaml", "sandbox.yaml"])
def test_the_shipped_settings_fit_the_schema(name: str) -> None:
    data = yaml.safe_load((CONFIG / name).read_text("utf-8"))
    assert [error.message for error in Draft7Validator(json_schema()).iter_errors(data)] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("batch: 100%", "batch: 0%"),
        ("bake: 5m", "bake: 5 minutes"),
        ("bake: 5m", "bakery: 5m"),
        ("count: 1", "count: 0"),
        ("on_failure: stop", "on_failure: never"),
        ("notify: []", "notify: [x]"),
    ],
)
def test_the_schema_marks_what_the_console_refuses(old: str, new: str) -> None:
    validator = Draft7Validator(json.loads(schema_text()))
    assert validator.is_valid(yaml.safe_load(VALID))
    assert not validator.is_valid(yaml.safe_load(VALID.replace(old, new)))
