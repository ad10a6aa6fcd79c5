"""Which key does what on the screens, and which keys may an operator give it instead?

A binding's id begins with the screen that it belongs to: `app` is on every one, `view` on whatever
shows a rollout, `rollout` only where it is commanded. What answers a question or closes a screen
has no id: nobody can give those keys away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

KEYS: Mapping[str, str] = {
    "app.help": "question_mark",
    "app.history": "h",
    "app.leave": "q,ctrl+q",
    "app.theme": "t",
    "rollout.take-up": "u",
    "rollout.answer": "a",
    "rollout.pause": "p",
    "rollout.continue": "g",
    "rollout.abort": "x",
    "rollout.skip": "k",
    "rollout.close": "e",
    "rollout.finish": "n",
    "rollout.interrupt": "i",
    "rollout.another": "s",
    "view.recover": "v",
    "view.filter": "slash",
    "view.follow": "f",
    "view.copy": "c",
    "view.charted": "r",
    "view.regions": "1",
    "view.output": "2",
    "view.plan": "3",
    "view.gates": "4",
    "view.timeline": "5",
    "view.chart": "6",
    "region.console": "o",
    "region.copy": "c",
    "region.recover": "v",
    "region.scale": "s",
    "recover.next": "n",
    "recover.copy": "c",
    "history.replay": "r",
    "replay.next": "right,space",
    "replay.before": "left",
    "replay.end": "end",
    "replay.begin": "home",
    "start.start": "ctrl+s",
    "start.preview": "ctrl+o",
    "start.recover": "ctrl+r",
}
"""The keys of each binding, separated by commas, before anybody sets others."""

# Screens whose keys are there at the same time as those of another one.
_BENEATH: Mapping[str, tuple[str, ...]] = {
    "app": (),
    "rollout": ("view", "app"),
    "replay": ("view", "app"),
}
_OTHERWISE = ("app",)

_PUNCTUATION: Mapping[str, str] = {
    "?": "question_mark",
    "!": "exclamation_mark",
    "/": "slash",
    "\\": "backslash",
    ".": "full_stop",
    ":": "colon",
    ";": "semicolon",
    "-": "minus",
    "+": "plus",
    "_": "underscore",
    "=": "equals_sign",
    "*": "asterisk",
    "#": "number_sign",
    "@": "at",
    "<": "less_than_sign",
    ">": "greater_than_sign",
    "[": "left_square_bracket",
    "]": "right_square_bracket",
}
_NAMES = (
    *_PUNCTUATION.values(),
    *("comma", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown"),
    *("up", "down", "left", "right", "enter", "tab", "escape"),
    *(f"f{number}" for number in range(1, 13)),
)
_KEY = re.compile(rf"(?:(?:ctrl|alt|shift)\+)*(?:[A-Za-z0-9]|{'|'.join(_NAMES)})")

RESERVED = frozenset(
    {"enter", "escape", "tab", "shift+tab", "up", "down", "ctrl+c", "ctrl+m", "ctrl+i", "y", "Y"}
)
"""Keys that mean one thing everywhere: Enter chooses and is never a yes, and `y` is a yes and does
not open the question that it answers."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Two bindings on one screen that want the same key."""

    binding: str
    key: str
    other: str


def keys_of(text: str) -> tuple[str, ...]:
    """Return the keys in `text`, which are separated by commas, by their long names."""
    return tuple(_PUNCTUATION.get(key.strip(), key.strip()) for key in text.split(","))


def is_key(key: str) -> bool:
    """Return whether `key` is a long name of a key, such as `f2` or `ctrl+p`."""
    return _KEY.fullmatch(key) is not None


def clashes(changes: Mapping[str, str]) -> Iterator[Clash]:
    """Yield what cannot be pressed both, for each binding that was given other keys.

    Args:
        changes: keys by the binding's id; ids that are not known are passed over.
    """
    mapped = {**KEYS, **{name: keys for name, keys in changes.items() if name in KEYS}}
    for name in (name for name in KEYS if name in changes):
        for other, keys in mapped.items():
            if other == name or not _meet(name, other):
                continue
            for key in keys_of(mapped[name]):
                if key in keys_of(keys):
                    yield Clash(name, key, other)


def _meet(one: str, other: str) -> bool:
    """Whether both are on the screen at some moment."""
    return _scope(other) in _around(_scope(one)) or _scope(one) in _around(_scope(other))


def _scope(binding: str) -> str:
    return binding.partition(".")[0]


def _around(scope: str) -> tuple[str, ...]:
    return (scope, *_BENEATH.get(scope, _OTHERWISE))
