"""What does each gate say, and what did it say before?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from console.domain.rollout import Rollout
from console.domain.sentence import Tone
from console.domain.signs import VERDICTS
from console.domain.spans import brief
from console.tui.palette import Part
from console.tui.scene import Judged
from console.tui.widgets.keyed_table import Column, KeyedTable, Row

# No wider than what stands in it, and never wider than this.
_WIDEST = (
    Column("region", "region", 20),
    Column("gate", "gate", 36),
    Column("verdict", "verdict", 24),
    Column("measured", "measured", 20),
    Column("threshold", "wanted", 36),
    Column("margin", "margin", 10),
    Column("history", "history", 18),
    Column("reason", "reason", 60),
)
_MOST_HISTORY = 12
_NOTHING = Column("nothing", "", 76)
_NOT_YET = "No gate has spoken yet: each region is judged once it was applied."


class Gates(KeyedTable):
    """One row for each gate of each region that was applied."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__("gates")
        self._drawn: tuple[object, int] = (None, 0)
        self._shown_of: tuple[Rollout, Sequence[Judged]] | None = None
        self._filter = ""

    def show(self, rollout: Rollout, judged: Sequence[Judged]) -> None:
        """Draw the newest verdicts, and how each came about."""
        self._shown_of = (rollout, judged)
        drawn = (rollout.regions, len(judged))
        if drawn == self._drawn and self.row_count:
            return
        self._drawn = drawn
        rows = [self._row(region, gate, mine) for (region, gate), mine in _gates(rollout, judged)]
        chosen = [row for row in rows if self._filter in _text(row)]
        if chosen:
            self.shape(_fitting(rows))
            self.put(chosen)
        else:
            self._tell(f"No gate holds {self._filter!r}." if rows else _NOT_YET)

    def _tell(self, text: str) -> None:
        """Say in a sentence why there is no row."""
        self.shape((_NOTHING,))
        self.put([Row("", (self.ink.cell((text, Tone.QUIET)),))])

    def narrow(self, text: str) -> None:
        """Show only gates of which some cell holds `text`; all of them for an empty one."""
        self._filter = text.lower()
        self._drawn = (None, 0)
        if self._shown_of is not None:
            self.show(*self._shown_of)

    def repaint(self) -> None:
        """Draw everything again in the theme's colours."""
        self._drawn = (None, 0)
        super().repaint()

    def _row(self, region: str, gate: str, mine: Sequence[Judged]) -> Row:
        ink = self.ink
        newest = mine[-1].verdict
        sign = VERDICTS[newest.status]
        word = f"{sign} (dry run)" if newest.is_dry else str(sign)
        signs = (VERDICTS[j.verdict.status] for j in mine[-_MOST_HISTORY:])
        history: list[Part] = [(s.glyph, s.tone) for s in signs]
        took = brief(mine[-1].at - mine[0].at) if len(mine) > 1 else ""
        return Row(
            f"{region}/{gate}",
            (
                ink.cell(region),
                ink.cell(gate),
                ink.cell((word, Tone.QUIET if newest.is_dry else sign.tone)),
                ink.cell(newest.measured),
                ink.cell((newest.threshold, Tone.QUIET)),
                ink.cell((newest.spare, Tone.QUIET)),
                ink.cell(*history, (f" {took}", Tone.QUIET)),
                ink.cell((newest.reason, Tone.QUIET)),
            ),
        )


def _fitting(rows: Sequence[Row]) -> tuple[Column, ...]:
    return tuple(
        replace(column, width=min(column.width, max(len(column.label), *widths)))
        for column, *widths in zip(
            _WIDEST, *([cell.cell_len for cell in row.cells] for row in rows), strict=True
        )
    )


def _text(row: Row) -> str:
    return "\n".join(cell.plain for cell in row.cells).lower()


def _gates(
    rollout: Rollout, judged: Sequence[Judged]
) -> list[tuple[tuple[str, str], list[Judged]]]:
    """Every gate that was ever judged, region by region in the order of the waves."""
    found: dict[tuple[str, str], list[Judged]] = {}
    for each in judged:
        found.setdefault((each.region, each.verdict.gate), []).append(each)
    waves = sorted(rollout.regions, key=lambda region: region.wave)
    order = {str(region.name): place for place, region in enumerate(waves)}
    return sorted(found.items(), key=lambda entry: order.get(entry[0][0], len(order)))
