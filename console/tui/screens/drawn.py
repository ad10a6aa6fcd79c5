"""What does every screen have that shows a scene?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

if TYPE_CHECKING:
    from console.domain.fleet import RegionName
    from console.engine.ports import Progress
    from console.tui.scene import Scene


@dataclass(frozen=True, slots=True)
class Offer:
    """One entry of the command palette and of the help."""

    key: str
    verb: str
    sentence: str
    action: str
    reason: str = ""
    """Why it cannot be done now; empty where it can."""


class Drawn(Screen[None]):
    """A screen that the app asks to draw itself when there is something new."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, scene: Scene) -> None:
        """Draw `scene`."""
        super().__init__()
        self.scene = scene
        self.is_laid_out = False
        """Whether its panels are there: not before it is mounted, and not once it is left."""

    def on_mount(self) -> None:
        """Be drawn from now on; a subclass's own handler is called as well."""
        self.is_laid_out = True

    def on_unmount(self) -> None:
        """Be drawn no more."""
        self.is_laid_out = False

    class RecoverWanted(Message):
        """Somebody wants to see what is true of a region, and which moves lead on."""

        def __init__(self, region: RegionName | None = None) -> None:
            """Carry which; None for the first that needs help."""
            super().__init__()
            self.region = region
            """The one to begin with."""

    def draw(self, now: datetime) -> None:
        """Show the scene as it is."""
        raise NotImplementedError

    def print_lines(self, progress: Sequence[Progress]) -> None:
        """Show lines of tools; most screens have no place for them."""

    def is_in_footer(self, action: str) -> bool:
        """Whether `action` belongs into the footer now; help and palette have it all the same."""
        return True

    def words_for(self, binding: Binding) -> tuple[str, str]:
        """Return what a key is called now, and the sentence that says what it does."""
        return binding.description, binding.tooltip or binding.description

    def reason_against(self, action: str) -> str:
        """Return why `action` cannot be done now; empty where it can."""
        return ""

    def offers(self) -> list[Offer]:
        """Return what can be done here, whether it may be done now or not."""
        found: dict[str, Offer] = {}
        for key, active in self.active_bindings.items():
            binding = active.binding
            is_ours = isinstance(active.node, Drawn | App) and "." not in binding.action
            display = self.app.get_key_display(binding) if binding.key else key
            known = found.get(binding.action)
            # Of several keys for the same thing, the shortest is told.
            is_better = known is None or len(display) < len(known.key)
            if is_ours and not binding.system and is_better:
                found[binding.action] = Offer(
                    display,
                    *self.words_for(binding),
                    binding.action,
                    self.reason_against(binding.action),
                )
        # What changes something comes first, the rest as it stands in the code.
        return sorted(found.values(), key=lambda offer: not offer.action.startswith("command("))
