"""`history` lists what was rolled out, and says what it adds up to, or why it does not."""

from __future__ import annotations

import pytest

from console.journal.local import LocalJournal
from screenshots.recording import recorded

from .console import Project

NAMES = ("0.8.9", "0.9.0", "0.9.1-rc1", "0.9.1", "0.9.2")


@pytest.fixture(autouse=True)
def journal(project: Project) -> LocalJournal:
    """The project's journal, with five rollouts in it: three good, one aborted, one halted."""
    journal = LocalJournal(project.directory / "config/.release-console", "checks")
    for name in NAMES:
        journal.append(recorded(name).entries)
    return journal


def test_the_last_line_for_machines_has_the_figures(project: Project) -> None:
    *rollouts, last = project.run("history", "--json").lines

    figures = last["figures"]
    assert len(rollouts) == figures["rollouts"] == len(NAMES)
    assert (figures["changes"], figures["completed"], figures["failed"]) == (4, 3, 1)
    assert figures["change_failure_rate"] == 0.25
    assert figures["lead_time_s"] > 0
    assert (figures["time_to_restore_s"], figures["not_restored"]) == (None, 1)
    assert figures["completed_per_week"] > 0


def test_a_person_reads_them_under_the_list_with_what_they_were_counted_from(
    project: Project,
) -> None:
    told = project.run("history").stdout

    assert "of the last 5 rollouts:" in told
    assert "change failure rate  25% (1 of 4 changes)" in told
    assert "time to restore      too few: 0 restored failures, 3 are needed, 1 not yet" in told


def test_over_too_few_rollouts_no_figure_is_invented(project: Project) -> None:
    *_, last = project.run("history", "--json", "--last", "2").lines

    figures = last["figures"]
    assert (figures["rollouts"], figures["change_failure_rate"]) == (2, None)
    assert (figures["lead_time_s"], figures["completed_per_week"]) == (None, None)


def test_the_help_says_what_each_figure_counts(project: Project) -> None:
    told = " ".join(project.run("history", "--help").stdout.split())

    assert "from the commit of their source to the end of their first completed rollout" in told
    assert "from the first halt until each failed region was led on" in told
