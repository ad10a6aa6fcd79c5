"""Which rollouts were there, how did they end, and how did each go?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable, Static

from console.domain.abridged import abridged
from console.domain.keys import KEYS
from console.domain.rollout import Rollout
from console.domain.sentence import Tone
from console.domain.signs import OPEN, OUTCOMES
from console.domain.spans import brief
from console.domain.track_record import Course, told, track_record
from console.tui.palette import line, lines
from console.tui.scene import Scene
from console.tui.screens.drawn import Drawn
from console.tui.widgets.keyed_table import Column, KeyedTable, Row
from console.tui.widgets.keys import Keys
from console.tui.widgets.masthead import Masthead

_LONG, _SHORT = "%Y-%m-%d %H:%M", "%m-%d %H:%M"
_COLUMNS = (
    Column("release", "release", 9),
    Column("outcome", "outcome", 13),
    Column("took", "took", 5, is_number=True),
    Column("by", "by", 14),
)
_ROOMY = 100
_PADDING = 2
_LEAST_REASON = 10


def _columns(room: int) -> tuple[Column, ...]:
    """All of them; the reason takes what is left."""
    started = Column("started", "started", 16 if room >= _ROOMY else 11)
    columns = (started, *_COLUMNS)
    left = room - sum(column.width + _PADDING for column in columns) - _PADDING
    return (*columns, Column("reason", "reason", max(_LEAST_REASON, left)))


class HistoryScreen(Drawn):
    """Earlier rollouts, the newest first; Enter replays one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding(
            KEYS["history.replay"],
            "replay",
            "Replay",
            tooltip="Go through its journal step by step",
            id="history.replay",
        ),
    ]

    class Chosen(Message):
        """A rollout shall be replayed."""

        def __init__(self, rollout: str) -> None:
            """Carry its id."""
            super().__init__()
            self.rollout = rollout
            """Its id."""

    def __init__(self, scene: Scene) -> None:
        """Stand over `scene`, whose header stays."""
        super().__init__(scene)
        self._courses: Sequence[Course] = ()

    def compose(self) -> ComposeResult:
        """Lay the table out."""
        yield Masthead()
        table = KeyedTable("history")
        table.border_title = "Rollouts"
        yield table
        yield Static(id="record", markup=False)
        yield Keys()

    def on_mount(self) -> None:
        """Begin with the newest."""
        self.query_one("#history").focus()

    def fill(self, courses: Sequence[Course]) -> None:
        """Show earlier rollouts, and what they add up to."""
        self._courses = courses
        self.query_one("#record", Static).update(_figures(courses))
        table = self.query_one("#history", KeyedTable)
        table.shape(_columns(table.size.width))
        is_roomy = table.size.width >= _ROOMY
        table.put([_row(table, course.rollout, is_roomy=is_roomy) for course in courses])

    def on_resize(self) -> None:
        """Use the width that there is now."""
        if self.is_laid_out and self._courses:
            self.call_after_refresh(self.fill, self._courses)

    def draw(self, now: datetime) -> None:
        """Keep the header going."""
        self.query_one(Masthead).show(self.scene.view(now).header, now)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Replay a rollout."""
        if event.row_key.value is not None:
            self.post_message(self.Chosen(event.row_key.value))

    def action_replay(self) -> None:
        """Replay the rollout under the cursor."""
        chosen = self.query_one("#history", KeyedTable).chosen
        if chosen is not None:
            self.post_message(self.Chosen(chosen))

    def action_back(self) -> None:
        """Go back."""
        self.dismiss()


def _figures(courses: Sequence[Course]) -> Content:
    if not courses:
        return Content()
    return lines(
        *(line((f"{name:<21}", Tone.QUIET), text) for name, text in told(track_record(courses)))
    )


def _row(table: KeyedTable, rollout: Rollout, *, is_roomy: bool) -> Row:
    ink = table.ink
    sign = OUTCOMES[rollout.outcome] if rollout.outcome is not None else OPEN
    ends = [s.finished_at for s in rollout.steps if s.finished_at is not None]
    took = max(ends) - rollout.started_at if ends else None
    return Row(
        rollout.id,
        (
            ink.cell(rollout.started_at.astimezone().strftime(_LONG if is_roomy else _SHORT)),
            ink.cell(rollout.request.label),
            ink.cell((str(sign), sign.tone)),
            ink.cell(brief(took), right=True),
            ink.cell(rollout.by),
            ink.cell((abridged(rollout.reason), Tone.QUIET)),
        ),
    )
