"""What can be done here, and why not now?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from console.domain.narrate import Tone
from console.domain.signs import HEALTH, MISSING, NEW, OLD, REGIONS, STEPS, UNWELL, VERDICTS, Sign
from console.tui.palette import Part, line, lines
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
                yield Static(lines(*_keys(self._offers), line(""), *_legend()))
            yield Footer(compact=True, show_command_palette=False)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)


def _keys(offers: Sequence[Offer]) -> Iterator[Content]:
    for offer in offers:
        reason = f"  not now: {offer.reason}" if offer.reason else ""
        tone = Tone.QUIET if offer.reason else Tone.PLAIN
        yield line(
            (f"{offer.key:>7}  ", Tone.ASK),
            (f"{offer.verb:<20} ", tone),
            (offer.sentence if offer.sentence != offer.verb else "", Tone.QUIET),
            (reason, Tone.WARN),
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
