"""What does a journal tell when it is read from its beginning to its end?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from console.domain import events
from console.domain.evolve import evolve
from console.domain.fleet import RegionName
from console.domain.gates import Verdict
from console.domain.narrate import tell, tell_end
from console.domain.rollout import Rollout
from console.domain.sentence import Sentence
from console.domain.steps import Subject


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the timeline."""

    at: datetime
    sentence: Sentence
    event: events.Event


@dataclass(frozen=True, slots=True)
class Judged:
    """One verdict of a gate, when it was given."""

    at: datetime
    region: RegionName
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, and what became of it."""

    at: datetime
    subject: Subject
    question: str
    answered_at: datetime | None = None
    by: str = ""
    """Who said yes; empty where nobody did."""
    void: str = ""
    """Why the answer counted no more; empty where it did."""


@dataclass(frozen=True, slots=True)
class Bake:
    """A time in which every gate had to stay good: a wave's bake, or the watch at the end."""

    wave: int | None
    """None for the watch over all regions, once every wave is through."""
    started_at: datetime
    until: datetime
    finished_at: datetime | None = None
    """When it was over, and all had stayed good; None where it never was."""


@dataclass(frozen=True, slots=True)
class Retold:
    """A rollout with its story."""

    rollout: Rollout
    ended_at: datetime
    """Of the last fact; where it has an end, of that."""
    told: tuple[Told, ...]
    judged: tuple[Judged, ...]
    asked: tuple[Asked, ...]
    bakes: tuple[Bake, ...]
    plans: tuple[tuple[datetime, events.PlanReady | events.GuardRefused], ...]
    halts: tuple[tuple[datetime, events.RolloutHalted | events.RegionLeft], ...]


def retell(entries: Sequence[events.Entry]) -> Retold | None:
    """Return what `entries`, a rollout's journal in its order, tell; None where there are none."""
    rollout: Rollout | None = None
    told: list[Told] = []
    ended_at: datetime | None = None
    for entry in entries:
        rollout = evolve(rollout, entry)
        sentence = tell_end(entry.event) or tell(entry.event, rollout)
        if sentence is not None:
            told.append(Told(entry.at, sentence, entry.event))
        if ended_at is None or not isinstance(entry.event, _AFTERWARDS):
            ended_at = entry.at
    if rollout is None or ended_at is None:
        return None
    return Retold(
        rollout,
        ended_at,
        tuple(told),
        tuple(
            Judged(e.at, e.event.region, e.event.verdict)
            for e in entries
            if isinstance(e.event, events.GateJudged)
        ),
        _asked(entries),
        _bakes(entries),
        tuple(
            (e.at, e.event)
            for e in entries
            if isinstance(e.event, events.PlanReady | events.GuardRefused)
        ),
        tuple(
            (e.at, e.event)
            for e in entries
            if isinstance(e.event, events.RolloutHalted | events.RegionLeft)
        ),
    )


_AFTERWARDS = (events.RecoveryStarted, events.RecoveryFinished, events.RegionCounted)
"""Moves are recorded in the journal of a rollout that has ended long since."""


def _asked(entries: Sequence[events.Entry]) -> tuple[Asked, ...]:
    found: dict[tuple[Subject, int], Asked] = {}
    open_as: dict[Subject, tuple[Subject, int]] = {}
    for entry in entries:
        match entry.event:
            case events.ApprovalRequested(subject, question):
                key = open_as[subject] = (subject, entry.seq)
                found[key] = Asked(entry.at, subject, question)
            case events.ApprovalGiven(subject, by) if subject in open_as:
                was = found[open_as[subject]]
                found[open_as[subject]] = replace(was, answered_at=entry.at, by=by)
            case events.ApprovalVoid(subject, reason) if subject in open_as:
                found[open_as[subject]] = replace(found[open_as[subject]], void=reason)
            case _:
                pass
    return tuple(found.values())


def _bakes(entries: Sequence[events.Entry]) -> tuple[Bake, ...]:
    found: dict[int | None, Bake] = {}
    for entry in entries:
        match entry.event:
            case events.BakeStarted(wave, until):
                found[wave] = Bake(wave, entry.at, until)
            case events.WaveFinished(wave) if wave in found:
                found[wave] = replace(found[wave], finished_at=entry.at)
            case events.WatchStarted(until):
                found[None] = Bake(None, entry.at, until)
            case events.WatchFinished() if None in found:
                found[None] = replace(found[None], finished_at=entry.at)
            case _:
                pass
    return tuple(found.values())
