"""A report tells the outcome and its reason first, shows what proves it, and obeys nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from console.domain.events import (
    Entry,
    GuardRefused,
    Noticed,
    RolloutFinished,
    RolloutStarted,
    StepStarted,
    WatchFinished,
    WatchStarted,
)
from console.domain.figures import Figures, ReleaseFigures, figures_of
from console.domain.fleet import RegionName, UnitName
from console.domain.release import ReleaseLabel
from console.domain.report.assembly import report_of
from console.domain.report.blocks import Plot, Report, Row, Section, Trace
from console.domain.report.jobs import jobs
from console.domain.report.proof import NO_FIGURES
from console.domain.sentence import Tone
from console.domain.steps import At, Step
from console.report.html import to_html
from console.report.markdown import to_markdown
from console.report.svg import draw
from screenshots.recording import recorded
from tests.journal.stories import NAMES, story
from tests.rollout.world import START

from .told import MINUTE, WINDOW, Page, halted_by_a_gate, read

if TYPE_CHECKING:
    from collections.abc import Sequence

RECORDED = ("0.8.9", "0.9.1", "0.9.1-rc1", "0.9.2", "0.9.1-in-production")
NASTY = "<script>alert(1)</script> | [x](javascript:1) `a` **b** \x1b[31mred\u202e &lt;"


def of_recording(name: str) -> Report:
    """Return the report of a recorded rollout."""
    recording = recorded(name)
    seen = sorted(recording.samples, key=lambda sample: sample.at)
    return report_of(recording.entries, [figures_of(s, MINUTE, WINDOW) for s in seen])


def section(report: Report, title: str) -> Section:
    """Return a section by its title."""
    return next(found for found in report.sections if found.title == title)


def plots(found: Section) -> list[Plot]:
    """Return the plots of a section."""
    return [plot for block in found.blocks if isinstance(block, Row) for plot in block.plots]


def rendered(markdown: str) -> Page:
    """Return Markdown as GitHub would show it."""
    return read(str(MarkdownIt("commonmark").enable("table").render(markdown)))


def texts(markdown: str) -> str:
    """Return what a person reads of Markdown."""
    return rendered(markdown).text


def test_a_region_that_was_left_as_it_is_is_told_with_the_reason() -> None:
    entries, figures = halted_by_a_gate()
    start = entries[0].event
    assert isinstance(start, RolloutStarted)
    leaves = ((RegionName("us-west-1"), "there is no capacity"),)
    entries[0] = replace(entries[0], event=replace(start, leaves=leaves))

    page = read(to_html(report_of(entries, figures)))

    assert "left as it is\nus-west-1: there is no capacity" in page.text


@pytest.mark.parametrize("name", [*RECORDED, *NAMES])
def test_every_rollout_has_a_page_that_needs_nothing_else(name: str) -> None:
    report = of_recording(name) if name in RECORDED else report_of(story(name)[0], ())

    page = read(to_html(report))

    assert (page.wrong, page.open) == ([], [])
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert not [a for a in page.attributes if a[0] in {"src", "href"} or a[0].startswith("on")]
    assert report.reason in page.text
    assert [s.title for s in report.sections if s.title not in page.text] == []


@pytest.mark.parametrize("name", [*RECORDED, *NAMES])
def test_both_forms_tell_the_same(name: str) -> None:
    report = of_recording(name) if name in RECORDED else report_of(story(name)[0], ())

    told = texts(to_markdown(report))

    for told_of in report.sections:
        for block in told_of.blocks:
            cells = [cell.text for row in getattr(block, "rows", ()) for cell in row]
            assert [cell for cell in cells if "\n" not in cell and cell.strip() not in told] == []


def test_the_outcome_and_its_reason_come_before_everything_else() -> None:
    text = read(to_html(of_recording("0.9.2"))).text

    places = [text.index(part) for part in ("✗ partial", "did not become ready", "Why it stopped")]
    assert places == sorted(places)
    assert text.index("Why it stopped") < text.index("Capacity and backlog")
    assert "toomanyrequests: Rate exceeded" in text
    assert "release-console recover restore --region us-west-1" in text


def test_a_rollout_that_a_gate_halted_says_why_with_that_gates_chart() -> None:
    entries, figures = halted_by_a_gate()

    report = report_of(entries, figures)

    chart = plots(section(report, "Why it stopped"))[0]
    assert chart.title == "us-east-1: failed jobs"
    assert chart.limit is not None
    measured = [value for _, value in chart.traces[0].points if value is not None]
    assert (chart.limit.value, max(measured)) == (2.0, 10.0)
    assert "failures is 2 of 20 runs, wanted at most 2.0%" in report.reason


def test_a_halt_without_a_measure_shows_the_workers() -> None:
    chart = plots(section(of_recording("0.9.2"), "Why it stopped"))[0]

    assert chart.title == "us-west-1: healthy workers"


def test_a_rollout_that_went_well_has_nothing_to_explain() -> None:
    report = of_recording("0.9.1")

    assert [s.title for s in report.sections if s.title == "Why it stopped"] == []
    assert (report.outcome, report.tone) == ("✓ completed", "good")


def test_the_capacity_adds_up_to_the_healthy_workers_at_every_moment() -> None:
    chart = next(p for p in plots(section(of_recording("0.9.1"), "Capacity and backlog")))

    at_once = list(zip(*(trace.points for trace in chart.traces), strict=True))
    sums = [(new[1] or 0) + (old[1] or 0) for new, old in at_once]
    assert min(sums) >= 1
    assert (at_once[0][0][1], at_once[-1][1][1]) == (0, 0)


def test_plans_are_told_with_what_they_said_and_who_said_yes() -> None:
    told = texts(to_markdown(of_recording("0.9.2")))

    assert "us-west-1: create 3, destroy 3" in told
    assert "at least 3 workers stay healthy" in told
    assert "16:34:05, after 6s" in told


def test_a_plan_that_the_guard_refused_is_told_as_refused() -> None:
    entries = list(recorded("0.9.1").entries)
    first = next(i for i, e in enumerate(entries) if e.event == StepStarted(first_plan(entries)))
    refused = GuardRefused(UnitName("us-east-1"), 0, ("i-1 would go without a replacement",))
    made = entries[: first + 1]
    made.append(Entry(made[0].rollout, len(made) + 1, made[-1].at, refused))

    told = texts(to_markdown(report_of(made, ())))

    assert "refused by the guard" in told
    assert "i-1 would go without a replacement" in told


def first_plan(entries: Sequence[Entry]) -> At:
    """Return where the first plan is begun."""
    return next(
        e.event.at
        for e in entries
        if isinstance(e.event, StepStarted) and e.event.at.step is Step.PLAN
    )


def test_foreign_text_is_shown_and_not_obeyed() -> None:
    entries, _ = story("good")
    finished = entries[-1].event
    assert isinstance(finished, RolloutFinished)
    entries[-1] = replace(entries[-1], event=replace(finished, reason=NASTY, next=NASTY))
    notice = Entry(entries[0].rollout, 0, START, Noticed(NASTY))
    report = report_of([entries[0], notice, *entries[1:]], ())

    page, markdown = read(to_html(report)), rendered(to_markdown(report))

    shown = NASTY.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    for found in (page, markdown):
        assert (found.wrong, found.open) == ([], [])
        assert not {"script", "a", "em", "strong"} & set(found.tags) - {"strong"}
        assert found.text.count(shown) >= 3


def test_a_rollout_without_an_end_is_told_as_open() -> None:
    entries = recorded("0.9.1").entries[:30]

    report = report_of(entries, (), left="it was left open: release-console resume goes on")

    assert report.outcome == "▶ open"
    assert report.reason.startswith("it was left open: release-console resume goes on")
    assert "exit code" not in read(to_html(report)).texts


def test_without_figures_it_says_so_and_invents_none() -> None:
    report = report_of(recorded("0.9.1").entries, (), trouble="the file cannot be read")
    text = read(to_html(report)).text

    assert NO_FIGURES in text
    assert "the file cannot be read" in text
    assert [p for s in report.sections for p in plots(s)] == []


@pytest.mark.parametrize("is_stacked", [True, False])
def test_a_time_of_which_nothing_is_known_is_a_gap(*, is_stacked: bool) -> None:
    times = [START + timedelta(seconds=10 * place) for place in range(5)]
    traces = (Trace("0.9.1", tuple(zip(times, (1.0, 2.0, None, 2.0, 2.0), strict=True))),)
    plot = Plot("healthy", "", START, times[-1], traces, is_stacked=is_stacked)

    text = to_markdown(Report("r1", "", "", Tone.PLAIN, "", (Section("", (Row((plot,)),)),)))

    assert read(draw(plot)).tags.count("path") == 2
    (line,) = [line for line in text.splitlines() if line.startswith("0.9.1")]
    assert " " in line.removeprefix("0.9.1 ").strip()


def test_a_plot_without_any_number_says_so() -> None:
    plot = Plot("healthy", "", START, START + MINUTE, (Trace("0.9.1", ((START, None),)),))

    assert "no data" in draw(plot)


def seen(at_s: int, runs: int, failures: int = 0, healthy: int = 2) -> Figures:
    """Return a look at a release, with a window of a minute."""
    own = ReleaseFigures(ReleaseLabel("0.9.1"), healthy, runs, failures)
    at = START + timedelta(seconds=at_s)
    return Figures(RegionName("us-east-1"), at, (own,), window=MINUTE)


def test_jobs_of_a_long_rollout_are_counted_once_each() -> None:
    # Ten jobs a minute and one of them fails; each look tells of the minute before it.
    looks = [seen(at, 10, 1) for at in range(60, 601, 10)]

    (counted,) = jobs(looks)

    assert (counted.runs, counted.failures, counted.ratio) == (100, 10, 0.1)
    assert (counted.since, counted.until) == (START, START + timedelta(minutes=10))


def test_jobs_of_workers_that_are_gone_are_counted_as_they_were_last_seen() -> None:
    (counted,) = jobs([seen(60, 30), seen(70, 28), seen(80, 9, healthy=1), seen(90, 0, healthy=0)])

    assert (counted.runs, counted.until) == (28, START + timedelta(seconds=70))


def test_an_empty_journal_is_no_rollout() -> None:
    with pytest.raises(ValueError, match="its journal is empty"):
        report_of((), ())


def test_the_measure_that_halted_it_is_shown_for_the_other_regions_too() -> None:
    entries, figures = halted_by_a_gate()

    shown = [plot.title for plot in plots(section(report_of(entries, figures), "Why it stopped"))]

    assert shown[0] == "us-east-1: failed jobs"
    assert "eu-west-1: failed jobs" in shown


def test_a_watch_over_all_regions_is_a_part_of_the_path_and_of_each_chart() -> None:
    entries, figures = halted_by_a_gate()
    begun = entries[-3].at
    at = entries[0].rollout, 0, begun
    watching = [
        Entry(*at, WatchStarted(begun + MINUTE)),
        Entry(at[0], 0, begun + MINUTE, WatchFinished(2)),
    ]

    report = report_of([*entries[:-2], *watching, *entries[-2:]], figures)

    told = texts(to_markdown(report))
    assert "watch" in told
    assert "all regions" in told
    for chart in plots(section(report, "Capacity and backlog")):
        assert "watch" in [band.text for band in chart.bands]
