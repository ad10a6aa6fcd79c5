"""What did the gates say, and what do the numbers behind them show?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from console.domain import events
from console.domain.gates import Status
from console.domain.report.blocks import Block, Cell, Plot, Row, Section, Table, Verbatim, Words
from console.domain.report.clock import brief_time
from console.domain.report.jobs import Jobs, jobs
from console.domain.report.plots import Seen, backlog, capacity, of_gate
from console.domain.report.retold import Judged, Retold
from console.domain.sentence import Tone
from console.domain.signs import VERDICTS

NO_FIGURES = (
    "No figures were kept of this rollout, so there are no charts: an earlier version of the "
    "console ran it, or they could not be written."
)


def why(story: Retold, seen: Sequence[Seen]) -> Section | None:
    """Return why it stopped itself, with the charts of the gates that stopped it; None if not."""
    if not story.halts:
        return None
    blocks: list[Block] = []
    for at, halted in story.halts:
        blocks += _halt(story, at, halted, seen)
    return Section("Why it stopped", tuple(blocks))


def _halt(
    story: Retold,
    at: datetime,
    halted: events.RolloutHalted | events.RegionLeft,
    seen: Sequence[Seen],
) -> Iterator[Block]:
    failure = halted.failure
    where = halted.region or halted.at.unit or halted.at.step.value
    when = brief_time(at, story.rollout.started_at)
    yield Words(f"{when}, {where}: {failure.message}", Tone.BAD)
    if failure.evidence:
        yield Verbatim(tuple(failure.evidence.splitlines()))
    if failure.hint:
        yield Words(failure.hint)
    region = next((each for each in seen if each.region.name == halted.region), None)
    if region is not None:
        bad = _bad_gates(story.judged, at, region)
        plots = [plot for gate in bad if (plot := of_gate(region, gate)) is not None]
        if region.figures:
            # Where no measure was at fault, the workers show what came of it.
            yield Row(tuple(plots) or (capacity(region),))
        if plots and (others := _elsewhere(seen, region, bad[0])):
            yield Words(f"The same in the other regions ({bad[0]}):")
            yield Row(others)


_MOST_ELSEWHERE = 6


def _elsewhere(seen: Sequence[Seen], region: Seen, gate: str) -> tuple[Plot, ...]:
    """Return a gate's measure in the other regions: a rise everywhere is not the release's."""
    found = (of_gate(each, gate) for each in seen if each is not region)
    return tuple(p for p in found if p is not None and _has_points(p))[:_MOST_ELSEWHERE]


def _bad_gates(judged: Sequence[Judged], at: datetime, seen: Seen) -> list[str]:
    """Return the gates that stood in the way at `at`, those that failed first."""
    newest = {
        j.verdict.gate: j.verdict for j in judged if j.region == seen.region.name and j.at <= at
    }
    bad = [gate for gate, verdict in newest.items() if not verdict.is_good]
    return sorted(bad, key=lambda gate: _RANKS.index(newest[gate].status))


_RANKS = (Status.FAIL, Status.INCONCLUSIVE, Status.WAIT)


def gates(story: Retold, seen: Sequence[Seen]) -> Section:
    """Return every gate of every region: its last number, its threshold, how it came about."""
    rows = tuple(
        _gate(story, region, gate, mine)
        for region in seen
        for gate, mine in _by_gate(story.judged, region).items()
    )
    if not rows:
        return Section("Gates", (Words("No gate was asked: nothing was applied."),))
    headings = (
        *("region", "gate", "verdict", "measured", "margin", "wanted"),
        *("verdicts over time", "reason"),
    )
    blocks: list[Block] = [Table(headings, rows)]
    for region in seen:
        found = (of_gate(region, gate) for gate in _by_gate(story.judged, region))
        plots = tuple(plot for plot in found if plot is not None and _has_points(plot))
        if plots:
            blocks.append(Row(plots))
    return Section("Gates", tuple(blocks))


def _by_gate(judged: Sequence[Judged], seen: Seen) -> dict[str, list[Judged]]:
    found: dict[str, list[Judged]] = {}
    for each in judged:
        if each.region == seen.region.name:
            found.setdefault(each.verdict.gate, []).append(each)
    return found


def _gate(story: Retold, seen: Seen, gate: str, mine: Sequence[Judged]) -> tuple[Cell, ...]:
    last = mine[-1].verdict
    sign, start = VERDICTS[last.status], story.rollout.started_at
    turns = [now for before, now in pairwise((None, *mine)) if now and _turns(before, now)]
    course = ", ".join(
        f"{brief_time(j.at, start)} {VERDICTS[j.verdict.status].glyph}"
        + (f" {j.verdict.measured}" if j is not mine[-1] else "")
        for j in turns
    )
    word = f"{sign} (dry run)" if last.is_dry else str(sign)
    return (
        Cell(seen.region.name),
        Cell(gate),
        Cell(word, Tone.QUIET if last.is_dry else sign.tone),
        Cell(last.measured),
        Cell(last.spare),
        Cell(last.threshold),
        Cell(course),
        Cell(last.reason),
    )


def _turns(before: Judged | None, now: Judged) -> bool:
    """Whether it is another answer, and not only another number."""
    return before is None or before.verdict.status is not now.verdict.status


def charts(seen: Sequence[Seen]) -> Section:
    """Return workers and jobs over time, region by region."""
    rows = tuple(Row((capacity(each), backlog(each))) for each in seen if each.figures)
    return Section("Capacity and backlog", rows or (Words(NO_FIGURES, Tone.QUIET),))


def done(story: Retold, seen: Sequence[Seen]) -> Section:
    """Return the jobs of each release."""
    found = [each for region in seen for each in jobs(region.figures)]
    if not found:
        return Section("Jobs", (Words(NO_FIGURES, Tone.QUIET),))
    note = (
        "As the workers reported them, so at least as many: the last jobs of a worker that was "
        "replaced may be missing. Of a release that ran before, jobs before the rollout count too."
    )
    headings = ("region", "release", "run", "failed", "share", "since", "until")
    rows = tuple(_jobs(story, each) for each in found)
    return Section("Jobs", (Table(headings, rows), Words(note, Tone.QUIET)))


def _jobs(story: Retold, found: Jobs) -> tuple[Cell, ...]:
    start, is_new = story.rollout.started_at, found.release == story.rollout.request.label
    since = max(found.since, start) if is_new else found.since
    ratio = "-" if found.ratio is None else f"{found.ratio:.1%}"
    return (
        Cell(found.region),
        Cell(found.release),
        Cell(str(found.runs), is_number=True),
        Cell(str(found.failures), Tone.BAD if found.failures else Tone.PLAIN, is_number=True),
        Cell(ratio, is_number=True),
        Cell(brief_time(since, start)),
        Cell(brief_time(found.until, start)),
    )


def _has_points(plot: Plot) -> bool:
    return any(value is not None for trace in plot.traces for _, value in trace.points)
