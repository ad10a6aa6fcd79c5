"""Which regions are there to look at, and which of them is shown?"""

from __future__ import annotations

from collections.abc import Mapping

from textual.widgets import Static

from console.domain.fleet import RegionName
from console.domain.sentence import Tone
from console.tui.palette import Part, line


class Places(Static):
    """One line; not there where there is one region only."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(id="places")
        self._drawn: tuple[object, ...] = ()

    def show(self, places: Mapping[RegionName, bool], chosen: RegionName | None) -> None:
        """Draw the regions in their order.

        Args:
            places: whether each needs help.
            chosen: the one that is shown.
        """
        told = (*places.items(), chosen)
        if told == self._drawn:
            return
        self._drawn = told
        self.display = len(places) > 1
        parts: list[Part] = []
        for name, needs_help in places.items():
            sign, tone = ("✗", Tone.BAD) if needs_help else ("✓", Tone.GOOD)
            is_chosen = name == chosen
            parts.append(("[" if is_chosen else " ", Tone.ASK))
            parts += [(f"{sign} ", tone), (name, Tone.ASK if is_chosen else Tone.QUIET)]
            parts.append(("]  " if is_chosen else "   ", Tone.ASK))
        self.update(line(*parts))
