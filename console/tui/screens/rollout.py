"""The rollout: header, path, the one question, the regions, and tabs with the details."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import is_
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import DataTable, Input, TabbedContent, TabPane

from console.domain.fleet import RegionName
from console.domain.keys import KEYS
from console.domain.recovery.wanted import is_recovery_wanted
from console.domain.signs import Mode
from console.engine.ports import Progress
from console.tui.scene import Scene
from console.tui.screens.drawn import Drawn
from console.tui.screens.region import RegionScreen
from console.tui.widgets.chart import Chart
from console.tui.widgets.gates import Gates
from console.tui.widgets.keys import Keys
from console.tui.widgets.layers import Layers, is_in_place
from console.tui.widgets.masthead import Masthead
from console.tui.widgets.output import Output
from console.tui.widgets.path import Rail, Strip
from console.tui.widgets.plan import PlanPanel
from console.tui.widgets.question import Question
from console.tui.widgets.regions import Regions
from console.tui.widgets.timeline import Timeline
from console.tui.widgets.trouble import Trouble

_PANELS = ("regions", "output", "plan", "gates", "timeline", "chart")


def _shown(name: str, verb: str, sentence: str, *, show: bool = False) -> Binding:
    key, binding = KEYS[f"view.{name}"], f"view.{name}"
    return Binding(key, name, verb, show=show, tooltip=sentence, id=binding)


class RolloutScreen(Drawn):
    """Shows a rollout and changes nothing: what watch and replay use as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                KEYS[f"view.{name}"],
                f"panel('{name}')",
                name.capitalize(),
                show=False,
                tooltip=f"Go to: {name}",
                id=f"view.{name}",
            )
            for name in _PANELS
        ),
        _shown("filter", "Filter", "Show only lines that hold a text"),
        _shown("follow", "Follow", "Let the output scroll along, or not"),
        _shown("copy", "Copy", "Copy the next command, or the region"),
        _shown("recover", "Recover", "What is true, and the moves that lead on", show=True),
        _shown("charted", "Region", "Chart the next region, or all of them", show=True),
    ]
    can_answer: ClassVar[bool] = False
    first_tab: ClassVar[str] = "tab-timeline"
    """What a watcher reads first: the tools' output is not in the journal."""

    def __init__(self, scene: Scene) -> None:
        """Draw `scene`."""
        super().__init__(scene)
        self._charted: RegionName | None = None
        self._charted_at: datetime | None = None
        self._drawn_at: datetime | None = None
        self._bound_to: tuple[object, ...] = (None, None, False)
        """What the keys were offered for last."""
        self._left: Widget | None = None
        """What had the focus before the filter."""

    def compose(self) -> ComposeResult:
        """Lay the panels out."""
        yield Masthead()
        yield Question(can_answer=self.can_answer)
        yield Strip()
        with Horizontal(id="body"):
            yield Rail()
            with Vertical(id="main"):
                yield Regions(self._open)
                yield Trouble()
                with TabbedContent(initial=self.first_tab, id="tabs"):
                    for name, panel in zip(_PANELS[1:], _made(), strict=True):
                        with TabPane(name.capitalize(), id=f"tab-{name}"):
                            if name == "output":
                                yield Layers()
                            yield panel
        yield Input(placeholder="show only what holds this text; escape shows all", id="filter")
        yield Keys()

    def on_mount(self) -> None:
        """Begin with the regions."""
        self.query_one("#filter").display = False
        self.query_one(Regions).focus()
        self.app.theme_changed_signal.subscribe(self, lambda _: self._repaint())

    def draw(self, now: datetime) -> None:
        """Show the scene in every panel."""
        self._drawn_at = now
        view = self.scene.view(now)
        self.query_one(Masthead).show(view.header, now)
        wants_recovery = self._can_recover and is_recovery_wanted(self.scene.rollout, view.regions)
        self.query_one(Question).show(view.ask)
        self.query_one(Rail).show(view.path)
        self.query_one(Strip).show(view.path)
        self.query_one(Regions).show(view.regions)
        self._draw_trouble()
        self._draw_tab(now)
        bound_to = (self.scene.rollout, self.scene.run_by, wants_recovery)
        if not all(map(is_, bound_to, self._bound_to)):
            self._bound_to = bound_to
            self.refresh_bindings()

    def _draw_trouble(self) -> None:
        """Tell why a region is greyed: of the one under the cursor, else of the first."""
        trouble, regions = self.query_one(Trouble), self.query_one(Regions)
        trouble.show(regions.regions, regions.chosen)
        regions.set_class(trouble.display, "-troubled")

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Tell the trouble of the region under the cursor."""
        if self.is_laid_out and event.data_table.id == "regions":
            self._draw_trouble()

    def _draw_tab(self, now: datetime) -> None:
        """Show what only the open tab shows: the others are drawn when they are opened."""
        scene, rollout = self.scene, self.scene.rollout
        match self.query_one(TabbedContent).active:
            case "tab-timeline":
                self.query_one(Timeline).show(scene.told)
            case "tab-chart":
                self._draw_chart(now.replace(microsecond=0))
            case "tab-output":
                self.query_one(Output).tell(place=scene.logs, nothing=self._why_no_output())
            case "tab-plan" if rollout is not None:
                self.query_one(PlanPanel).show(rollout)
            case "tab-gates" if rollout is not None:
                self.query_one(Gates).show(rollout, scene.judged)
            case _:
                return

    def _draw_chart(self, second: datetime) -> None:
        # A column is seconds wide: more often than once a second it is the same picture.
        if second != self._charted_at:
            self._charted_at = second
            self.query_one(Chart).show(self.scene.points, self._charted, second)

    def on_tabbed_content_tab_activated(self) -> None:
        """Show what the tab was not shown while another one was open."""
        if self._drawn_at is not None:
            self._draw_tab(self._drawn_at)
        self.refresh_bindings()

    def print_lines(self, progress: Sequence[Progress]) -> None:
        """Append to the output; what only counts until the next news of it is drawn in place."""
        self.query_one(Layers).add(progress)
        self.query_one(Output).add(item for item in progress if not is_in_place(item))

    def action_panel(self, name: str) -> None:
        """Jump to a panel."""
        if name == "regions":
            self.query_one(Regions).focus()
            return
        self.query_one(TabbedContent).active = f"tab-{name}"
        self.query_one(f"#{name}", Widget).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Chart another region only where the chart is seen; lead nothing on in a replay."""
        if action == "recover":
            return self._can_recover
        return action != "charted" or self.query_one(TabbedContent).active == "tab-chart"

    def is_in_footer(self, action: str) -> bool:
        """Tell of the moves only where one is needed."""
        return action != "recover" or bool(self._bound_to[-1])

    @property
    def _can_recover(self) -> bool:
        return self.scene.around.mode is not Mode.REPLAY

    def action_recover(self) -> None:
        """Show what is true of the regions, and the moves."""
        self.post_message(self.RecoverWanted())

    def action_charted(self) -> None:
        """Chart the next region, or all of them after the last one."""
        names = [None, *sorted(self.scene.points)]
        place = names.index(self._charted) if self._charted in names else -1
        self._charted = names[(place + 1) % len(names)]
        self.query_one(Chart).chart(self._charted)

    def action_filter(self) -> None:
        """Ask for a text."""
        field = self.query_one("#filter", Input)
        self._left = self.focused
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
            self._return()

    def key_escape(self) -> None:
        """Show everything again."""
        field = self.query_one("#filter", Input)
        if field.display or field.value:
            field.value = ""
            field.display = False
            self._return()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open a region that was clicked."""
        if event.data_table.id == "regions" and event.row_key.value is not None:
            self._open(event.row_key.value)

    def _open(self, region: str) -> None:
        self.app.push_screen(RegionScreen(self.scene, RegionName(region)))

    def _return(self) -> None:
        """Give the focus back to what was filtered."""
        (self._left or self.query_one(Regions)).focus()
        self._left = None

    def _why_no_output(self) -> str:
        """Say why there is nothing in the output, while there is nothing."""
        match self.scene.around.mode:
            case Mode.REPLAY:
                return "What the tools printed is not in the journal; the timeline tells the facts."
            case Mode.WATCH if self.scene.logs:
                return "No tool has printed anything yet, or its console runs on another machine."
            case Mode.WATCH:
                return "What the tools print is on the disk of the console that runs them."
            case _:
                return "No tool has printed anything yet."

    def _narrow(self, text: str) -> None:
        """Filter everything that can be filtered."""
        self.query_one(Regions).narrow(text)
        self.query_one(Output).narrow(text)
        self.query_one(PlanPanel).narrow(text)
        self.query_one(Gates).narrow(text)
        self.query_one(Timeline).narrow(text)

    def _repaint(self) -> None:
        """Use the colours of another theme where they do not follow by themselves."""
        self.query_one(Regions).repaint()
        self.query_one(Gates).repaint()
        self.query_one(Timeline).repaint()


def _made() -> tuple[Widget, ...]:
    return (Output(), PlanPanel(), Gates(), Timeline(), Chart())
