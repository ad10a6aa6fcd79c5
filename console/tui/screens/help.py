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

from console.domain.narrate import Tone
from console.domain.signs import HEALTH, MISSING, NEW, OLD, REGIONS, STEPS, UNWELL, VERDICTS, Sign
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
                yield Static(lines(line(""), *_legend()))
            yield Footer(compact=True, show_command_palette=False)

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


def _legend() -> Iterator[Content]:
    yield line("Signs", bold=True)
    for table in (STEPS, REGIONS, VERDICTS, HEALTH):
        signs: dict[str, Sign] = {sign.word: sign for sign in table.values()}
        parts: list[Part] = []
        for sign in signs.values():
            parts += [(f"{sign.glyph} ", sign.tone), f"{sign.word}  "]
        yield line("  ", *parts)
    yield line(
        "  ",
        *((NEW, Tone.GOOD), " new  ", OLD, " old  ", (UNWELL, Tone.BAD), " unwell  "),
        *((MISSING, Tone.QUIET), " missing"),
    )
