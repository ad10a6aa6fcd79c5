"""What has happened so far, in sentences?"""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.widgets import RichLog

from console.domain.foreign import shown, shown_lines
from console.domain.narrate import Tone
from console.domain.signs import TONES
from console.tui.palette import Ink
from console.tui.scene import Told

# Evidence can be a build's whole output; the first lines tell what it is about.
_MOST_DETAILS = 40


class Timeline(RichLog):
    """The journal as a story."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(id="timeline", wrap=True, markup=False, highlight=False, min_width=20)
        self._told: list[Told] = []
        self._filter = ""

    def show(self, told: Sequence[Told]) -> None:
        """Append what is new; begin afresh where it is another story."""
        known = len(self._told)
        if self._told != list(told[:known]):
            self.clear()
            known = 0
        for item in told[known:]:
            self._tell(item)
        self._told = list(told)

    def narrow(self, text: str) -> None:
        """Show only sentences that hold `text`; all of them for an empty one."""
        self._filter = text.lower()
        self.repaint()

    def repaint(self) -> None:
        """Write everything again in the theme's colours."""
        self.clear()
        for item in self._told:
            self._tell(item)

    def _tell(self, item: Told) -> None:
        sentence = item.sentence
        if self._filter and self._filter not in sentence.text.lower():
            return
        ink = Ink(self.app.theme_variables)
        clock = item.at.astimezone().strftime("%H:%M:%S")
        text = ink.cell(
            (f"{clock}  ", Tone.QUIET),
            (f"{TONES[sentence.tone]} ", sentence.tone),
            (shown(sentence.text), Tone.PLAIN if sentence.tone is Tone.GOOD else sentence.tone),
        )
        text.no_wrap = False
        self.write(text)
        for line in shown_lines(sentence.details)[:_MOST_DETAILS] if sentence.details else ():
            self.write(Text(f"            {line}"))
