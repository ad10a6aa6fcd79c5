"""Which keys matter most here, now, in the room that there is?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from console.domain.keys import KEYS
from console.tui.screens.drawn import Drawn

# Never given up for room while they can be pressed, the first of them last of all.
_DEAREST = ("command('answer')", "recover", "leave", "help", "command('pause')", "command('abort')")
_GAP, _NARROW_GAP = 2, 1
_ROOMY = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of the footer."""

    key: str
    display: str
    verb: str
    action: str
    is_enabled: bool
    tooltip: str

    @property
    def width(self) -> int:
        """How many cells it takes, without the gap after it."""
        return len(self.display) + 1 + len(self.verb)


def fitting(entries: Sequence[Entry], room: int) -> list[Entry]:
    """Return as many of `entries` as fit into `room` cells, in their order.

    What cannot be pressed now goes first, then what matters least.
    """
    gap = _GAP if room >= _ROOMY else _NARROW_GAP
    kept = list(entries)
    while len(kept) > 1 and sum(entry.width + gap for entry in kept) > room:
        kept.remove(max(reversed(kept), key=_dispensable))
    return kept


def _dispensable(entry: Entry) -> tuple[bool, int]:
    rank = _DEAREST.index(entry.action) if entry.action in _DEAREST else len(_DEAREST)
    return (not entry.is_enabled, rank)


def _place(entry: Entry) -> int:
    """Commands come first, in their own order, whatever keys they have; the rest as it stands."""
    name = "rollout." + entry.action.removeprefix("command('").removesuffix("')")
    return list(KEYS).index(name) if name in KEYS else len(KEYS)


class Keys(Footer):
    """One line, made from the keys of the screen; drawn again only when it has changed."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(compact=True, show_command_palette=False)
        self._drawn: list[Entry] = []

    def compose(self) -> ComposeResult:
        """Make an entry for each key that fits."""
        if not self._bindings_ready:
            return
        self._drawn = self._wanted()
        for entry in self._drawn:
            yield _Key(
                entry.key,
                entry.display,
                entry.verb,
                entry.action,
                disabled=not entry.is_enabled,
                tooltip=entry.tooltip,
            ).data_bind(compact=Footer.compact)

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Draw again, unless all is as it was."""
        if not self._bindings_ready or screen is not self.screen or self._wanted() != self._drawn:
            super().bindings_changed(screen)

    def on_resize(self) -> None:
        """Use the room that there is now."""
        if self._bindings_ready and self._wanted() != self._drawn:
            self.call_after_refresh(self.recompose)

    def _wanted(self) -> list[Entry]:
        found: dict[str, Entry] = {}
        for _, binding, is_enabled, tooltip in self.screen.active_bindings.values():
            if not binding.show or not _is_wanted(self.screen, binding.action):
                continue
            display = self.app.get_key_display(binding)
            known = found.get(binding.action)
            # Of several keys for the same thing, the shortest is told.
            if known is None or len(display) < len(known.display):
                verb, told = _words(self.screen, binding)
                found[binding.action] = Entry(
                    binding.key, display, verb, binding.action, is_enabled, told or tooltip
                )
        return fitting(sorted(found.values(), key=_place), self.app.size.width - 2)


def _words(screen: Screen[object], binding: Binding) -> tuple[str, str]:
    if isinstance(screen, Drawn):
        return screen.words_for(binding)
    return binding.description, binding.tooltip


def _is_wanted(screen: Screen[object], action: str) -> bool:
    return not isinstance(screen, Drawn) or screen.is_in_footer(action)


class _Key(FooterKey):
    """A key that can be clicked, too; one that is dimmed then says why, as when it is pressed."""

    def on_mouse_down(self, event: events.MouseDown | None = None) -> None:
        """Press it."""
        if event is not None:
            event.prevent_default()  # of Textual's own handler, which would only ring
        self.app.simulate_key(self.key)
