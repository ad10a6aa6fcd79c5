"""What is wrong with the settings, and where?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from console.errors import UsageError

Location = tuple[str | int, ...]
"""The way from the top of the settings to a value: keys and, in lists, positions from 0."""

_LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something wrong with one value, not yet told where in the file it stands."""

    location: Location
    message: str
    """What is wrong, and the remedy; it follows upon the key."""
    line: int | None = None
    """Counted from 1; None where the location says it."""
    column: int | None = None
    """Counted from 1."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with the settings: one sentence that says where, what, and the remedy."""

    file: str
    line: int | None
    """Counted from 1; None where the file as a whole is meant."""
    column: int | None
    """Counted from 1; None where a key says it better."""
    key: str
    """Such as `rollout.waves[1][0]`; empty where no key is meant."""
    message: str

    def __str__(self) -> str:
        """Return it as one line: `config/release.yaml:12: rollout.batch: what and how`."""
        place = [self.file, *(str(n) for n in (self.line, self.column) if n is not None)]
        return ": ".join(part for part in (":".join(place), self.key, self.message) if part)


class SettingsError(UsageError):
    """The settings cannot be used; it tells everything that is wrong with them at once."""

    def __init__(self, findings: Iterable[Finding], hint: str = "") -> None:
        self.findings = tuple(findings)
        """What is wrong, in the order of the file."""
        super().__init__("\n".join(str(finding) for finding in self.findings), hint)


def key_of(location: Location) -> str:
    """Return `location` as an operator reads it: `rollout.waves[1][0]`."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{printable(part)}" if text else printable(part)
    return text


def quoted(value: object) -> str:
    """Return a value as a message shows it: short, and nothing that a terminal could obey."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return printable(repr(value))
        case str():
            short = value if len(value) <= _LONGEST_QUOTE else value[:_LONGEST_QUOTE] + "…"
            return f'"{printable(short)}"'
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return "nothing"


def printable(text: str) -> str:
    """Return `text` with everything that a terminal could obey written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
