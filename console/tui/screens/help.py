"""What can be done here, and why not now?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.table import Table
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from console.domain.sentence import Tone
from console.domain.signs import (
    HEALTH,
    MISSING,
    NEW,
    OLD,
    REGIONS,
    STEPS,
    UNSEEN,
    UNWELL,
    VERDICTS,
    Sign,
)
from console.tui.palette import Ink, Part, line, lines
from console.tui.screens.drawn import Offer


class HelpScreen(ModalScreen[None]):
    """Keys, made from what the screen below offers now, and the legend of the signs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "close", "Close", key_display="esc")
    ]

    def __init__(self, offers: Sequence[Offer]) -> None:
        """Explain `offers`."""
        super().__init__()
        self._offers = offers

    def compose(self) -> ComposeResult:
        """Lay the box out."""
        with Vertical(id="box"):
            yield Static(line("Keys", bold=True), id="title")
            with VerticalScroll(id="told"):
                yield Static(self._keys(), id="keys")
                yield Static(id="signs")
            yield Footer(compact=True, show_command_palette=False)

    def on_resize(self) -> None:
        """Tell the signs beside the keys where there is room, else below them."""
        is_beside = not self.has_class("-narrow")
        told = _beside() if is_beside else (line(""), *_below())
        self.query_one("#signs", Static).update(lines(*told))

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)

    def _keys(self) -> Table:
        """Return the keys in columns; what is too long goes on below itself."""
        ink = Ink(self.app.theme_variables)
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(justify="right", no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column()
        for offer in self._offers:
            tone = Tone.QUIET if offer.reason else Tone.PLAIN
            told: list[Part] = []
            if offer.sentence != offer.verb:
                told.append((offer.sentence, Tone.QUIET))
            if offer.reason:
                told.append((f"{'; ' if told else ''}not now: {offer.reason}", Tone.WARN))
            sentence = ink.cell(*told)
            sentence.no_wrap = False
            table.add_row(ink.cell((offer.key, Tone.ASK)), ink.cell((offer.verb, tone)), sentence)
        for key, verb, sentence_text in _MOVING:
            table.add_row(
                ink.cell((key, Tone.ASK)), ink.cell(verb), ink.cell((sentence_text, Tone.QUIET))
            )
        return table


_MOVING = (
    ("tab", "Next panel", "shift+tab goes back"),
    ("↑ ↓", "Move", "in a table, or scroll"),
    ("enter", "Open", "what is under the cursor; never a yes"),
    ("^p", "Commands", "everything here, by name"),
)


_BAR = (
    Sign(NEW, "new", Tone.GOOD),
    Sign(OLD, "old", Tone.PLAIN),
    Sign(UNWELL, "unwell", Tone.BAD),
    Sign(MISSING, "missing", Tone.QUIET),
    Sign(UNSEEN, "not seen", Tone.WARN),
)


def _signs() -> Iterator[tuple[str, Sequence[Sign]]]:
    """Yield each table of signs with what it is about; a word stands in it once."""
    tables = (("steps", STEPS), ("regions", REGIONS), ("gates", VERDICTS), ("workers", HEALTH))
    for name, table in tables:
        yield name, tuple({sign.word: sign for sign in table.values()}.values())
    yield "instances", _BAR


def _below() -> Iterator[Content]:
    yield line("Signs", bold=True)
    for _, signs in _signs():
        parts: list[Part] = []
        for sign in signs:
            parts += [(f"{sign.glyph} ", sign.tone), f"{sign.word}  "]
        yield line("  ", *parts)


def _beside() -> Iterator[Content]:
    """Two signs in a line."""
    for name, signs in _signs():
        yield line((f"Signs of {name}", Tone.QUIET))
        for first, *second in zip(signs[::2], signs[1::2], strict=False):
            yield _pair(first, *second)
        if len(signs) % 2:
            yield _pair(signs[-1])
        yield line("")


def _pair(*signs: Sign) -> Content:
    parts: list[Part] = []
    for sign in signs:
        parts += [(f"{sign.glyph} ", sign.tone), f"{sign.word:<14}"]
    return line(*parts)
