"""What would be created and destroyed, slot by slot?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from console.domain.confirmation import SlotChange, slot_changes
from console.domain.rollout import Rollout, UnitRun
from console.domain.sentence import Tone
from console.tui.palette import line, lines

_NOTHING = "No plan yet: each region is planned when its turn comes."


class PlanPanel(VerticalScroll):
    """The plans of the rollout, the newest first."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(id="plan")
        self._units: tuple[UnitRun, ...] = ()
        self._filter = ""
        self._room = 0

    def on_resize(self, event: Resize) -> None:
        """Use the width that there is now."""
        room = self.scrollable_content_region.width
        if room not in (0, self._room):
            self._room = room
            self._draw()

    def compose(self) -> ComposeResult:
        """Make the one text that is drawn."""
        yield Static(line((_NOTHING, Tone.QUIET)), id="plan-text")

    def show(self, rollout: Rollout) -> None:
        """Draw the plans that there are."""
        if rollout.units == self._units:
            return
        self._units = rollout.units
        self._draw()

    def narrow(self, text: str) -> None:
        """Show only lines that hold `text`, below the plan that they are of; all for an empty one.

        A plan whose own name holds it is shown whole.
        """
        self._filter = text.lower()
        self._draw()

    def _draw(self) -> None:
        units = reversed(self._units)
        drawn = [text for unit in units for text in self._chosen(unit, self._room)]
        planned = any(unit.plan is not None for unit in self._units)
        nothing = f"No line of a plan holds {self._filter!r}." if planned else _NOTHING
        text = lines(*drawn) if drawn else line((nothing, Tone.QUIET))
        self.query_one("#plan-text", Static).update(text)

    def _chosen(self, unit: UnitRun, room: int) -> list[Content]:
        drawn = list(_unit(unit, room))
        if not drawn or self._filter in drawn[0].plain.lower():
            return drawn
        title, rest = drawn[0], drawn[1:]
        found = [text for text in rest if self._filter in text.plain.lower()]
        return [title, *found, line("")] if found else []


def _unit(unit: UnitRun, room: int) -> Iterator[Content]:
    if unit.plan is None:
        return
    batch = f" · batch {unit.batch + 1} of {unit.batches}" if unit.batches > 1 else ""
    yield line(
        ", ".join(unit.regions), (f"{batch}  plan {unit.plan.id[:12]}", Tone.QUIET), bold=True
    )
    for sentence in unit.consequences:
        yield line("  ", sentence)
    yield from change_lines(slot_changes(unit.plan), room)
    yield line("")


def change_lines(changes: Iterable[SlotChange], room: int = 0) -> Iterator[Content]:
    """Yield a line for each change of a plan, in columns.

    Args:
        changes: what the plan does.
        room: how wide a line may be; what is destroyed goes below where it does not fit. 0 where
            nobody knows.
    """
    rows = list(changes)
    where = max((len(c.where) for c in rows), default=0)
    verb = max((len(c.verb) for c in rows), default=0)
    releases = max((len(_releases(c)) for c in rows), default=0)
    for change in rows:
        tone = Tone.WARN if not change.after else Tone.PLAIN
        start = line(
            f"  {change.where:<{where}}  ",
            (f"{change.verb:<{verb}}  ", tone),
            f"{_releases(change):<{releases}}",
        )
        gone = line((f"  destroys {change.instance}" if change.instance else "", Tone.QUIET))
        if room and start.cell_length + gone.cell_length > room:
            yield start
            yield line(" " * (where + 2)) + gone
        else:
            yield start + gone


def _releases(change: SlotChange) -> str:
    return " → ".join(filter(None, (change.before, change.after)))
