"""How does a tone become a colour?

Widgets are given text and tone, and never a colour. Text from outside passes `shown` here, so that
nothing in it is obeyed: neither markup nor an escape sequence.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text
from textual.content import Content

from console.domain.foreign import shown
from console.domain.sentence import Tone

Part = str | tuple[str, Tone]

_VARIABLES: Mapping[Tone, str] = {
    Tone.QUIET: "quiet",
    Tone.GOOD: "good",
    Tone.WARN: "warn",
    Tone.BAD: "bad",
    Tone.ASK: "ask",
}


def style_of(tone: Tone) -> str:
    """Return the style of `tone` for `Content`: it follows the theme by itself."""
    name = _VARIABLES.get(tone)
    return "" if name is None else f"${name}"


def line(*parts: Part, bold: bool = False) -> Content:
    """Return one line of text; whatever stands in it is shown and not interpreted."""
    weight = " bold" if bold else ""
    made = []
    for part in parts:
        text, tone = (part, Tone.PLAIN) if isinstance(part, str) else part
        made.append((shown(text), (style_of(tone) + weight).strip()))
    return Content.assemble(*made)


def lines(*made: Content) -> Content:
    """Return several lines as one."""
    return Content("\n").join(made)


class Ink:
    """The theme's colours for table cells, which cannot follow it by themselves."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Take the colours from the app's `theme_variables`."""
        self._styles = {tone: variables.get(name, "") for tone, name in _VARIABLES.items()}

    def cell(self, *parts: Part, right: bool = False, quiet: bool = False) -> Text:
        """Return a table cell.

        Args:
            parts: text, with a tone where it has one.
            right: whether it is aligned to the right, as numbers are.
            quiet: whether all of it is greyed, whatever its parts say.
        """
        cell = Text(no_wrap=True, overflow="ellipsis", justify="right" if right else "left", end="")
        for part in parts:
            text, tone = (part, Tone.PLAIN) if isinstance(part, str) else part
            cell.append(shown(text), self._styles.get(Tone.QUIET if quiet else tone, ""))
        return cell
