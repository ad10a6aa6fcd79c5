"""A run has one end, and its exit code, its last line and its journal tell the same one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console.adapters.notify import AppriseNotifications, NotifyAddress
from console.commands import rollout
from console.commands.asked import Asked
from console.commands.last_line import with_its_end
from console.commands.rollout import roll_out
from console.domain import effects
from console.domain.events import Entry, StepStarted
from console.domain.evolve import replay
from console.domain.observations import Observation
from console.domain.rollout import Rollout
from console.domain.steps import Step
from console.domain.vocabulary import Occasion
from console.engine.past import past
from console.engine.ports import JournalError
from console.engine.stream import Stream
from console.errors import HaltedError, HandedOverError, LockedError, RefusedError, UsageError
from console.headless.output import LineWriter
from console.journal.figures import FiguresFile
from console.journal.lease import LeaseDesk
from console.journal.local import LocalJournal
from tests.engine.paper import LoopClock, PaperJournal, PaperPerformer
from tests.headless.telling import problems
from tests.notify.webhook import Webhook
from tests.rollout.world import BROKEN, NEW, OLD, START, PaperWorld, policy


class Buggy(PaperPerformer):
    """A performer with a bug in one kind of effect."""

    bug_in: type | None = None

    async def perform(self, effect: effects.Effect, rollout: Rollout) -> Observation:
        if self.bug_in is not None and isinstance(effect, self.bug_in):
            raise ZeroDivisionError("in the performer")
        return await super().perform(effect, rollout)


class World:
    """What a rollout is wired to: a real journal and lease, and a fleet on paper."""

    def __init__(self, directory: Path) -> None:
        self.settings = SimpleNamespace(fleet="checks", environment="test", store=directory)
        self.config = directory / "c.yaml"
        self.figures = FiguresFile(directory)
        self.policy = self.standing = policy(us_east_1=1)
        self.journal = LocalJournal(directory, "checks")
        self.desk = LeaseDesk(self.journal)
        self.paper = PaperWorld({"us-east-1": [OLD]})
        self.bug_in: type | None = None
        self.notifications = AppriseNotifications([])

    def newest_rollout(self) -> Rollout | None:
        name = next(iter(self.journal.rollouts()), None)
        return replay(self.journal.read(name)) if name else None

    def past(self) -> Iterator[Rollout]:
        return past(self.journal.rollouts, self.journal.read)

    def last_acted(self) -> Rollout | None:
        return next(self.past(), None)

    @asynccontextmanager
    async def running(self, _: str) -> AsyncIterator[SimpleNamespace]:
        performer = Buggy(self.paper, LoopClock(), PaperJournal(), takes=lambda _: 0.01)
        performer.bug_in = self.bug_in
        yield SimpleNamespace(performer=performer, stream=Stream())


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path / "store")
    monkeypatch.setattr(rollout, "wire", lambda *_, **__: made)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return made


def ends(capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]], str]:
    """Roll out, and return the exit code, the lines that tell an end, and the narration."""
    code = roll_out(Asked(None, release="0.9.1", auto=True, as_json=True))
    told = capsys.readouterr()
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert [problem for line in lines for problem in problems(line)] == []
    assert lines[-1]["type"] == "rollout.finished"
    assert lines[-1]["exit_code"] == code
    return code, [line for line in lines if line["type"] == "rollout.finished"], told.err


def assert_one_end(code: int, told: list[dict[str, Any]], world: World) -> None:
    ended = world.newest_rollout()
    assert ended is not None
    (last,) = told
    assert (last["outcome"], last["reason"]) == (ended.outcome, ended.reason)
    assert last["exit_code"] == code
    assert world.desk.look() is None


def assert_reported(world: World, narration: str) -> None:
    """The narration ends with where the report is, which tells the outcome."""
    last = narration.splitlines()[-1]
    assert last.startswith("report: ")
    for path in map(Path, last.removeprefix("report: ").split(", ")):
        assert path.parent == world.settings.store / "reports"
        ended = world.newest_rollout()
        assert ended is not None
        assert str(ended.outcome) in path.read_text("utf-8")


def test_a_good_rollout_ends_once(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    code, told, narration = ends(capsys)

    assert_one_end(code, told, world)
    assert code == 0
    assert_reported(world, narration)
    assert world.paper.slots == {"us-east-1": [NEW]}


def test_a_failed_apply_ends_once(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.paper.failures[effects.ApplyPlan] = BROKEN

    code, told, narration = ends(capsys)

    assert_one_end(code, told, world)
    assert code == 5
    assert_reported(world, narration)


def test_a_report_that_cannot_be_written_changes_nothing_about_how_it_ended(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.settings.store.mkdir()
    (world.settings.store / "reports").write_text("a file is in the way")

    code, told, narration = ends(capsys)

    assert_one_end(code, told, world)
    assert code == 0
    assert "no report was written: the report cannot be written to" in narration


@pytest.mark.parametrize("bug_in", [effects.Survey, effects.ApplyPlan, effects.TakeCensus])
def test_a_bug_is_told_and_changes_nothing_about_how_it_ended(
    bug_in: type, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rollout that changed the fleet is never told as refused, which says that nothing was."""
    world.bug_in = bug_in

    code, told, narration = ends(capsys)

    assert_one_end(code, told, world)
    assert "the trace is in" in narration


