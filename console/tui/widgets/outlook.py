"""What does a move do, what takes it back, and what is true afterwards?"""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.domain.recovery.advice import Option
from console.domain.recovery.afterwards import afterwards
from console.domain.recovery.held import held
from console.domain.recovery.remedies import TOLD, Remedy
from console.domain.recovery.signs import STANDINGS
from console.domain.recovery.situation import Situation
from console.domain.sentence import Tone
from console.tui.palette import line, lines


class Outlook(VerticalScroll):
    """The chosen move, in full."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(id="outlook")
        self._told: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """Make the one text that is drawn."""
        yield Static(id="outlook-text")

    def show(self, option: Option | None, situation: Situation | None, command: str) -> None:
        """Draw `option`.

        Args:
            option: the move; None where none is chosen.
            situation: what it was advised on.
            command: the command line that makes it.
        """
        told = (option, situation, command)
        if told == self._told:
            return
        is_another = self._told[:1] != (option,)
        self._told = told
        self.border_title = TOLD[option.remedy].verb if option is not None else "The move"
        drawn = lines(*_drawn(option, situation, command)) if option and situation else ""
        self.query_one("#outlook-text", Static).update(drawn)
        if is_another:
            self.scroll_home(animate=False)


def _drawn(option: Option, situation: Situation, command: str) -> Iterator[Content]:
    sign, told = STANDINGS[option.standing], TOLD[option.remedy]
    reason = f": {option.reason}" if option.reason else ""
    yield line((f"{sign.glyph} {sign.word}", sign.tone), reason)
    if option.may_be_made:
        yield line(option.consequence, bold=True)
    if option.remedy is Remedy.UNLOCK:
        for text in held(situation):
            yield line(text)
    yield line((told.sentence, Tone.QUIET))
    if not option.may_be_made:
        return
    yield line(("undo: ", Tone.QUIET), told.undo or "not needed")
    yield line(("$ ", Tone.ASK), command)
    yield line(("afterwards:", Tone.QUIET))
    for text in afterwards(option, situation):
        yield line(f"  {text}")
