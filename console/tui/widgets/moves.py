"""Which moves lead on from here, and which would harm?"""

from __future__ import annotations

from collections.abc import Sequence

from console.domain.recovery.advice import Option
from console.domain.recovery.signs import STANDINGS
from console.domain.sentence import Tone
from console.tui.widgets.keyed_table import Column, KeyedTable, Row

_MOVE, _STANDING = 14, 11
_PADDING = 2
_ROOMY = 60
_LEAST = 10


class Moves(KeyedTable):
    """One row for each move, the recommended one first; those that cannot be made are greyed."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__("moves")
        self._options: tuple[Option, ...] = ()

    def on_mount(self) -> None:
        """Say what it is."""
        self.border_title = "Moves · enter asks, then makes it"

    @property
    def option(self) -> Option | None:
        """The move under the cursor; None where there is none."""
        chosen = self.chosen
        return next((o for o in self._options if _key(o) == chosen), None)

    def show(self, options: Sequence[Option]) -> None:
        """Draw these moves."""
        self._options = tuple(options)
        room = self.size.width - _MOVE - _PADDING
        columns = [Column("move", "move", _MOVE)]
        is_roomy = room >= _ROOMY
        if is_roomy:
            columns.append(Column("standing", "", _STANDING))
            room -= _STANDING + _PADDING
        columns.append(Column("why", "why", max(_LEAST, room - _PADDING)))
        self.shape(columns)
        self.put([self._row(option, is_roomy=is_roomy) for option in self._options])

    def _row(self, option: Option, *, is_roomy: bool) -> Row:
        ink, sign = self.ink, STANDINGS[option.standing]
        is_quiet = not option.may_be_made
        tone = Tone.QUIET if is_quiet else sign.tone
        cells = [ink.cell((f"{sign.glyph} ", sign.tone), (str(option.remedy), tone))]
        if is_roomy:
            cells.append(ink.cell((sign.word, sign.tone)))
        cells.append(ink.cell(option.reason or option.consequence, quiet=is_quiet))
        return Row(_key(option), tuple(cells))


def _key(option: Option) -> str:
    return f"{option.remedy}/{option.instance or ''}"
