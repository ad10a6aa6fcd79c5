"""What was done, in which order, who said yes to it, and who stepped in?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from console.domain import events
from console.domain.report.blocks import Block, Cell, Section, Table, Words
from console.domain.report.clock import brief_time
from console.domain.report.retold import Asked, Retold
from console.domain.rollout import Rollout, StepRecord
from console.domain.sentence import Tone
from console.domain.signs import STEPS, TONES, StepState
from console.domain.spans import brief
from console.domain.steps import Result, Subject

_RESULTS = {
    None: StepState.RUNNING,
    Result.OK: StepState.OK,
    Result.FAILED: StepState.FAILED,
    Result.SKIPPED: StepState.SKIPPED,
    Result.LOST: StepState.HELD,
}
_ID = 12
"""Hexadecimal digits of a plan's id that people compare."""


def path(story: Retold) -> Section:
    """Return every step with its times."""
    rollout = story.rollout
    rows = [(s.started_at, _step(rollout, s, story.ended_at)) for s in rollout.steps]
    rows += [(bake.started_at, _bake(story, place)) for place, bake in enumerate(story.bakes)]
    ordered = tuple(row for _, row in sorted(rows, key=lambda each: each[0]))
    headings = ("wave", "where", "step", "began", "took", "result", "note")
    return Section("Path", (Table(headings, ordered),))


def _step(rollout: Rollout, step: StepRecord, end: datetime) -> tuple[Cell, ...]:
    unit = rollout.unit(step.at.unit) if step.at.unit is not None else None
    many = unit is not None and unit.batches > 1
    batch = f", batch {step.at.batch + 1}" if many else ""
    sign = STEPS[_RESULTS[step.result]]
    lost = "nobody saw its end: the console died" if step.result is Result.LOST else ""
    return (
        Cell(str(unit.wave) if unit else ""),
        Cell(", ".join(unit.regions) if unit else ""),
        Cell(step.at.step.value + batch),
        Cell(brief_time(step.started_at, rollout.started_at)),
        Cell(brief((step.finished_at or end) - step.started_at), is_number=True),
        Cell(str(sign), sign.tone),
        Cell(step.note or lost),
    )


def _bake(story: Retold, place: int) -> tuple[Cell, ...]:
    bake, rollout = story.bakes[place], story.rollout
    end = bake.finished_at or story.ended_at
    state = StepState.OK if bake.finished_at else StepState.RUNNING
    if bake.finished_at is None and (rollout.halt or rollout.is_finished):
        state = StepState.FAILED if rollout.halt else StepState.HELD
    sign = STEPS[state]
    return (
        Cell("" if bake.wave is None else str(bake.wave)),
        Cell("all regions" if bake.wave is None else "the wave"),
        Cell("watch" if bake.wave is None else "bake"),
        Cell(brief_time(bake.started_at, rollout.started_at)),
        Cell(brief(end - bake.started_at), is_number=True),
        Cell(str(sign), sign.tone),
        Cell(f"{brief(bake.until - bake.started_at)} wanted"),
    )


def plans(story: Retold) -> Section:
    """Return every plan: what it said that it would do, who said yes, or who did not."""
    rows = tuple(_plan(story, at, plan) for at, plan in story.plans)
    headings = ("made", "where", "plan", "what it said", "yes by", "answered")
    blocks: tuple[Block, ...] = (Table(headings, rows),) if rows else (Words("None was made."),)
    others = tuple(_question(story, a) for a in story.asked if a.subject.plan is None)
    if others:
        table = Table(("asked", "question", "yes by", "answered"), others)
        blocks = (*blocks, Words("Other questions:"), table)
    return Section("Plans and approvals", blocks)


def _plan(
    story: Retold, at: datetime, made: events.PlanReady | events.GuardRefused
) -> tuple[Cell, ...]:
    rollout = story.rollout
    where = Cell(", ".join(rollout.unit(made.unit).regions))
    when = Cell(brief_time(at, rollout.started_at))
    if isinstance(made, events.GuardRefused):
        said = Cell("; ".join(made.findings), Tone.BAD)
        return (when, where, Cell(""), said, Cell("refused by the guard", Tone.BAD), Cell(""))
    asked = [a for a in story.asked if a.subject.plan == made.plan.id]
    answers = _answers(story, asked[-1]) if asked else _covered(story, made)
    return (
        when,
        where,
        Cell(str(made.plan.id)[:_ID]),
        Cell("; ".join(made.consequences)),
        *answers,
    )


def _covered(story: Retold, made: events.PlanReady) -> tuple[Cell, Cell]:
    """A plan that nobody is asked about goes by the yes to its wave, or to the start."""
    wave = story.rollout.unit(made.unit).wave

    def covers(subject: Subject) -> bool:
        return subject.unit is None and subject.wave in {wave, None}

    given = [a for a in story.asked if covers(a.subject) and a.by]
    if not given:
        return Cell(f"{story.rollout.policy.approve}: nobody was asked", Tone.QUIET), Cell("")
    by, at = _answers(story, given[-1])
    return Cell(f"{by.text} (with the {given[-1].subject.asks})"), at


def _question(story: Retold, asked: Asked) -> tuple[Cell, ...]:
    when = Cell(brief_time(asked.at, story.rollout.started_at))
    return (when, Cell(asked.question), *_answers(story, asked))


def _answers(story: Retold, asked: Asked) -> tuple[Cell, Cell]:
    if asked.answered_at is None:
        text = f"void: {asked.void}" if asked.void else "not answered"
        return Cell(text, Tone.WARN), Cell("")
    by = f"{asked.by}; void: {asked.void}" if asked.void else asked.by
    waited = brief(asked.answered_at - asked.at)
    when = f"{brief_time(asked.answered_at, story.rollout.started_at)}, after {waited}"
    return Cell(by, Tone.WARN if asked.void else Tone.PLAIN), Cell(when)


_STEPPED_IN = (
    events.Paused,
    events.Resumed,
    events.TakenUp,
    events.StopRequested,
    events.TerraformInterrupted,
    events.ApprovalVoid,
    events.RolloutHalted,
    events.RegionLeft,
    events.Skipped,
    events.RecoveryStarted,
    events.RecoveryFinished,
)


_TOLD_IN_FULL = (events.RolloutHalted, events.RegionLeft, events.RolloutFinished)
"""What shows it, and what leads on, stands in sections of its own."""


def interventions(story: Retold) -> Section:
    """Return pauses, interrupts, halts, take-overs, plans made again, and moves."""
    rows = tuple(_lines(story, lambda event: isinstance(event, _STEPPED_IN)))
    if not rows:
        return Section(
            "Interventions", (Words("Nobody had to step in, and nothing was repeated."),)
        )
    return Section("Interventions", (Table(("at", "", "what"), rows),))


def timeline(story: Retold) -> Section:
    """Return the whole story in sentences."""
    rows = tuple(_lines(story, lambda _: True))
    return Section("Timeline", (Table(("at", "", "what"), rows),))


def _lines(story: Retold, is_wanted: Callable[[events.Event], bool]) -> Iterator[tuple[Cell, ...]]:
    for told in story.told:
        if is_wanted(told.event):
            sentence = told.sentence
            is_told = isinstance(told.event, _TOLD_IN_FULL)
            details = "" if is_told else sentence.details
            text = "\n".join(filter(None, (sentence.text, details)))
            when = Cell(brief_time(told.at, story.rollout.started_at))
            yield when, Cell(TONES[sentence.tone], sentence.tone), Cell(text, sentence.tone)
