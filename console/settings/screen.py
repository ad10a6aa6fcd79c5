"""How shall the console look and listen, for those who sit before it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from pydantic import Field

from console.domain.keys import KEYS, RESERVED, clashes, is_key, keys_of
from console.settings.fields import Flag, Section, Text
from console.settings.findings import Complaint, quoted
from console.settings.nearest import nearest
from console.settings.salvage import Values


class Theme(StrEnum):
    """The colours of the console."""

    DARK = "console-dark"
    LIGHT = "console-light"
    COLOUR_BLIND = "console-colour-blind"


class Screen(Section):
    """The console's screen: colours, keys, and whether it calls."""

    theme: Theme = Theme.DARK
    """The colours to begin with."""
    keys: Mapping[str, Text] = Field(
        default_factory=dict,
        examples=[{"rollout.pause": "space"}],
        json_schema_extra={"propertyNames": {"enum": list(KEYS)}},
    )
    """Other keys, by what they do. Several are separated by commas: "f2,ctrl+p"."""
    attention: Flag = True
    """Ring the bell and change the terminal's title when the operator is needed."""


def screen_complaints(values: Values) -> Iterator[Complaint]:
    """Yield the keys that do nothing, are none, or do two things."""
    keys: Mapping[str, str] = values.get("screen.keys", {})
    for name, text in keys.items():
        complaint = _unknown(name) or _unusable(text)
        if complaint:
            yield Complaint(("screen", "keys", name), complaint)
    for clash in clashes(keys):
        yield Complaint(
            ("screen", "keys", clash.binding),
            f"is {quoted(clash.key)}, which {clash.other} has; give one of the two another key",
        )


def _unknown(name: str) -> str:
    if name in KEYS:
        return ""
    meant = nearest(name, KEYS)
    return "is nothing that has a key; " + (
        f"did you mean {meant}?" if meant else f"there are {', '.join(KEYS)}"
    )


def _unusable(text: str) -> str:
    for key in keys_of(text):
        if key in RESERVED:
            return f"is {quoted(key)}, which means the same thing everywhere; name another key"
        if not is_key(key):
            return f"is {quoted(key)}, which is no key; write one such as p, f2, space or ctrl+p"
    return ""
