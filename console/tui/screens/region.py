"""One region: every object in it, its chart, and the console output of the chosen instance."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable, Static

from console.domain.fleet import InstanceId, RegionName
from console.domain.keys import KEYS
from console.domain.outcome import RegionPhase
from console.domain.sentence import Tone
from console.domain.signs import REGIONS, Mode
from console.domain.spans import brief
from console.domain.view import RegionView
from console.tui.palette import Part, line, lines
from console.tui.scene import Scene
from console.tui.screens.drawn import Drawn
from console.tui.screens.scale import ScaleScreen
from console.tui.surroundings import Choice
from console.tui.widgets.beats import Beats
from console.tui.widgets.chart import Chart
from console.tui.widgets.keys import Keys
from console.tui.widgets.masthead import Masthead
from console.tui.widgets.objects import Objects
from console.tui.widgets.printed import Printed


class RegionScreen(Drawn):
    """Shows one region; nothing can be changed here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", tooltip="To the rollout"),
        Binding(
            KEYS["region.console"],
            "console",
            "Console output",
            tooltip="What the chosen instance printed (Enter does it as well)",
            id="region.console",
        ),
        Binding(
            KEYS["region.copy"],
            "copy",
            "Copy id",
            tooltip="Copy the chosen instance's id",
            id="region.copy",
        ),
        Binding(
            KEYS["region.recover"],
            "recover",
            "Recover",
            tooltip="What is true of this region, and the moves that lead on",
            id="region.recover",
        ),
        Binding(
            KEYS["region.scale"],
            "scale",
            "Scale",
            tooltip="Give this region another number of workers",
            id="region.scale",
        ),
    ]

    class ConsoleWanted(Message):
        """Somebody wants to read an instance's console."""

        def __init__(self, screen: RegionScreen, region: RegionName, instance: InstanceId) -> None:
            """Carry whose."""
            super().__init__()
            self.screen = screen
            """Where to show it."""
            self.region = region
            """The instance's region."""
            self.instance = instance
            """Which instance."""

    class ScaleWanted(Message):
        """The region shall have another number of workers."""

        def __init__(self, choice: Choice) -> None:
            """Carry what is rolled out for that."""
            super().__init__()
            self.choice = choice
            """Which region, how many, and what new slots get."""

    def __init__(self, scene: Scene, region: RegionName) -> None:
        """Draw `region` of `scene`."""
        super().__init__(scene)
        self._region = region
        self._told = 0
        """How many lines the summary has."""

    def compose(self) -> ComposeResult:
        """Lay the panels out."""
        yield Masthead()
        yield Static(id="summary")
        yield Objects()
        yield Beats()
        with Horizontal(id="details"):
            yield Printed()
            yield Chart()
        yield Keys()

    def on_mount(self) -> None:
        """Begin with the objects."""
        self.query_one(Objects).focus()
        self.app.theme_changed_signal.subscribe(self, lambda _: self.query_one(Objects).repaint())

    def draw(self, now: datetime) -> None:
        """Show the region as it was last seen."""
        self.query_one(Masthead).show(self.scene.view(now).header, now)
        view = self.scene.region(self._region, now)
        summary = self._summary(view)
        # As many lines as before take the same room: there is nothing to lay out again.
        has_grown = len(summary) != self._told
        self._told = len(summary)
        self.query_one("#summary", Static).update(lines(*summary), layout=has_grown)
        if view is not None:
            sample, state = self.scene.sample(self._region), self.scene.state(self._region)
            self.query_one(Objects).show(view, sample, state, self.scene.window, now)
        self._draw_beats()
        self.query_one(Chart).show(self.scene.points, self._region, now)

    def _draw_beats(self) -> None:
        instance, history = self._chosen(), self.scene.beats.get(self._region)
        label = self.scene.rollout.request.label if self.scene.rollout is not None else None
        self.query_one(Beats).show(instance, history, label)

    def on_data_table_row_highlighted(self) -> None:
        """Tell the heartbeats of the instance under the cursor."""
        if self.is_laid_out:
            self._draw_beats()

    def _summary(self, view: RegionView | None) -> list[Content]:
        parts: list[Part] = [self._region]
        run = self._run()
        if run is not None:
            sign = REGIONS[run]
            parts += ["   ", (str(sign), sign.tone)]
        if view is None:
            return [line(*parts, ("   nobody has looked yet", Tone.QUIET), bold=True)]
        if view.is_seen:
            parts.append((f"   {view.healthy} of {view.desired} healthy", Tone.PLAIN))
        else:
            unknown = f"   nobody can tell how many of {view.desired} are healthy"
            parts.append((unknown, Tone.WARN))
        if view.queue is not None:
            told = [f"{view.queue.backlog} waiting", f"{view.queue.in_flight} in flight"]
            if view.queue.oldest is not None:
                told.append(f"oldest {brief(view.queue.oldest)}")
            told.append(f"{view.queue.dead_letters} dead")
            parts.append((f"   {', '.join(told)}", Tone.QUIET))
        notes = []
        if hint := self.scene.hint(view):
            notes.append(line((hint, Tone.QUIET)))
        if view.lock is not None:
            held = f"state locked by {view.lock.holder} ({view.lock.operation})"
            notes.append(line(("! ", Tone.WARN), held))
        if view.error:
            notes.append(line(("! ", Tone.BAD), view.error))
        return [line(*parts), *notes]

    def _run(self) -> RegionPhase | None:
        rollout = self.scene.rollout
        found = [r.phase for r in rollout.regions if r.name == self._region] if rollout else []
        return found[0] if found else None

    def _chosen(self) -> InstanceId | None:
        key = self.query_one(Objects).chosen
        return InstanceId(key.partition("/")[0]) if key else None

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Read the chosen instance's console."""
        self.action_console()

    def action_console(self) -> None:
        """Ask for the console output; it arrives when AWS has answered."""
        instance = self._chosen()
        if instance is not None:
            self.show_console(instance, "asking EC2 ...")
            self.post_message(self.ConsoleWanted(self, self._region, instance))

    def show_console(self, instance: str, text: str) -> None:
        """Show what an instance printed."""
        # In a narrow terminal, what was asked for takes the chart's room.
        self.query_one("#details").add_class("-reads")
        self.query_one(Printed).show(instance, text)

    def action_copy(self) -> None:
        """Copy the chosen instance's id."""
        instance = self._chosen()
        if instance is not None:
            self.app.copy_to_clipboard(instance)
            self.notify(f"copied: {instance}", markup=False)

    def action_recover(self) -> None:
        """Show the moves that there are for this region."""
        self.post_message(self.RecoverWanted(self._region))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Lead nothing on in a replay, and scale only where nothing else is under way."""
        if action == "scale":
            rollout = self.scene.rollout
            is_free = rollout is None or rollout.is_at_rest
            return self.scene.around.mode is Mode.OPERATE and is_free
        return action != "recover" or self.scene.around.mode is not Mode.REPLAY

    def action_scale(self) -> None:
        """Ask for a number, and then roll it out."""
        state = self.scene.state(self._region)
        slots = (
            {found.slot for found in state.objects if found.deposed_key is None} if state else ()
        )

        def answered(count: int | None) -> None:
            if count is None:
                return
            scaled = self.scene.scale(self._region, count)
            if isinstance(scaled, str):
                self.notify(scaled, severity="warning", markup=False)
                return
            scale, target = scaled
            choice = Choice(target.release, target.image, (self._region,), scale=scale)
            self.post_message(self.ScaleWanted(choice))

        self.app.push_screen(ScaleScreen(self._region, len(slots)), answered)

    def action_back(self) -> None:
        """Go back to the rollout."""
        self.dismiss()
