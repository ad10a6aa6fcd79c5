"""How has the chosen instance beaten during the last minutes?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from textual.content import Content
from textual.widget import Widget

from console.domain.beat_history import Beat, BeatHistory
from console.domain.fleet import InstanceId
from console.domain.sentence import Tone
from console.domain.signs import MISSING, NEW, OLD, UNWELL
from console.domain.spans import brief
from console.tui.palette import Part, line

_SPAN = timedelta(minutes=10)
_LONGEST_STRIP = 100
_NOT_YET = " "


class Beats(Widget):
    """One line: a strip of heartbeats, the newest at its right end."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(id="beats")
        self._drawn = Content("")

    def show(
        self, instance: InstanceId | None, history: BeatHistory | None, label: str | None
    ) -> None:
        """Draw the heartbeats of `instance`.

        Args:
            instance: whose; None where none is chosen.
            history: of its region; None before the first look.
            label: the release that is rolled out.
        """
        drawn = self._line(instance, history, label)
        if drawn != self._drawn:
            self._drawn = drawn
            self.refresh()

    def render(self) -> Content:
        """Return the line."""
        return self._drawn

    def _line(
        self, instance: InstanceId | None, history: BeatHistory | None, label: str | None
    ) -> Content:
        title, legend = f"Heartbeats, {brief(_SPAN)}  ", f"  {instance}"
        width = min(_LONGEST_STRIP, self.size.width - len(title) - len(legend) - 1)
        if instance is None or history is None or width < 1:
            return line((title, Tone.QUIET))
        strip = _glyphs(history.strip(instance, width, _SPAN), label)
        parts: list[Part] = [
            ("".join(glyph for glyph, _ in run), tone)
            for tone, run in groupby(strip, key=lambda part: part[1])
        ]
        return line((title, Tone.QUIET), *parts, (legend, Tone.QUIET))


def _glyphs(strip: Sequence[Beat | None], label: str | None) -> Iterator[tuple[str, Tone]]:
    has_beaten = False
    for beat in strip:
        if beat is None:
            yield _NOT_YET, Tone.QUIET
        elif beat.release is None:
            # Before the first beat it boots; after it, silence is trouble.
            yield (UNWELL, Tone.BAD) if has_beaten else (MISSING, Tone.QUIET)
        else:
            has_beaten = True
            yield (NEW, Tone.GOOD) if beat.release == label else (OLD, Tone.PLAIN)
