"""What becomes of a rollout when its operator leaves?"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from console.domain.rollout import Rollout
from console.domain.sentence import Tone
from console.tui.leaving import Leaving
from console.tui.palette import line, lines


class LeaveScreen(ModalScreen[Leaving | None]):
    """Three ways, and none of them stops an apply."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k,escape", "stay", "Keep watching", key_display="k"),
        Binding("p", "leave('paused')", "Pause and leave"),
        Binding("h", "leave('running')", "Leave it running headless"),
    ]

    def __init__(self, rollout: Rollout | None) -> None:
        """Ask about `rollout`; None while it is only beginning."""
        super().__init__()
        self._rollout = rollout

    def compose(self) -> ComposeResult:
        """Lay the box out."""
        with Vertical(id="box"):
            yield Static(line("Leave this rollout", bold=True), id="title")
            yield Static(self._told(), id="consequences")
            yield Footer(compact=True, show_command_palette=False)

    def _told(self) -> Content:
        rollout = self._rollout
        records = rollout.running if rollout else ()
        running = ", ".join(str(record.at) for record in records) or "nothing"
        return lines(
            line(f"Runs now: {running}. No way out stops it half-way."),
            line(""),
            line(("k  keep watching", Tone.ASK)),
            line(("   Nothing changes.", Tone.QUIET)),
            line(("p  pause and leave", Tone.ASK)),
            line(
                (
                    "   What runs is finished first; the rollout stays open.",
                    Tone.QUIET,
                )
            ),
            line(("h  leave it running headless", Tone.ASK)),
            line(
                (
                    "   In this terminal, without a screen: the policy says yes to",
                    Tone.QUIET,
                )
            ),
            line(("   every plan that the guard lets pass, as with --auto.", Tone.QUIET)),
        )

    def action_stay(self) -> None:
        """Go back."""
        self.dismiss(None)

    def action_leave(self, how: str) -> None:
        """Leave."""
        self.dismiss(Leaving(how))
