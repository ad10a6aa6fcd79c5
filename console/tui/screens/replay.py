"""How did an earlier rollout go, fact by fact?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from textual.binding import Binding, BindingType

from console.domain.events import Entry
from console.domain.evolve import evolve, replay
from console.domain.figures import Figures
from console.domain.header import Bystanders
from console.domain.keys import KEYS
from console.domain.policy import Policy
from console.domain.rollout import Rollout
from console.domain.signs import Mode
from console.tui.scene import Scene
from console.tui.screens.rollout import RolloutScreen

_ALL = 100_000
"""More facts than any rollout has."""


def _move(name: str, by: int, verb: str, display: str) -> Binding:
    return Binding(
        KEYS[f"replay.{name}"],
        f"step({by})",
        verb,
        key_display=display,
        priority=True,
        id=f"replay.{name}",
    )


class ReplayScreen(RolloutScreen):
    """The rollout screen over a journal, moved by hand."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        _move("next", 1, "Next", "→"),
        _move("before", -1, "Before", "←"),
        _move("end", _ALL, "End", "end"),
        _move("begin", -_ALL, "Begin", "home"),
    ]

    def __init__(
        self,
        entries: Sequence[Entry],
        policy: Policy,
        around: Bystanders,
        figures: Sequence[Figures] = (),
    ) -> None:
        """Begin with the first fact of `entries`, and chart `figures` as far as they go then."""
        self._entries = tuple(entries)
        self._figures = tuple(figures)
        self._policy = policy
        self._around = replace(around, mode=Mode.REPLAY, lease="")
        self._place = 1
        super().__init__(self._made())

    def _made(self) -> Scene:
        """Fold the journal up to the place where the replay stands."""
        scene = Scene(self._policy, self._around, timedelta(0))
        rollout: Rollout | None = None
        for entry in self._entries[: self._place]:
            rollout = evolve(rollout, entry)
            scene.tell(entry, rollout)
        if rollout is not None and self._entries:
            at = self._entries[self._place - 1].at
            known = (figures for figures in self._figures if figures.at <= at)
            scene.recall(known, rollout)
        return scene

    def draw(self, now: datetime) -> None:
        """Show the rollout as it was then: its clock is that of the last fact."""
        at = self._entries[self._place - 1].at if self._entries else now
        super().draw(at)
        self.sub_title = f"{self._place} of {len(self._entries)}"

    def action_step(self, by: int) -> None:
        """Go on, or back, by so many facts."""
        self._place = max(1, min(len(self._entries), self._place + by))
        self.scene = self._made()
        # A key may come before the panels are there; the app draws the screen once they are.
        if self.is_laid_out:
            self.draw(self._entries[self._place - 1].at)

    def action_back(self) -> None:
        """Go back to the list."""
        self.dismiss()


def policy_of(entries: Sequence[Entry]) -> Policy | None:
    """Return the rules that a journalled rollout went by; None for an empty journal."""
    rollout = replay(entries[:1])
    return rollout.policy if rollout is not None else None
