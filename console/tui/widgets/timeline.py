"""What has happened so far, in sentences?"""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.events import Resize
from textual.widgets import RichLog

from console.domain.abridged import abridged
from console.domain.foreign import shown, shown_lines
from console.domain.sentence import Tone
from console.domain.signs import TONES
from console.tui.palette import Ink
from console.tui.scene import Told

# Evidence can be a build's whole output; the first lines tell what it is about.
_MOST_DETAILS = 40
_INDENT = 12
"""Clock and glyph: what goes on below itself begins beside them."""
_LEAST = 20


class Timeline(RichLog):
    """The journal as a story."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(id="timeline", wrap=True, markup=False, highlight=False, min_width=20)
        self._told: list[Told] = []
        self._filter = ""
        self._width = self._height = 0

    def on_resize(self, event: Resize) -> None:
        """Write everything again for the width that there is now: a written line does not wrap.

        Whoever stood at the end stands there again.
        """
        stood_at_end = self.scroll_y >= self.virtual_size.height - self._height
        self._height = self.size.height
        if self.size.width not in (0, self._width):
            self._width = self.size.width
            self.repaint()
        elif stood_at_end:
            self.scroll_end(animate=False)

    def show(self, told: Sequence[Told]) -> None:
        """Append what is new; begin afresh where it is another story."""
        if not self._width:  # nobody has seen it yet, and nobody knows how wide it will be
            self._told = list(told)
            return
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
        if not self._width:
            return
        for item in self._told:
            self._tell(item)

    def _tell(self, item: Told) -> None:
        sentence = item.sentence
        if self._filter and self._filter not in abridged(sentence.text).lower():
            return
        ink = Ink(self.app.theme_variables)
        clock = item.at.astimezone().strftime("%H:%M:%S")
        head = ink.cell((f"{clock}  ", Tone.QUIET), (f"{TONES[sentence.tone]} ", sentence.tone))
        tone = Tone.PLAIN if sentence.tone is Tone.GOOD else sentence.tone
        told = [ink.cell((shown(abridged(sentence.text)), tone))]
        if sentence.details:
            told += [Text(line) for line in shown_lines(sentence.details)[:_MOST_DETAILS]]
        for text in told:
            for line in self._wrapped(text):
                self.write(head + line)
                head = Text(" " * _INDENT)

    def _wrapped(self, text: Text) -> Sequence[Text]:
        """The lines of `text` in the width that there is beside the clock."""
        room = max(_LEAST, self.scrollable_content_region.width - _INDENT)
        if text.cell_len <= room:
            return (text,)
        text.no_wrap, text.overflow = False, "fold"
        return tuple(text.wrap(self.app.console, room))
