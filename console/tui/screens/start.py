"""What shall be shipped, and where to? Nothing happens before it is started here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Static
from textual.widgets.selection_list import Selection

from console.domain.keys import KEYS
from console.domain.policy import Mark, Policy
from console.domain.recovery.wanted import is_recovery_wanted
from console.domain.release import ImageRef, ReleaseError, parse_label
from console.domain.sentence import Tone
from console.domain.spans import brief
from console.tui.palette import line, lines
from console.tui.screens.drawn import Drawn
from console.tui.surroundings import Choice, Proposal
from console.tui.widgets.boxes import Box, Boxes
from console.tui.widgets.keys import Keys
from console.tui.widgets.masthead import Masthead
from console.tui.widgets.regions import Regions
from console.tui.widgets.trouble import Trouble

if TYPE_CHECKING:
    from console.domain.fleet import RegionName
    from console.tui.scene import Scene


class StartScreen(Drawn):
    """A form: release, regions, and a preview of the path."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            KEYS["start.start"],
            "start",
            "Start",
            tooltip="Look at every region, then ask before all else",
            id="start.start",
        ),
        Binding(
            KEYS["start.preview"],
            "preview",
            "Path",
            tooltip="The path that it would take, or the form again",
            id="start.preview",
        ),
        Binding(
            KEYS["start.recover"],
            "recover",
            "Recover",
            tooltip="What is true of every region, and the moves that lead on",
            id="start.recover",
        ),
        Binding("escape", "back", "Back", tooltip="To the rollout that has ended"),
    ]

    class Started(Message):
        """The form was sent off."""

        def __init__(self, choice: Choice) -> None:
            """Carry `choice`."""
            super().__init__()
            self.choice = choice
            """What was chosen."""

    def __init__(self, scene: Scene, policy: Policy, *, is_another: bool = False) -> None:
        """Offer the regions of `policy`.

        Args:
            scene: what is known of the regions.
            policy: names them.
            is_another: whether a rollout that has ended stands behind the form.
        """
        super().__init__(scene)
        self._is_another = is_another
        self._wants_recovery = False
        self._policy = policy
        self._proposal: Proposal | None = None

    def compose(self) -> ComposeResult:
        """Lay the form out."""
        yield Masthead()
        with Horizontal(id="form"):
            with Vertical(id="fields"):
                yield Static(line("Release", bold=True))
                yield Input(placeholder="0.9.1", id="label", compact=True)
                yield Static(id="wrong")
                yield Static(id="proposal")
                yield Static(
                    line("Image that is pushed already (skips build, test, push)", bold=True)
                )
                yield Input(placeholder="repository@sha256:...", id="image", compact=True)
                yield Box("Replace also what already runs it", id="refresh", compact=True)
                yield Static(line("Regions", bold=True))
                yield Boxes(*self._selections(), id="chosen", compact=True)
                yield Button("Start", id="start", compact=True)
            with VerticalScroll(id="preview"):
                # Drawn at once: what is drawn later is laid out, and painted, a second time.
                yield Static(self._drawn("", "", self._names()), id="preview-text")
        yield Regions()
        yield Trouble()
        yield Keys()

    def on_mount(self) -> None:
        """Begin with the label."""
        self.query_one("#preview").border_title = "The path, before anything happens"
        self.query_one("#label").focus()
        self.is_laid_out = True
        if self._proposal is not None:
            self.propose(self._proposal)
        self.app.theme_changed_signal.subscribe(self, lambda _: self.query_one(Regions).repaint())

    def propose(self, proposal: Proposal) -> None:
        """Fill in what is proposed, unless something was typed already."""
        self._proposal = proposal
        if not self.is_laid_out:
            return  # it came before the form did, which then fills it in itself
        field = self.query_one("#label", Input)
        if proposal.label and not field.value:
            field.value = proposal.label
        known = ", ".join(proposal.known[:6])
        told = f"in the registry: {known}" if known else proposal.note
        self.query_one("#proposal", Static).update(line((told, Tone.QUIET)))

    def draw(self, now: datetime) -> None:
        """Show what every region runs today."""
        self.query_one(Masthead).show(self.scene.header(), now)
        rows = self.scene.today(now)
        self.query_one(Regions).show(rows)
        self.query_one(Trouble).show(rows, None)
        wants_recovery = is_recovery_wanted(None, rows)
        if wants_recovery != self._wants_recovery:
            self._wants_recovery = wants_recovery
            self.refresh_bindings()

    def on_input_changed(self) -> None:
        """Preview while it is typed."""
        self._preview()

    def on_selection_list_selected_changed(self) -> None:
        """Preview what was chosen."""
        self._preview()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on to the next field: Enter starts nothing."""
        event.stop()
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Start by mouse, or by the button that has the focus."""
        if event.button.id == "start":
            self.action_start()

    def action_preview(self) -> None:
        """Show the path instead of the form, or the form again."""
        form = self.query_one("#form")
        form.toggle_class("-previews")
        self.query_one("#preview" if form.has_class("-previews") else "#label").focus()

    def on_resize(self) -> None:
        """Offer what there is room for now."""
        self.refresh_bindings()

    def action_start(self) -> None:
        """Send the form off, unless something in it is wrong."""
        wrong = self._wrong()
        told = self.query_one("#wrong", Static)
        told.update(line((wrong, Tone.BAD)))
        told.display = bool(wrong)
        if wrong:
            if self.query_one("#form").has_class("-previews"):
                self.action_preview()
            return
        image = self.query_one("#image", Input).value.strip()
        chosen = self._chosen()
        everything = len(chosen) == len(self._policy.regions)
        choice = Choice(
            parse_label(self.query_one("#label", Input).value.strip()),
            ImageRef(image) if image else None,
            None if everything else chosen,
            self.query_one("#refresh", Box).value,
        )
        self.post_message(self.Started(choice))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Go back only where something is behind; tell the path where it is not beside the form."""
        if action == "preview":
            return self.has_class("-narrow")
        return action != "back" or self._is_another

    def is_in_footer(self, action: str) -> bool:
        """Tell of the moves only where one is needed."""
        return action != "recover" or self._wants_recovery

    def action_recover(self) -> None:
        """Show what is true of the regions, and the moves."""
        self.post_message(self.RecoverWanted())

    def action_back(self) -> None:
        """Begin nothing."""
        self.dismiss()

    def _wrong(self) -> str:
        try:
            parse_label(self.query_one("#label", Input).value.strip())
        except ReleaseError as error:
            return str(error)
        return "" if self._chosen() else "choose a region at least"

    def _chosen(self) -> tuple[RegionName, ...]:
        selected = set(self.query_one("#chosen", Boxes).selected)
        return tuple(spec.name for spec in self._policy.regions if spec.name in selected)

    def _selections(self) -> Iterator[Selection[str]]:
        for spec in sorted(self._policy.regions, key=lambda spec: spec.wave):
            noun = "instance" if spec.count == 1 else "instances"
            prompt = line(spec.name, (f"  wave {spec.wave}, {spec.count} {noun}", Tone.QUIET))
            yield Selection(prompt, str(spec.name), initial_state=True)

    def _preview(self) -> None:
        label = self.query_one("#label", Input).value.strip()
        image = self.query_one("#image", Input).value.strip()
        drawn = self._drawn(label, image, self._chosen())
        self.query_one("#preview-text", Static).update(drawn)

    def _drawn(self, label: str, image: str, chosen: Iterable[RegionName]) -> Content:
        return lines(*_path(self._policy, label or "...", image, set(chosen)))

    def _names(self) -> Iterator[RegionName]:
        return (spec.name for spec in self._policy.regions)


def _path(policy: Policy, label: str, image: str, chosen: set[RegionName]) -> Iterator[Content]:
    steps = ["preflight", *(() if image else ("build", "test")), *(() if image else ("push",))]
    yield line(f"{label}: ", (", ".join(steps), Tone.QUIET))
    for wave in range(1, policy.waves + 1):
        regions = [r for r in policy.regions if r.wave == wave and r.name in chosen]
        if not regions:
            continue
        yield line("")
        yield line(f"wave {wave}" + (" · canary" if wave == 1 else ""), bold=True)
        for region in regions:
            yield line(f"  {region.name}", (f"  {region.count} → {label}", Tone.QUIET))
        marks = "taint, " if policy.mark is Mark.TAINT else ""
        bake = f", bake {brief(policy.bake)}" if policy.bake else ""
        yield line((f"  {marks}plan, apply, verify{bake}", Tone.QUIET))
    yield line("")
    parallel = f"{policy.max_parallel} at once" if policy.max_parallel > 1 else "one at a time"
    yield line((f"Regions {parallel}, {policy.batch} of the slots in a batch.", Tone.QUIET))
    yield line((f"At least {policy.min_healthy} of a region's workers stay healthy.", Tone.QUIET))
    yield line((f"Asked for approval: {policy.approve.value}.", Tone.QUIET))
