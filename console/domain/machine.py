"""What does a rollout do next?

`decide` is the whole rollout machine, and pure: an input (a command, or what came back from an
effect) becomes events, and events become effects. First the input is answered (`reactions`), then
everything that may start now is started (`path`, or `winding` once it shall end), until nothing
more follows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from console.domain.commands import Command, InterruptNow, Recover
from console.domain.effects import Effect, effects_of
from console.domain.events import Entry, Event, RolloutStarted
from console.domain.evolve import evolve
from console.domain.observations import Failed, Observation, Recovered
from console.domain.path import advance
from console.domain.reactions import react
from console.domain.recovering import begin_beside
from console.domain.rollout import Rollout

Input = Command | Observation

# A region can be led on after its rollout has ended; nothing else follows an end.
_AFTER_THE_END = (Recover, InterruptNow, Recovered, Failed)

# More follow-ups than this in one decision are a rule that answers itself.
_MOST_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class Decision:
    """What to record, and then to do."""

    entries: tuple[Entry, ...]
    """To be made durable before any effect is started."""
    effects: tuple[Effect, ...]
    rollout: Rollout
    """The rollout with the entries folded in."""


def begin(started: RolloutStarted, now: datetime) -> Decision:
    """Return the first decision of a new rollout."""
    entry = Entry(started.rollout, 1, now, started)
    return _follow_up(_Draft(evolve(None, entry), (entry,), ()), now)


def decide(rollout: Rollout, received: Input, now: datetime) -> Decision:
    """Return what follows from `received`.

    Args:
        rollout: where the rollout stands.
        received: a command or an observation. What does not fit the moment changes nothing.
        now: the time, aware.
    """
    if rollout.is_finished and not isinstance(received, _AFTER_THE_END):
        return Decision((), (), rollout)
    return _follow_up(_record(_Draft(rollout, (), ()), react(rollout, received, now), now), now)


def beside(rollout: Rollout, received: Input, now: datetime) -> Decision:
    """Return what follows from a move in a rollout that stays as its dead console left it.

    Nothing of the rollout itself begins because of it, or ends.

    Args:
        rollout: where it was left.
        received: the move, what came of it, or an interrupt. Anything else changes nothing.
        now: the time, aware.
    """
    match received:
        case Recover():
            events = begin_beside(rollout, received)
        case InterruptNow() | Recovered() | Failed():
            events = react(rollout, received, now)
        case _:
            events = ()
    made = _record(_Draft(rollout, (), ()), events, now)
    return Decision(made.entries, made.effects, made.rollout)


@dataclass(frozen=True, slots=True)
class _Draft:
    rollout: Rollout
    entries: tuple[Entry, ...]
    effects: tuple[Effect, ...]


def _record(draft: _Draft, events: Iterable[Event], now: datetime) -> _Draft:
    rollout, entries, effects = draft.rollout, list(draft.entries), list(draft.effects)
    for event in events:
        entry = Entry(rollout.id, rollout.seq + 1, now, event)
        rollout = evolve(rollout, entry)
        entries.append(entry)
        effects.extend(effects_of(event, rollout))
    return _Draft(rollout, tuple(entries), tuple(effects))


def _follow_up(draft: _Draft, now: datetime) -> Decision:
    for _ in range(_MOST_ROUNDS):
        events = () if draft.rollout.is_finished else advance(draft.rollout, now)
        if not events:
            return Decision(draft.entries, draft.effects, draft.rollout)
        draft = _record(draft, events, now)
    raise AssertionError(f"the rules never come to rest; the last event was {draft.entries[-1]}")
