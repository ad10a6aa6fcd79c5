"""What is set, in which file, and what of it is wrong?

The only package that imports pydantic. Whoever starts fast imports it late.
"""

from console.settings.findings import Finding, SettingsError
from console.settings.loading import load, parse
from console.settings.machine_size import MachineSize
from console.settings.model import Settings
from console.settings.policy import to_policy
from console.settings.reading import DEFAULT_PATH, settings_path
from console.settings.schema import json_schema, schema_text

__all__ = [
    "DEFAULT_PATH",
    "Finding",
    "MachineSize",
    "Settings",
    "SettingsError",
    "json_schema",
    "load",
    "parse",
    "schema_text",
    "settings_path",
    "to_policy",
]
