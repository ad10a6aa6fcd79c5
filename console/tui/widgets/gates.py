"""What does each gate say, and what did it say before?"""

from __future__ import annotations

from collections.abc import Sequence

from console.domain.durations import brief
from console.domain.narrate import Tone
from console.domain.rollout import Rollout
from console.domain.signs import VERDICTS
from console.tui.palette import Part
from console.tui.scene import Judged
from console.tui.widgets.keyed_table import Column, KeyedTable, Row

_COLUMNS = (
    Column("region", "region", 14),
    Column("gate", "gate", 12),
    Column("verdict", "verdict", 14),
    Column("measured", "measured", 17),
    Column("history", "history", 12),
    Column("threshold", "wanted", 28),
    Column("reason", "reason", 60),
)
_MOST_HISTORY = 12


class Gates(KeyedTable):
    """One row for each gate of each region that was applied."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__("gates")
        self._drawn: tuple[object, int] = (None, 0)

    def show(self, rollout: Rollout, judged: Sequence[Judged]) -> None:
        """Draw the newest verdicts, and how each came about."""
        drawn = (rollout.regions, len(judged))
        if drawn == self._drawn and self.row_count:
            return
        self._drawn = drawn
        self.shape(_COLUMNS)
        self.put([self._row(region, gate, judged) for region, gate in _gates(rollout, judged)])

    def repaint(self) -> None:
        """Draw everything again in the theme's colours."""
        self._drawn = (None, 0)
        super().repaint()

    def _row(self, region: str, gate: str, judged: Sequence[Judged]) -> Row:
        ink = self.ink
        mine = [j for j in judged if (j.region, j.verdict.gate) == (region, gate)]
        newest = mine[-1].verdict
        sign = VERDICTS[newest.status]
        signs = (VERDICTS[j.verdict.status] for j in mine[-_MOST_HISTORY:])
        history: list[Part] = [(s.glyph, s.tone) for s in signs]
        took = brief(mine[-1].at - mine[0].at) if len(mine) > 1 else ""
        return Row(
            f"{region}/{gate}",
            (
                ink.cell(region),
                ink.cell(gate),
                ink.cell((str(sign), sign.tone)),
                ink.cell(newest.measured),
                ink.cell(*history, (f" {took}", Tone.QUIET)),
                ink.cell((newest.threshold, Tone.QUIET)),
                ink.cell((newest.reason, Tone.QUIET)),
            ),
        )


def _gates(rollout: Rollout, judged: Sequence[Judged]) -> list[tuple[str, str]]:
    """Every gate that was ever judged, region by region in the order of the waves."""
    order = [str(r.name) for r in sorted(rollout.regions, key=lambda region: region.wave)]
    known = dict.fromkeys((j.region, j.verdict.gate) for j in judged)
    return sorted(known, key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order))
