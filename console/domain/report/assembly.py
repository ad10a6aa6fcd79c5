"""What does the report of a rollout say, and in which order?

The outcome and its reason first; then what shows it; then the course of things.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.domain.events import Entry
from console.domain.figures import Figures
from console.domain.outcome import RegionOutcome
from console.domain.report.blocks import Block, Cell, Report, Section, Table, Verbatim, Words
from console.domain.report.clock import full
from console.domain.report.course import interventions, path, plans, timeline
from console.domain.report.plots import seen_in
from console.domain.report.proof import charts, done, gates, why
from console.domain.report.retold import Retold, retell
from console.domain.rollout import RegionRun, Rollout
from console.domain.rollout_view import ask_of
from console.domain.sentence import Tone
from console.domain.signs import OPEN, OUTCOMES, REGIONS
from console.domain.spans import brief
from console.domain.steps import At, Result, Step


def report_of(
    entries: Sequence[Entry], figures: Sequence[Figures], *, trouble: str = "", left: str = ""
) -> Report:
    """Return the report.

    Args:
        entries: a rollout's journal from its start, as far as it goes.
        figures: what was kept of its regions, in the order of time.
        trouble: why the figures could not be read; empty where they could.
        left: of a rollout without an end: whether its console lives, in a sentence.

    Raises:
        ValueError: the journal is empty, or does not begin with the rollout's start.
    """
    story = retell(entries)
    if story is None:
        raise ValueError("there is no rollout to report on: its journal is empty")
    rollout, seen = story.rollout, seen_in(story, figures)
    sign = OUTCOMES[rollout.outcome] if rollout.outcome is not None else OPEN
    stopped = why(story, seen)
    sections = (
        _facts(story, left),
        *((stopped,) if stopped is not None else ()),
        _regions(rollout),
        *((_trouble(trouble),) if trouble else ()),
        charts(seen),
        gates(story, seen),
        done(story, seen),
        path(story),
        plans(story),
        interventions(story),
        timeline(story),
    )
    title = f"{rollout.request.label} to {rollout.fleet} ({rollout.environment})"
    return Report(rollout.id, title, str(sign), sign.tone, _reason(story, left), sections)


def _reason(story: Retold, left: str) -> str:
    rollout = story.rollout
    if rollout.outcome is not None:
        return rollout.reason
    return f"{left or 'it has not ended'}: {ask_of(rollout, story.ended_at).text}"


def _facts(story: Retold, left: str) -> Section:
    rows = tuple((Cell(name), Cell(value)) for name, value in _named(story, left) if value)
    blocks: tuple[Block, ...] = (Table(("", ""), rows),)
    if story.rollout.next:
        lines = tuple(story.rollout.next.splitlines())
        blocks = (*blocks, Words("What leads on:"), Verbatim(lines))
    return Section("In short", blocks)


def _named(story: Retold, left: str) -> Iterator[tuple[str, str]]:
    rollout, request = story.rollout, story.rollout.request
    release = rollout.release
    before = dict.fromkeys(label for run in rollout.regions for label in run.from_releases)
    yield "rollout", rollout.id
    yield "release", request.label
    yield "before", ", ".join(before)
    yield "image", release.image if release is not None else request.image or ""
    yield "digest", release.digest if release is not None else ""
    yield "revision", (release.revision or "") if release is not None else ""
    yield "by", rollout.by
    yield "AWS identity", _identity(rollout)
    yield "scale", request.scale.told if request.scale is not None else ""
    yield "takes back", request.rolls_back
    yield "because", request.because
    yield "left as it is", "; ".join(f"{name}: {why}" for name, why in request.leaves)
    yield "settings", request.where
    yield "started", full(rollout.started_at)
    ended = f"{full(story.ended_at)}, after {brief(story.ended_at - rollout.started_at)}"
    if rollout.is_finished:
        yield "ended", ended
        yield "exit code", str(rollout.exit_code)
    else:
        yield "open", f"{left or 'it has no end yet'}; the last fact is of {ended}"


def _identity(rollout: Rollout) -> str:
    """Return who AWS said that we are: preflight asks."""
    record = rollout.step(At(Step.PREFLIGHT))
    return record.note if record is not None and record.result is Result.OK else ""


def _regions(rollout: Rollout) -> Section:
    outcomes = {outcome.region: outcome for outcome in rollout.outcomes}
    waves = sorted(rollout.regions, key=lambda region: region.wave)
    rows = tuple(_region(rollout, run, outcomes.get(run.name)) for run in waves)
    counts = ("new", "old", "tainted", "deposed", "orphaned", "healthy")
    blocks: list[Block] = [Table(("wave", "region", "state", "from", "to", *counts), rows)]
    for outcome in rollout.outcomes:
        blocks += [Words(f"{outcome.region}: {said}", Tone.WARN) for said in outcome.happened]
    if rollout.is_finished and not outcomes:
        blocks.append(Words("No region was counted at the end.", Tone.QUIET))
    return Section("Regions", tuple(blocks))


def _region(rollout: Rollout, run: RegionRun, outcome: RegionOutcome | None) -> tuple[Cell, ...]:
    sign = REGIONS[run.phase]
    return (
        Cell(str(run.wave)),
        Cell(run.name),
        Cell(str(sign), sign.tone),
        Cell(", ".join(run.from_releases)),
        Cell(rollout.request.label if run.batches else ""),
        *(_count(number) for number in _counts(outcome)),
    )


def _counts(outcome: RegionOutcome | None) -> tuple[int | None, ...]:
    if outcome is None:
        return (None,) * 6
    healthy = None if outcome.healthy is None else len(outcome.healthy)
    found = (outcome.new, outcome.old, outcome.tainted, outcome.deposed, outcome.orphaned)
    return (*found, healthy)


def _count(number: int | None) -> Cell:
    """Nobody knows is a dash, and never nought."""
    return Cell("-" if number is None else str(number), is_number=True)


def _trouble(trouble: str) -> Section:
    return Section("Figures", (Words(f"They could not be read: {trouble}", Tone.WARN),))
