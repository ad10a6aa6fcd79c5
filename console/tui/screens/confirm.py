"""A question, its consequences, and a yes that cannot happen by accident.

A yes is a key of its own, `y`, or the fleet's name where it is dangerous; Enter alone never is. The
key that opens a question is not the one that answers it, and `y` counts only after a moment of
quiet: a key that is held down passes nothing. A question that is no longer asked takes no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf
from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Footer, Input, Static

from console.domain.confirmation import Confirmation
from console.domain.header import is_production
from console.domain.sentence import Tone
from console.tui.palette import line, lines
from console.tui.screens.drawn import Drawn
from console.tui.widgets.plan import change_lines

# Longer than the gap between two repeats of a held key, shorter than anybody reads.
_QUIET_S = 0.4
_VOID = "This is no longer asked: plan, state or rollout have changed. Nothing was said yes to."


class ConfirmScreen(ModalScreen[bool]):
    """Answers with True for a yes to exactly what it showed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Yes", show=False),
        Binding("n,escape", "no", "Not now", key_display="esc", tooltip="Change nothing"),
        Binding("r", "raw", "Raw plan", tooltip="The plan as the console read it"),
        # What is told may be longer than the box, and the focus where a name is typed.
        Binding("up", "scroll_told('up')", "Up", show=False),
        Binding("down", "scroll_told('down')", "Down", show=False),
        Binding("pageup", "scroll_told('page_up')", "Page up", show=False),
        Binding("pagedown", "scroll_told('page_down')", "Page down", show=False),
    ]

    def __init__(self, current: Callable[[], Confirmation | None]) -> None:
        """Ask what `current` says.

        Args:
            current: the confirmation as it is now; None once it is no longer asked.
        """
        super().__init__()
        self._current = current
        self._asked = current()
        self._quiet_since = inf
        """Nobody has read it before it is on the screen, however long that takes."""
        self._is_raw = False

    def compose(self) -> ComposeResult:
        """Lay the box out."""
        asked = self._asked
        with Vertical(id="box"):
            yield Static(id="title")
            with VerticalScroll(id="told"):
                yield Static(id="consequences")
            yield Static(id="void")
            if asked is not None and asked.typed is not None:
                yield Static(line(f"type {asked.typed} to say yes"), id="wanted")
                yield Input(id="typed")
            with Horizontal(id="buttons"):
                yield Button("Not now", id="no", compact=True)
                yield Button("Yes", id="yes", compact=True)
            yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Draw, and put the focus where Enter does no harm."""
        asked = self._asked
        self.query_one("#void").display = False
        if asked is None:
            self.dismiss(result=False)
            return
        self._entitle(asked)
        yes = self.query_one("#yes", Button)
        yes.label = asked.yes if asked.is_dangerous else f"y  {asked.yes}"
        yes.disabled = asked.is_dangerous
        self._draw(asked)
        self.call_after_refresh(self._be_read)
        self.query_one("#typed" if asked.is_dangerous else "#told").focus()

    def on_resize(self) -> None:
        """Use the width that there is now, once the box has it."""
        if self._asked is not None:
            self.call_after_refresh(self._draw, self._asked)

    def _entitle(self, asked: Confirmation) -> None:
        """Say in the box itself which fleet this is: the header behind it is dimmed."""
        box, below = self.query_one("#box"), self.app.screen_stack[-2]
        box.set_class(asked.is_dangerous, "-dangerous")
        if not isinstance(below, Drawn):
            return
        rollout, around = below.scene.rollout, below.scene.around
        name = rollout.environment if rollout is not None else around.environment
        fleet = rollout.fleet if rollout is not None else around.fleet
        is_risky = is_production(name)
        word = name.upper() if is_risky else name
        box.set_class(is_risky, "-production")
        box.border_title = line(
            fleet, "  ", (f"[{word}]", Tone.BAD if is_risky else Tone.ASK), bold=True
        )

    @property
    def can_have_been_read(self) -> bool:
        """Whether it was on the screen for a moment of quiet: before that, nothing is a yes."""
        return monotonic() - self._quiet_since >= _QUIET_S

    def _be_read(self) -> None:
        self._quiet_since = monotonic()

    def check(self) -> None:
        """Void the question when it is no longer the one that is asked."""
        if self._asked is None or self._current() is not None:
            return
        self._asked = None
        self.query_one("#yes", Button).disabled = True
        for wanted in self.query("#wanted"):
            wanted.display = False
        note = self.query_one("#void", Static)
        note.update(line((_VOID, Tone.BAD)))
        note.display = True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the raw plan only where there is one, and `y` only where it is a yes."""
        if action == "raw":
            return bool(self._asked is not None and self._asked.raw)
        return True

    def action_yes(self) -> None:
        """Take the key as a yes, unless more than a key is wanted."""
        can_be_read = self.can_have_been_read
        self._quiet_since = monotonic()
        if self._asked is not None and not self._asked.is_dangerous and can_be_read:
            self._say_yes()

    def action_no(self) -> None:
        """Change nothing."""
        self.dismiss(result=False)

    def action_raw(self) -> None:
        """Show the plan as it was read, or the review again."""
        self._is_raw = not self._is_raw
        if self._asked is not None:
            self._draw(self._asked)

    def action_scroll_told(self, how: str) -> None:
        """Read on in the consequences, or back: `up`, `down`, `page_up` or `page_down`."""
        told = self.query_one("#told")
        {
            "up": told.scroll_up,
            "down": told.scroll_down,
            "page_up": told.scroll_page_up,
            "page_down": told.scroll_page_down,
        }[how](animate=False)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer by mouse, or by the button that has the focus."""
        if event.button.id == "no":
            self.dismiss(result=False)
        elif self._asked is not None and self.can_have_been_read:
            self._say_yes()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Enable the button once the name is there."""
        is_right = self._asked is not None and event.value == self._asked.typed
        self.query_one("#yes", Button).disabled = not is_right

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the typed name as a yes; anything else is none."""
        if self._asked is None:
            return
        if event.value == self._asked.typed:
            self._say_yes()
        else:
            self.notify(f"a yes is {self._asked.typed}, typed", severity="warning", markup=False)

    def _say_yes(self) -> None:
        self.check()
        if self._asked is not None:
            self.dismiss(result=True)

    def _draw(self, asked: Confirmation) -> None:
        self.query_one("#title", Static).update(line(asked.title, bold=True))
        drawn = [line(text) for text in asked.raw] if self._is_raw else list(self._review(asked))
        self.query_one("#consequences", Static).update(lines(*drawn))

    def _review(self, asked: Confirmation) -> Iterator[Content]:
        for text in asked.consequences:
            yield line(text)
        if asked.changes:
            room = self.query_one("#told").scrollable_content_region.width
            yield line("")
            yield from change_lines(asked.changes, room)
        if asked.guard:
            yield line("")
            yield line(("✓ ", Tone.GOOD), asked.guard)
