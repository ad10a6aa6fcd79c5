"""The rollout: header, path, the one question, the regions, and tabs with the details."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import DataTable, Footer, Input, TabbedContent, TabPane

from console.domain.fleet import RegionName
from console.engine.ports import Progress
from console.tui.scene import Scene
from console.tui.screens.drawn import Drawn
from console.tui.screens.region import RegionScreen
from console.tui.widgets.chart import Chart
from console.tui.widgets.gates import Gates
from console.tui.widgets.masthead import Masthead
from console.tui.widgets.output import Output
from console.tui.widgets.path import Rail, Strip
from console.tui.widgets.plan import PlanPanel
from console.tui.widgets.question import Question
from console.tui.widgets.regions import Regions
from console.tui.widgets.timeline import Timeline

_PANELS = ("regions", "output", "plan", "gates", "timeline", "chart")


class RolloutScreen(Drawn):
    """Shows a rollout and changes nothing: what watch and replay use as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash", "filter", "Filter", show=False, tooltip="Show only lines that hold a text"
        ),
        Binding("f", "follow", "Follow", show=False, tooltip="Let the output scroll along, or not"),
        Binding("c", "copy", "Copy", show=False, tooltip="Copy the next command, or the region"),
        *(
            Binding(
                str(n), f"panel('{name}')", name.capitalize(), show=False, tooltip=f"Go to: {name}"
            )
            for n, name in enumerate(_PANELS, start=1)
        ),
    ]
    can_answer: ClassVar[bool] = False
    first_tab: ClassVar[str] = "tab-timeline"
    """What a watcher reads first: the tools' output is not in the journal."""

    def __init__(self, scene: Scene) -> None:
        """Draw `scene`."""
        super().__init__(scene)
        self._charted: RegionName | None = None

    def compose(self) -> ComposeResult:
        """Lay the panels out."""
        yield Masthead()
        yield Question(can_answer=self.can_answer)
        yield Strip()
        with Horizontal(id="body"):
            yield Rail()
            with Vertical(id="main"):
                yield Regions()
                with TabbedContent(initial=self.first_tab, id="tabs"):
                    for name, panel in zip(_PANELS[1:], _made(), strict=True):
                        with TabPane(name.capitalize(), id=f"tab-{name}"):
                            yield panel
        yield Input(placeholder="show only what holds this text; escape shows all", id="filter")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Begin with the regions."""
        self.query_one("#filter").display = False
        self.query_one(Regions).focus()
        self.app.theme_changed_signal.subscribe(self, lambda _: self._repaint())

    def draw(self, now: datetime) -> None:
        """Show the scene in every panel."""
        view = self.scene.view(now)
        self.query_one(Masthead).show(view.header, now)
        self.query_one(Question).show(view.ask)
        self.query_one(Rail).show(view.path)
        self.query_one(Strip).show(view.path)
        self.query_one(Regions).show(view.regions)
        self.query_one(Timeline).show(self.scene.told)
        self.query_one(Chart).show(self.scene.points, self._charted, now)
        if self.scene.rollout is not None:
            self.query_one(PlanPanel).show(self.scene.rollout)
            self.query_one(Gates).show(self.scene.rollout, self.scene.judged)
        self.refresh_bindings()

    def print_lines(self, progress: Sequence[Progress]) -> None:
        """Append to the output."""
        self.query_one(Output).add(progress)

    def action_panel(self, name: str) -> None:
        """Jump to a panel."""
        if name == "regions":
            self.query_one(Regions).focus()
            return
        self.query_one(TabbedContent).active = f"tab-{name}"
        self.query_one(f"#{name}", Widget).focus()

    def action_filter(self) -> None:
        """Ask for a text."""
        field = self.query_one("#filter", Input)
        field.display = True
        field.focus()

    def action_follow(self) -> None:
        """Let the output scroll along, or stop."""
        follows = self.query_one(Output).toggle_follow()
        self.notify("the output scrolls along" if follows else "the output stays", markup=False)

    def action_copy(self) -> None:
        """Copy what can be typed elsewhere."""
        ended = self.scene.rollout.next if self.scene.rollout is not None else ""
        text = ended.splitlines()[-1].partition(": ")[2] if ended else ""
        text = text or self.query_one(Regions).chosen or ""
        self.app.copy_to_clipboard(text)
        self.notify(f"copied: {text}", markup=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        if event.input.id == "filter":
            self._narrow(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter and go back to what is filtered."""
        if event.input.id == "filter":
            event.stop()
            event.input.display = False
            self.query_one(Regions).focus()

    def key_escape(self) -> None:
        """Show everything again."""
        field = self.query_one("#filter", Input)
        if field.display or field.value:
            field.value = ""
            field.display = False
            self.query_one(Regions).focus()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open a region."""
        if event.data_table.id == "regions" and event.row_key.value is not None:
            self.app.push_screen(RegionScreen(self.scene, RegionName(event.row_key.value)))

    def _narrow(self, text: str) -> None:
        """Filter what can be filtered: the regions, and the tab that is open."""
        self.query_one(Regions).narrow(text)
        self.query_one(Output).narrow(text)
        self.query_one(Timeline).narrow(text)

    def _repaint(self) -> None:
        """Use the colours of another theme where they do not follow by themselves."""
        self.query_one(Regions).repaint()
        self.query_one(Gates).repaint()
        self.query_one(Timeline).repaint()


def _made() -> tuple[Widget, ...]:
    return (Output(), PlanPanel(), Gates(), Timeline(), Chart())
