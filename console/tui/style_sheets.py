"""Which style sheets does the first frame wait for?

To parse all of them takes as long as to paint it. What only other screens wear is read behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.css.stylesheet import Stylesheet

_STYLES = Path(__file__).with_name("styles")
_EVERYWHERE = "console"
FORM, ROLLOUT = "start", "rollout"
_ALL = (_EVERYWHERE, FORM, ROLLOUT, "region", "history", "questions", "recover")


def first_sheets(screen: str) -> list[str | PurePath]:
    """Return the files that a first frame needs.

    Args:
        screen: what it shows: `FORM` or `ROLLOUT`.
    """
    return [_file(_EVERYWHERE), _file(screen)]


def read_the_rest(sheet: Stylesheet) -> None:
    """Take in the rules of all other screens; what was parsed before is not parsed again."""
    for name in _ALL:
        if not sheet.has_source(str(_file(name)), ""):
            sheet.read(_file(name))
    sheet.parse()


def classes_at(size: Sequence[int], *breakpoints: Sequence[tuple[int, str]]) -> list[str]:
    """Return the classes that a screen of this size will be given.

    One that is born with them is not styled a second time when it hears of its size.

    Args:
        size: columns and lines.
        breakpoints: for columns and for lines: from how many on, and the class.
    """
    return [
        max(fitting)[1]
        for extent, steps in zip(size, breakpoints, strict=True)
        if (fitting := [step for step in steps if extent >= step[0]])
    ]


def _file(name: str) -> Path:
    return _STYLES / f"{name}.tcss"
