"""What is asked of the operator now, or what goes on where nothing is?"""

from __future__ import annotations

from textual.widgets import Static

from console.domain.keys import KEYS
from console.domain.narrate import Tone
from console.domain.rollout_view import Ask
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
        self._ask: Ask | None = None

    def show(self, ask: Ask) -> None:
        """Draw `ask`."""
        if ask == self._ask:
            return
        self._ask = ask
        for tone in Tone:
            self.set_class(ask.tone is tone, f"-{tone.value}")
        glyph = "▶" if ask.tone is Tone.PLAIN else TONES[ask.tone]
        parts: list[Part] = [(f"{glyph}  ", ask.tone), ask.text]
        if ask.others:
            parts.append((f"   and {ask.others} more wait", Tone.QUIET))
        if ask.subject is not None and self._can_answer:
            parts.append((f"   {self._key()} answers", ask.tone))
        elif ask.subject is not None:
            parts.append(("   its operator is asked", Tone.QUIET))
        first = line(*parts, bold=ask.subject is not None)
        self.update(lines(first, *(line(("   next: ", Tone.QUIET), text) for text in ask.next)))

    def _key(self) -> str:
        """The key that answers, as the operator has set it."""
        active = self.screen.active_bindings.values()
        found = (b.binding for b in active if b.binding.id == "rollout.answer")
        binding = next(found, None)
        return self.app.get_key_display(binding) if binding is not None else KEYS["rollout.answer"]