class FullDisk(LocalJournal):
    """A journal on a disk that fills up when a step begins."""

    fails_at: Step

    def insert(self, connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
        begun = [e.event.at.step for e in entries if isinstance(e.event, StepStarted)]
        if self.fails_at in begun:
            raise JournalError("the journal cannot be written: disk is full; free some space")
        super().insert(connection, entries)


@pytest.mark.parametrize(
    ("step", "code", "outcome", "phrase"),
    [
        (Step.BUILD, 3, "refused", "nothing was changed"),
        (Step.VERIFY, 5, "inconclusive", "regions had been begun"),
    ],
)
def test_a_disk_that_fills_up_is_told_with_what_was_begun(
    step: Step,
    code: int,
    outcome: str,
    phrase: str,
    world: World,
    capsys: pytest.CaptureFixture[str],
) -> None:
    full = FullDisk(world.journal.path.parent, "checks")
    full.fails_at = step
    world.journal = full

    exit_code, (last,), narration = ends(capsys)

    assert (exit_code, last["exit_code"], last["outcome"]) == (code, code, outcome)
    assert phrase in last["reason"]
    assert "free some space" in narration
    assert world.desk.look() is None


def test_those_who_are_away_are_told_how_it_went(
    world: World, capsys: pytest.CaptureFixture[str], webhook: Webhook
) -> None:
    world.notifications = told_of(webhook.address)
    code, told, _ = ends(capsys)
    assert_one_end(code, told, world)
    # A rollout on paper takes so little time that both may come as one message.
    assert webhook.posts[-1]["title"].startswith("checks (test): 0.9.1 completed")
    assert "rolling out 0.9.1" in str(webhook.posts)


@pytest.mark.parametrize("path", ["refused", "hangs-up"])
def test_who_cannot_be_told_is_named_and_changes_nothing(
    world: World, capsys: pytest.CaptureFixture[str], webhook: Webhook, path: str
) -> None:
    world.notifications = told_of(f"{webhook.address}/{path}/TOKEN")
    code, told, narrated = ends(capsys)
    assert (code, len(told)) == (0, 1)
    assert "notify[0] (json) was not notified (completed): it" in narrated
    assert "TOKEN" not in narrated


def told_of(url: str) -> AppriseNotifications:
    """Return one recipient, who is told of everything."""
    return AppriseNotifications([NotifyAddress(url, frozenset(Occasion))])


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (UsageError("there is no region mars"), "refused", 2),
        (RefusedError("it does not fit"), "refused", 3),
        (LockedError("somebody else runs it"), "refused", 4),
        (HandedOverError("somebody else goes on with it"), "inconclusive", 4),
        (HaltedError("it was begun, and is not finished"), "inconclusive", 5),
        (ZeroDivisionError("in the command"), "inconclusive", 1),
    ],
)
def test_an_error_amid_the_lines_is_told_by_the_last_one(
    error: Exception,
    outcome: str,
    code: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def act(lines: LineWriter | None) -> int:
        assert lines is not None
        lines.write(START, "r1", {"type": "notice", "text": "a Terraform still runs"})
        raise error

    ended_with = with_its_end(act, as_json=True)

    told = capsys.readouterr()
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert [problem for line in lines for problem in problems(line)] == []
    assert [(line["seq"], line["type"]) for line in lines] == [
        (1, "notice"),
        (2, "rollout.finished"),
    ]
    assert (ended_with, lines[-1]["exit_code"], lines[-1]["outcome"]) == (code, code, outcome)
    assert str(error) in told.err
