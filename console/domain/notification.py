"""What is told to those who do not sit before the console?

A title and some sentences, made of the same facts that the screens show. No tool's output: nobody
knows what stands in it, and it would leave this machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.domain import events
from console.domain.foreign import shown
from console.domain.narrate import tell
from console.domain.rollout import Rollout
from console.domain.sentence import Tone
from console.domain.vocabulary import Occasion, Outcome


@dataclass(frozen=True, slots=True)
class Message:
    """What is told once."""

    occasion: Occasion
    about: str
    """A rollout's id, or the region in which nothing happens: told once for each."""
    title: str
    lines: tuple[str, ...]
    tone: Tone = Tone.PLAIN

    @property
    def body(self) -> str:
        """The sentences, a line each."""
        return "\n".join(self.lines)


def message_of(event: events.Event, rollout: Rollout) -> Message | None:
    """Return what is told of a fact; None for the many that are told to nobody.

    Args:
        event: the fact.
        rollout: the rollout with the fact folded in.
    """
    match event:
        case events.RolloutStarted():
            word = "rolling back to" if event.rolls_back else "rolling out"
            title = f"scaling {event.scale.told}" if event.scale else f"{word} {event.label}"
            return _message(rollout, Occasion.STARTED, title, _told(event, rollout))
        case events.RolloutHalted(region, at, failure):
            title = f"{rollout.request.label} halted at {region or at}"
            lines = [failure.message, *_hint(failure.hint), _moves(rollout)]
            return _message(rollout, Occasion.HALTED, title, lines, Tone.BAD)
        case events.RolloutFinished():
            return _of_the_end(event, rollout)
        case _:
            return None


def of_waiting(rollout: Rollout) -> Message | None:
    """Return what is told while questions wait for a person; None where none waits."""
    if not rollout.questions:
        return None
    title = f"{rollout.request.label} waits for you"
    questions = [question for _, question in rollout.questions]
    where = f"the console of {rollout.by} takes the answer"
    return _message(rollout, Occasion.WAITING, title, [*questions, where], Tone.ASK)


def of_silence(fleet: str, environment: str, region: str, text: str, next_: str) -> Message:
    """Return what is told of a region in which nothing happens, or something again.

    Args:
        fleet: which one.
        environment: that it serves.
        region: where.
        text: what is so, in a sentence.
        next_: what leads on; empty where nothing has to be done.
    """
    title = f"{fleet} ({environment}): " + text.partition(": ")[0]
    lines = tuple(filter(None, (text, next_)))
    tone = Tone.BAD if next_ else Tone.GOOD
    return Message(Occasion.NOTHING_HAPPENS, region, shown(title), tuple(map(shown, lines)), tone)


def merged(messages: Sequence[Message]) -> Message:
    """Return one message that says what several do, the newest as its title."""
    newest = messages[-1]
    if len(messages) == 1:
        return newest
    lines = [line for message in messages for line in (f"{message.title}:", *message.lines)]
    title = f"{newest.title} (and {len(messages) - 1} more)"
    worst = max(messages, key=lambda message: _GRAVITY.index(message.tone)).tone
    return Message(newest.occasion, newest.about, title, tuple(lines), worst)


_GRAVITY = (Tone.QUIET, Tone.PLAIN, Tone.GOOD, Tone.WARN, Tone.ASK, Tone.BAD)


def _of_the_end(event: events.RolloutFinished, rollout: Rollout) -> Message:
    occasion, tone = _ENDS[event.outcome]
    if occasion is Occasion.ENDED and event.outcome is Outcome.REFUSED and rollout.halt is not None:
        occasion = Occasion.HALTED  # the same news as the halt before
    word = event.outcome.value.replace("_", " ")
    title = f"{rollout.request.label} {word}"
    lines = [event.reason, *event.next.splitlines()]
    return _message(rollout, occasion, title, lines, tone)


_ENDS = {
    Outcome.COMPLETED: (Occasion.COMPLETED, Tone.GOOD),
    Outcome.ROLLED_BACK: (Occasion.ROLLED_BACK, Tone.WARN),
    Outcome.PARTIAL: (Occasion.HALTED, Tone.BAD),
    Outcome.INCONCLUSIVE: (Occasion.HALTED, Tone.BAD),
    Outcome.REFUSED: (Occasion.ENDED, Tone.WARN),
    Outcome.ABORTED: (Occasion.ENDED, Tone.WARN),
}


def _message(
    rollout: Rollout,
    occasion: Occasion,
    title: str,
    lines: Sequence[str],
    tone: Tone = Tone.PLAIN,
) -> Message:
    full = f"{rollout.fleet} ({rollout.environment}): {title}"
    told = tuple(shown(line) for line in lines if line)
    return Message(occasion, rollout.id, shown(full), told, tone)


def _told(event: events.Event, rollout: Rollout) -> list[str]:
    sentence = tell(event, rollout)
    return [sentence.text] if sentence is not None else []


def _hint(hint: str) -> list[str]:
    return hint.splitlines()


def _moves(rollout: Rollout) -> str:
    where = f" {rollout.request.where}" if rollout.request.where else ""
    return f"release-console recover{where} shows what is true and what leads on"
