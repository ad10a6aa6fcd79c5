"""How many workers shall a region have?"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Static

from console.domain.counted import counted
from console.domain.sentence import Tone
from console.tui.palette import line


class ScaleScreen(ModalScreen[int | None]):
    """Asks for a number; the yes to what follows from it is asked for by the rollout."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Not now")]

    def __init__(self, region: str, slots: int) -> None:
        """Ask for another number than the `slots` that `region` has."""
        super().__init__()
        self._region = region
        self._slots = slots

    def compose(self) -> ComposeResult:
        """Lay the box out."""
        with Vertical(id="box"):
            yield Static(line(f"Scale {self._region}", bold=True), id="title")
            yield Static(line(f"It has {counted(self._slots, 'worker')}. How many shall it have?"))
            yield Input(str(self._slots), type="integer", max_length=4, id="typed")
            yield Static(id="void")
            yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Let the number be typed over."""
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the number, if it is one that a region can have."""
        event.stop()
        number = int(event.value) if event.value.isdecimal() else 0
        if number < 1:
            told = line(("a region has at least one worker", Tone.BAD))
            self.query_one("#void", Static).update(told)
        elif number != self._slots:
            self.dismiss(number)
        else:
            self.dismiss(None)

    def action_cancel(self) -> None:
        """Go back."""
        self.dismiss(None)
