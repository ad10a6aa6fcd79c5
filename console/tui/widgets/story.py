"""What has happened to a region, and what shows it?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.domain.foreign import shown_lines
from console.domain.recovery.advice import Advice
from console.domain.recovery.news import Note
from console.domain.sentence import Tone
from console.domain.signs import TONES
from console.tui.palette import line, lines

# Evidence can be an apply's whole output; its first lines tell what it is about.
_MOST_EVIDENCE = 200


class Story(VerticalScroll):
    """News first, then the sentences, then the evidence as it came."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(id="story")
        self._told: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """Make the one text that is drawn."""
        yield Static(id="story-text")

    def on_mount(self) -> None:
        """Say what it is."""
        self.border_title = "What happened"

    def show(self, advice: Advice | None, news: Sequence[Note]) -> None:
        """Draw a region's story.

        Args:
            advice: tells what happened; None before anybody has looked.
            news: what is to be said before that.
        """
        told = (advice.happened if advice else (), advice.evidence if advice else "", *news)
        if told == self._told:
            return
        self._told = told
        self.query_one("#story-text", Static).update(lines(*_drawn(advice, news)))


def _drawn(advice: Advice | None, news: Sequence[Note]) -> Iterator[Content]:
    for text, tone in news:
        yield line((f"{TONES[tone]} ", tone), (text, tone))
    if advice is None:
        return
    for sentence in advice.happened:
        yield line(sentence)
    if advice.evidence:
        for text in shown_lines(advice.evidence)[:_MOST_EVIDENCE]:
            yield line(("│ ", Tone.QUIET), (text, Tone.QUIET))
