"""How is text that came from outside shown, and not obeyed?

Tags, logs, error messages and console output may hold escape sequences, control characters and
direction marks. They are shown as what they are.
"""

from __future__ import annotations

import unicodedata

_NAMED = {"\t": "    "}
# Cc: control characters; Cf: invisible format characters, among them those that turn the direction
# of writing; Zl, Zp: line and paragraph separators.
_HIDDEN = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co"}


def shown(text: str) -> str:
    r"""Return one line of foreign text with everything invisible made visible.

    >>> shown("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    if text.isprintable():
        # Nearly all of it is, and ten thousand lines must not hold a key up.
        return text
    return "".join(_NAMED.get(letter) or _visible(letter) for letter in text)


def shown_lines(text: str) -> list[str]:
    """Return the lines of foreign text, each fit to be shown."""
    return [shown(line) for line in text.replace("\r\n", "\n").split("\n")]


def _visible(letter: str) -> str:
    if unicodedata.category(letter) not in _HIDDEN:
        return letter
    code = ord(letter)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
