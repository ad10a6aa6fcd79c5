"""How do a region's figures look over time?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from console.domain.figures import Figures
from console.domain.report.blocks import Band, Limit, Plot, Trace
from console.domain.report.retold import Retold
from console.domain.rollout import RegionRun, Rollout
from console.domain.sentence import Tone
from console.domain.steps import Result, Step

_Value = Callable[[Figures], float | None]
_SHOWN = {Step.TAINT, Step.PLAN, Step.APPLY, Step.VERIFY, Step.UNTAINT}
_BANDS = {Step.APPLY: Tone.ASK, Step.VERIFY: Tone.GOOD}


@dataclass(frozen=True, slots=True)
class Seen:
    """A region of a rollout, and what was seen of it."""

    story: Retold
    region: RegionRun
    figures: tuple[Figures, ...]
    """Of this region, in the order of time."""

    @property
    def rollout(self) -> Rollout:
        """The rollout."""
        return self.story.rollout

    @property
    def label(self) -> str:
        """The release that was rolled out."""
        return str(self.rollout.request.label)

    @property
    def before(self) -> str:
        """What stands for the releases that ran before."""
        return ", ".join(self.region.from_releases) or "before"


def capacity(seen: Seen) -> Plot:
    """Return the healthy workers of each release, on each other."""
    new = _trace(seen, seen.label, lambda f: _healthy_of(f, seen.label))
    old = _trace(seen, seen.before, lambda f: _healthy_but(f, seen.label), is_new=False)
    limit = Limit(len(seen.region.slots), str(len(seen.region.slots)))
    return _plot(seen, "healthy workers", "", (new, old), limit, is_stacked=True)


def backlog(seen: Seen) -> Plot:
    """Return the jobs that waited."""
    waiting = _trace(seen, "waiting", lambda f: f.backlog)
    flying = _trace(seen, "in flight", lambda f: f.in_flight, is_new=False)
    return _plot(seen, "jobs", "", (waiting, flying), _limit_of("backlog", seen))


def of_gate(seen: Seen, gate: str) -> Plot | None:
    """Return the measure that `gate` goes by; None where no figures tell it."""
    value = _MEASURES.get(gate)
    if value is None or not seen.figures:
        return None
    title, unit, measure = value
    traces = tuple(measure(seen))
    return _plot(seen, title.format(label=seen.label), unit, traces, _limit_of(gate, seen))


def _plot(
    seen: Seen,
    title: str,
    unit: str,
    traces: tuple[Trace, ...],
    limit: Limit | None,
    *,
    is_stacked: bool = False,
) -> Plot:
    start, end = seen.rollout.started_at, seen.story.ended_at
    where = f"{seen.region.name}: {title}"
    return Plot(where, unit, start, end, traces, limit, tuple(_bands(seen, end)), is_stacked)


def _trace(seen: Seen, name: str, value: _Value, *, is_new: bool = True) -> Trace:
    end = seen.story.ended_at
    found = tuple((f.at, value(f)) for f in seen.figures if f.at <= end)
    return Trace(name, found, is_new)


def _bands(seen: Seen, end: datetime) -> Iterator[Band]:
    """Yield what was done to the region, and when."""
    for step in seen.rollout.steps:
        if step.at.unit == seen.region.unit and step.at.step in _SHOWN:
            is_bad = step.result is Result.FAILED
            tone = Tone.BAD if is_bad else _BANDS.get(step.at.step, Tone.QUIET)
            yield Band(step.at.step.value, step.started_at, step.finished_at or end, tone)
    for bake in seen.story.bakes:
        if bake.wave in {seen.region.wave, None}:
            name = "watch" if bake.wave is None else "bake"
            yield Band(name, bake.started_at, bake.finished_at or end, Tone.QUIET)


def _healthy_of(figures: Figures, label: str) -> float | None:
    found = figures.of(label)
    return found.healthy if found is not None else None


def _healthy_but(figures: Figures, label: str) -> float | None:
    found, every = figures.of(label), figures.healthy
    return every - found.healthy if found is not None and every is not None else None


def _new_workers(seen: Seen) -> Iterator[Trace]:
    yield _trace(seen, seen.label, lambda f: _healthy_of(f, seen.label))


def _finished(seen: Seen) -> Iterator[Trace]:
    def count(figures: Figures) -> float | None:
        found = figures.of(seen.label)
        return found.runs - found.failures if found is not None else None

    yield _trace(seen, seen.label, count)


def _waiting(seen: Seen) -> Iterator[Trace]:
    yield _trace(seen, "waiting", lambda f: f.backlog)


def _age(seen: Seen) -> Iterator[Trace]:
    yield _trace(seen, "oldest", lambda f: f.oldest.total_seconds() if f.oldest else None)


def _dead(seen: Seen) -> Iterator[Trace]:
    before = seen.region.dead_letters_before

    def new(figures: Figures) -> float | None:
        if figures.dead_letters is None or before is None:
            return None
        return max(0, figures.dead_letters - before)

    yield _trace(seen, "new", new)


def _failed(seen: Seen) -> Iterator[Trace]:
    def ratio(runs: int, failures: int) -> float | None:
        return 100 * failures / runs if runs else None

    def new(figures: Figures) -> float | None:
        found = figures.of(seen.label)
        return ratio(found.runs, found.failures) if found is not None else None

    def old(figures: Figures) -> float | None:
        others = [each for each in figures.releases or () if each.release != seen.label]
        return ratio(sum(o.runs for o in others), sum(o.failures for o in others))

    yield _trace(seen, seen.label, new)
    if seen.label not in seen.region.from_releases:
        yield _trace(seen, seen.before, old, is_new=False)


_MEASURES: dict[str, tuple[str, str, Callable[[Seen], Iterator[Trace]]]] = {
    "heartbeat": ("workers that beat with {label}", "", _new_workers),
    "completions": ("jobs finished by {label} of late", "", _finished),
    "backlog": ("jobs waiting", "", _waiting),
    "oldest": ("age of the oldest job", "s", _age),
    "dead_letters": ("new dead letters", "", _dead),
    "failures": ("failed jobs", "%", _failed),
}
"""For each gate whose measure is kept: a title, a unit, and what is drawn."""


def _limit_of(gate: str, seen: Seen) -> Limit | None:
    rules, slots = seen.rollout.policy.gates, len(seen.region.slots)
    new = sum(slot is not None and slot.release == seen.label for slot in seen.region.slots)
    match gate:
        case "heartbeat":
            return Limit(new, str(new))
        case "completions" if rules.completions_min is not None:
            return Limit(rules.completions_min * new, f"{rules.completions_min} each")
        case "backlog" if rules.backlog_per_worker is not None:
            most = rules.backlog_per_worker * slots
            return Limit(most, f"at most {most}")
        case "oldest" if rules.oldest is not None:
            seconds = rules.oldest.total_seconds()
            return Limit(seconds, f"at most {seconds:.0f} s")
        case "dead_letters" if rules.dead_letters_max_new is not None:
            return Limit(rules.dead_letters_max_new, f"at most {rules.dead_letters_max_new}")
        case "failures" if rules.failures_max_ratio is not None:
            percent = 100 * rules.failures_max_ratio
            return Limit(percent, f"at most {percent:.1f} %")
        case _:
            return None


def seen_in(story: Retold, figures: Sequence[Figures]) -> tuple[Seen, ...]:
    """Return the regions of a rollout, wave by wave, each with its figures."""
    waves = sorted(story.rollout.regions, key=lambda region: region.wave)
    return tuple(
        Seen(story, region, tuple(f for f in figures if f.region == region.name))
        for region in waves
    )
