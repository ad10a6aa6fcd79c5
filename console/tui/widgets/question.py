"""What is asked of the operator now, or what goes on where nothing is?"""

from __future__ import annotations

from collections.abc import Iterator

from textual.widgets import Static

from console.domain.abridged import abridged
from console.domain.keys import KEYS
from console.domain.rollout_view import Ask
from console.domain.sentence import Tone
from console.domain.signs import TONES
from console.tui.palette import Part, line, lines


class Question(Static):
    """One sentence, unmistakable when it waits for a person."""

    def __init__(self, *, can_answer: bool) -> None:
        """Begin empty.

        Args:
            can_answer: whether the key that answers exists here.
        """
        super().__init__(id="question")
        self._can_answer = can_answer
        self._drawn: tuple[Ask, tuple[str, ...]] | None = None

    def show(self, ask: Ask) -> None:
        """Draw `ask`."""
        leads = tuple(self._leads(ask))
        if (ask, leads) == self._drawn:
            return
        self._drawn = (ask, leads)
        for tone in Tone:
            self.set_class(ask.tone is tone, f"-{tone.value}")
        glyph = "▶" if ask.tone is Tone.PLAIN else TONES[ask.tone]
        parts: list[Part] = [(f"{glyph}  ", ask.tone), abridged(ask.text)]
        if ask.others:
            parts.append((f"   and {ask.others} more wait", Tone.QUIET))
        if ask.subject is not None and self._can_answer:
            key = self._key("rollout.answer") or KEYS["rollout.answer"]
            parts.append((f"   {key} answers", ask.tone))
        elif ask.subject is not None:
            parts.append(("   its operator is asked", Tone.QUIET))
        if leads:
            parts.append((f"   {', '.join(leads)}", Tone.ASK))
        first = line(*parts, bold=ask.subject is not None)
        self.update(lines(first, *(line(("   next: ", Tone.QUIET), text) for text in ask.next)))

    def _leads(self, ask: Ask) -> Iterator[str]:
        """Yield what leads on from here, for those of its keys that can be pressed here now."""
        for binding, does in ask.keys:
            key = self._key(binding)
            if key:
                yield f"{key} {does}"

    def _key(self, name: str) -> str:
        """The key of a binding, as the operator has set it; empty where it cannot be pressed."""
        active = self.screen.active_bindings.values()
        found = (a.binding for a in active if a.binding.id == name and a.enabled)
        binding = next(found, None)
        return self.app.get_key_display(binding) if binding is not None else ""
