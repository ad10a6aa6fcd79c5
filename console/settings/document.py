"""What does the YAML text say, and on which line?

The text is composed into nodes once, without constructing any object. Plain words become values by
the short rules of YAML 1.2's core schema, as editors read them: no dates, no sexagesimal numbers,
and `no` is a word. PyYAML's own constructor takes the last of two equal keys without a word, and
raises for some texts what is no YAML error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from console.settings.findings import Complaint, Location, quoted
from console.settings.syntax import NotYaml, compose

_DEEPEST = 24
_MOST_VALUES = 20_000
"""More than any fleet needs; aliases of aliases grow without end."""

_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,2})?")
_WORDS: Mapping[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq")} | {"!"}


@dataclass(slots=True)
class Document:
    """A settings file as plain values, before anything is checked."""

    data: object = None
    """Mappings, lists, texts, numbers, true, false and None; nothing else."""
    lines: dict[Location, int] = field(default_factory=dict)
    """The line of each key and list item, counted from 1."""
    complaints: list[Complaint] = field(default_factory=list)

    def line_of(self, location: Location) -> int | None:
        """Return the line of `location`, or of the nearest thing around it."""
        for end in range(len(location), -1, -1):
            if location[:end] in self.lines:
                return self.lines[location[:end]]
        return None

    def value_at(self, location: Location) -> object:
        """Return what stands at `location`; None where nothing does."""
        value = self.data
        for part in location:
            inner = dict(enumerate(value)) if isinstance(value, list) else value
            if not isinstance(inner, dict) or part not in inner:
                return None
            value = inner[part]
        return value


def parse_document(text: str) -> Document:
    """Return what `text` says, with complaints about keys, tags and size.

    Raises:
        NotYaml: when it cannot be read as one YAML document.
    """
    document = Document()
    root = compose(text)
    if root is not None:
        document.data = _Reader(document).read(root, ())
    return document


class _Reader:
    """Turns nodes into values and notes where they stand."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._values = 0

    def read(self, node: yaml.Node, location: Location) -> object:
        line = node.start_mark.line + 1
        self._document.lines.setdefault(location, line)
        self._values += 1
        # An alias inside its own anchor has no end either.
        if self._values > _MOST_VALUES or len(location) > _DEEPEST:
            raise NotYaml(Complaint((), "is too large or too deep for settings", line))
        if node.tag not in _PLAIN_TAGS:
            self._complain(location, f"carries the tag {quoted(node.tag)}; leave it out", line)
        match node:
            case yaml.MappingNode():
                return self._mapping(node, location)
            case yaml.SequenceNode():
                return [self.read(item, (*location, i)) for i, item in enumerate(node.value)]
            case yaml.ScalarNode():
                return _scalar(node)
        return None  # composing makes no other nodes

    def _mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, object]:
        values: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._complain(location, "has a key that is no text; write `key: value`", line)
                continue
            key = str(key_node.value)
            here = (*location, key)
            if key in values:
                first = self._document.lines[here]
                again = f"stands here again, first on line {first}; keep one of the two"
                self._complain(here, again, line)
                continue
            self._document.lines[here] = line
            values[key] = self.read(value_node, here)
        return values

    def _complain(self, location: Location, message: str, line: int) -> None:
        self._document.complaints.append(Complaint(location, message, line))


def _scalar(node: yaml.ScalarNode) -> object:
    text = str(node.value)
    if node.style is not None:  # quoted, or a block: text as it stands
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
