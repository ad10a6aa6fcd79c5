"""`report` writes what a rollout did and says where; what it cannot do, it says in a sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from console.commands.reporting import leave_report
from console.domain.events import RolloutStarted
from console.journal.local import LocalJournal
from console.wiring import wire
from screenshots.recording import recorded

from .console import Project

HALTED = "20260731-163000-0.9.2"


@pytest.fixture
def store(project: Project) -> Path:
    """The project's store, with two rollouts in its journal."""
    store = project.directory / "config/.release-console"
    journal = LocalJournal(store, "checks")
    for name in ("0.9.1", "0.9.2"):
        journal.append(recorded(name).entries)
    return store


def ids(store: Path) -> tuple[str, ...]:
    return LocalJournal(store, "checks").rollouts()


def test_the_last_one_is_written_into_the_store_in_both_forms(
    project: Project, store: Path
) -> None:
    ran = project.run("report")

    paths = [Path(line) for line in ran.stdout.splitlines()]
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert [path.name for path in paths] == [f"{HALTED}.md", f"{HALTED}.html"]
    assert {path.parent.resolve() for path in paths} == {store / "reports"}
    assert paths[0].read_text("utf-8").startswith("# 0.9.2 to browser-check-worker (staging)")
    assert "did not become ready" in paths[1].read_text("utf-8")


def test_a_beginning_of_an_id_and_a_directory_are_enough(project: Project, store: Path) -> None:
    older = ids(store)[1]

    ran = project.run("report", older[:13], "--format", "md", "--out", "here/and there")

    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout.strip() == f"here/and there/{older}.md"
    assert "completed" in (project.directory / ran.stdout.strip()).read_text("utf-8")


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("2026", "is the beginning of several"),
        ("0.9.7", "there is no rollout '0.9.7'"),
    ],
)
def test_a_name_of_none_or_of_several_is_told_with_those_that_there_are(
    project: Project, store: Path, named: str, told: str
) -> None:
    ran = project.run("report", named)

    assert ran.exit_code == 2
    assert told in ran.stderr
    assert HALTED in ran.stderr


def test_without_any_rollout_it_says_so(project: Project) -> None:
    ran = project.run("report")

    assert ran.exit_code == 2
    assert "nothing was ever rolled out here" in ran.stderr


def test_a_broken_store_is_told_and_no_file_is_written(project: Project, store: Path) -> None:
    (store / "journal.sqlite3").write_bytes(b"not a database at all, for long enough" * 200)
    for beside in store.glob("journal.sqlite3-*"):
        beside.unlink()

    ran = project.run("report")

    assert ran.exit_code == 3
    assert "journal.sqlite3 cannot be read" in ran.stderr
    assert not (store / "reports").exists()


def test_broken_figures_cost_the_charts_alone(project: Project, store: Path) -> None:
    (store / "samples.sqlite3").write_bytes(b"not a database at all, for long enough" * 200)

    ran = project.run("report", "--format", "md")

    assert ran.exit_code == 0, ran.stderr
    text = Path(project.directory / ran.stdout.strip()).read_text("utf-8")
    assert "They could not be read: the journal" in text
    assert "cannot be read" in text


def test_a_rollout_that_was_left_open_is_told_as_such(project: Project, store: Path) -> None:
    entries = [replace(e, rollout="20260901-left") for e in recorded("0.9.1").entries[:30]]
    begun = entries[0].event
    assert isinstance(begun, RolloutStarted)
    entries[0] = replace(entries[0], event=replace(begun, rollout="20260901-left"))
    later = [replace(e, at=e.at.replace(year=2027)) for e in entries]
    LocalJournal(store, "checks").append(later)

    ran = project.run("report", "--format", "md")

    assert ran.exit_code == 0, ran.stderr
    text = Path(project.directory / ran.stdout.strip()).read_text("utf-8")
    assert "**▶ open**" in text
    assert "it was left open: release-console resume goes on with it" in text


def test_a_directory_for_the_report_goes_with_a_headless_rollout(project: Project) -> None:
    ran = project.run("--report", "out", "--release", "0.9.1")

    assert ran.exit_code == 2
    assert "--report goes with --auto" in ran.stderr


def test_a_report_that_cannot_be_written_is_told_and_fails_nothing(
    project: Project, store: Path
) -> None:
    said: list[str] = []
    world = wire(project.config)
    in_the_way = project.directory / "in-the-way"
    in_the_way.write_text("a file")

    leave_report(world, HALTED, in_the_way, said.append)
    leave_report(world, "never-begun", None, said.append)

    assert len(said) == 1
    assert said[0].startswith("no report was written: the report cannot be written to")
