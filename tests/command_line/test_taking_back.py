"""What a rollout without a screen takes back by itself, and how it ends where it may not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from console.commands import going_on, recover, resume, rollout, unattended
from console.domain import effects
from console.domain.commands import Approve
from console.domain.events import RolloutFinished
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import Reading, RegionName, SlotTarget, UnitName
from console.domain.machine import begin, decide
from console.domain.observations import Built, Counted, Failed, Observation, Surveyed
from console.domain.policy import OnFailure, Policy
from console.domain.recovery.move import Promised
from console.domain.release import Release, ReleaseLabel
from console.domain.rollout import Rollout
from console.engine.past import past
from console.engine.ports import OnProgress
from console.engine.stream import Stream
from console.engine.surveying import Surveyor
from tests.command_line.test_going_on import journaled
from tests.command_line.test_one_end import Buggy, World, ends
from tests.engine.paper import LoopClock, PaperJournal
from tests.engine.test_preflight import Ports
from tests.headless.telling import problems
from tests.rollout.world import BROKEN, NEW, OLD, PaperWorld, image, policy, started

EAST, EU = RegionName("us-east-1"), RegionName("eu-west-1")
OLDER = SlotTarget(ReleaseLabel("0.8.9"), image("9"))
THROTTLED = Failure(FailureKind.REFUSED, "the heartbeats of us-east-1 cannot be read: Throttling")


class FailsIn(PaperWorld):
    """A world in which what is shipped to one region is not ready in time."""

    region = ""

    def answer(self, effect: effects.Effect) -> Observation | None:
        answer = super().answer(effect)
        if isinstance(effect, effects.ApplyPlan) and effect.unit == self.region:
            slots = self.slots[self.region]
            if NEW in slots:
                self.tainted |= {(self.region, i) for i, ran in enumerate(slots) if ran == NEW}
                return Failed(effect.at, BROKEN)
        return answer


class Performer(Buggy):
    """Knows the regions of its rollout alone, and ships the image that was asked for."""

    refuses: Failure | None = None

    async def perform(self, effect: effects.Effect, rollout: Rollout) -> Observation:
        answer = await super().perform(effect, rollout)
        names = [region.name for region in rollout.regions]
        match answer:
            case Surveyed() if self.refuses is not None and rollout.request.rolls_back:
                return Surveyed((), (self.refuses,))
            case Surveyed(regions) | Counted(regions):
                return replace(answer, regions=tuple(r for r in regions if r.region in names))
            case Built() if rollout.request.image is not None:
                return Built(Release(rollout.request.label, rollout.request.image))
            case _:
                return answer


class Seeing(Ports):
    """Terraform and AWS, in which nobody else works."""

    async def await_others(self, unit: UnitName, on_progress: OnProgress) -> None:
        """Wait for nobody."""


class Fleet(World):
    """What a rollout and a look at its regions are wired to."""

    def __init__(self, directory: Path, fails_in: str, **slots: SlotTarget) -> None:
        super().__init__(directory)
        paper = FailsIn({name.replace("_", "-"): [ran] for name, ran in slots.items()})
        paper.region = fails_in
        self.paper = self.failing = paper
        self.all = replace(policy(**dict.fromkeys(slots, 1)), on_failure=OnFailure.ROLLBACK)
        self.policy = self.standing = self.all
        self.seeing = Seeing(self.paper)
        self.infrastructure = self.fleet = self.seeing
        self.session = SimpleNamespace(close=lambda: None)
        self.refuses: Failure | None = None
        self.looks = 0

    def wire(self, _: Path | None, only: Sequence[RegionName] | None = None) -> Fleet:
        """Return the fleet, restricted to the regions that were named."""
        self.policy = self.standing = self.all if only is None else restricted(self.all, only)
        return self

    @property
    def surveyor(self) -> Surveyor:
        """Looks at the paper world."""
        self.looks += 1
        return Surveyor(
            self.seeing,
            self.seeing,
            self.policy,
            SimpleNamespace(now=lambda: self.paper.now),
            boot_allowance=timedelta(minutes=5),
            past=lambda: past(self.journal.rollouts, self.journal.read),
        )

    @asynccontextmanager
    async def running(self, _: str) -> AsyncIterator[SimpleNamespace]:
        performer = Performer(self.paper, LoopClock(), PaperJournal(), takes=lambda _: 0.01)
        performer.bug_in = self.bug_in
        performer.refuses = self.refuses
        yield SimpleNamespace(performer=performer, stream=Stream())

    @property
    def planned(self) -> list[str]:
        """The regions that a plan was made for, in their order."""
        return [e.unit for e in self.paper.asked if isinstance(e, effects.MakePlan)]


def restricted(rules: Policy, only: Sequence[RegionName]) -> Policy:
    regions = tuple(region for region in rules.regions if region.name in only)
    units = tuple(unit for unit in rules.units if set(unit.regions) & set(only))
    return replace(rules, regions=regions, units=units, is_partial=True)


def wired(monkeypatch: pytest.MonkeyPatch, fleet: Fleet) -> Fleet:
    for module in (rollout, unattended, resume, going_on):
        monkeypatch.setattr(module, "wire", fleet.wire)
    return fleet


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Three regions, of which one runs another release on purpose; the canary fails."""
    slots = {"us_east_1": OLD, "us_west_1": OLD, "eu_west_1": OLDER}
    return wired(monkeypatch, Fleet(tmp_path / "store", "us-east-1", **slots))


def test_a_region_that_was_not_reached_keeps_what_it_runs(
    fleet: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told, _ = ends(capsys)

    assert [line["outcome"] for line in told] == ["partial", "rolled_back"]
    assert code == 6
    back = fleet.newest_rollout()
    assert back is not None
    assert back.request.promised == (Promised(EAST, healthy=1, left_over=0),)
    assert fleet.planned == ["us-east-1", "us-east-1"]
    assert fleet.paper.slots == {"us-east-1": [OLD], "us-west-1": [OLD], "eu-west-1": [OLDER]}


def test_each_region_goes_back_to_what_it_ran_the_last_wave_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slots = {"us_east_1": OLD, "eu_west_1": OLDER}
    fleet = wired(monkeypatch, Fleet(tmp_path / "store", "eu-west-1", **slots))

    code, told, _ = ends(capsys)

    assert [line["outcome"] for line in told] == ["partial", "rolled_back", "rolled_back"]
    assert code == 6
    assert fleet.planned == ["us-east-1", "eu-west-1", "eu-west-1", "us-east-1"]
    assert fleet.paper.slots == {"us-east-1": [OLD], "eu-west-1": [OLDER]}


def test_a_rollback_that_is_refused_does_not_tell_that_nothing_was_changed(
    fleet: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet.refuses = THROTTLED

    code, told, narration = ends(capsys)

    assert [(line["outcome"], line["exit_code"]) for line in told] == [
        ("partial", 5),
        ("refused", 3),
        ("partial", 5),
    ]
    assert code == 5
    assert told[-1]["rollout"] == told[0]["rollout"]
    assert told[-1]["reason"].endswith(f"is not taken back by itself: {THROTTLED.message}")
    assert "release-console recover rollback --region us-east-1" in told[-1]["next"]
    last = narration[narration.rindex("halted: ") :]
    assert "release-console recover rollback --region us-east-1" in last


def test_what_was_taken_back_as_a_whole_is_not_looked_at_once_more(
    fleet: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    """A source that does not answer then would make a failure of it."""
    ends(capsys)

    assert fleet.looks == 1


def test_what_cannot_be_read_is_not_rolled_back_by_itself(
    fleet: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    east = fleet.paper.sample(EAST)
    unread = replace(east, heartbeats=Reading(east.at, error="Throttling"))
    fleet.seeing.samples["us-east-1"] = unread

    code, told, narration = ends(capsys)

    assert [line["outcome"] for line in told] == ["partial"]
    assert code == 5
    assert fleet.planned == ["us-east-1"]
    assert "0.9.1 is not taken back by itself: us-east-1: the region cannot be read" in narration


def test_what_a_killed_console_has_left_is_rolled_back_after_it_was_resumed(fleet: Fleet) -> None:
    killed_before_its_apply(fleet)

    ran = CliRunner().invoke(resume.resume, ["--yes", "--json"])

    assert outcomes(ran) == ["partial", "rolled_back"]
    assert ran.exit_code == 6
    assert fleet.paper.slots == {"us-east-1": [OLD], "us-west-1": [OLD], "eu-west-1": [OLDER]}


@pytest.mark.parametrize("is_open", [True, False], ids=["in the first", "after the first"])
def test_a_take_back_whose_console_died_before_the_second_rollback_is_gone_on_with(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    is_open: bool,
) -> None:
    fleet = died_after_one_rollback(tmp_path, monkeypatch, capsys)
    if is_open:
        without_its_end(fleet)

    ran = CliRunner().invoke(resume.resume, ["--yes", "--json"])

    assert outcomes(ran) == ["rolled_back", "rolled_back"]
    assert ran.exit_code == 6
    assert fleet.paper.slots == {"us-east-1": [OLD], "eu-west-1": [OLDER]}

    again = CliRunner().invoke(resume.resume, ["--yes", "--json"])
    assert (outcomes(again), again.exit_code) == (["completed"], 0)


def test_a_take_back_that_was_whole_is_not_looked_at_once_more_after_a_resume(
    fleet: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    ends(capsys)
    without_its_end(fleet)
    looks = fleet.looks

    ran = CliRunner().invoke(resume.resume, ["--yes", "--json"])

    assert (outcomes(ran), ran.exit_code) == (["rolled_back"], 6)
    assert fleet.looks == looks


def test_what_is_left_of_a_take_back_is_asked_for_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet = died_after_one_rollback(tmp_path, monkeypatch, capsys)

    ran = CliRunner().invoke(resume.resume, [], input="n\n")

    assert "0.9.1 was being taken back; left is us-east-1" in ran.stderr
    assert "Go on with it, as the policy says?" in ran.stderr
    assert fleet.paper.slots == {"us-east-1": [NEW], "eu-west-1": [OLDER]}


def test_where_the_rest_cannot_be_taken_back_the_last_paragraph_names_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet = died_after_one_rollback(tmp_path, monkeypatch, capsys)
    east = fleet.paper.sample(EAST)
    unread = replace(east, heartbeats=Reading(east.at, error="Throttling"))
    fleet.seeing.samples["us-east-1"] = unread

    ran = CliRunner().invoke(resume.resume, ["--yes", "--json"])

    last = json.loads(ran.stdout.splitlines()[-1])
    assert (last["outcome"], last["exit_code"], ran.exit_code) == ("partial", 5, 5)
    assert "release-console recover rollback --region us-east-1 --yes" in last["next"]
    assert "eu-west-1" not in last["next"]
    assert last["regions"]["eu-west-1"]["phase"] == "done"
    assert last["regions"]["eu-west-1"]["tainted"] == 0
    assert last["regions"]["us-east-1"]["to"] == "0.9.1"


def test_a_resumed_rollback_that_is_refused_does_not_tell_that_nothing_was_changed(
    fleet: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet.refuses = THROTTLED
    ends(capsys)
    without_its_end(fleet)

    ran = CliRunner().invoke(resume.resume, ["--yes", "--json"])

    assert outcomes(ran) == ["refused", "partial"]
    assert ran.exit_code == 5
    last = json.loads(ran.stdout.splitlines()[-1])
    assert "release-console recover rollback --region us-east-1" in last["next"]


def test_where_nobody_can_tell_what_is_taken_back_the_end_stands_and_that_is_said(
    fleet: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    ends(capsys)
    without_its_end(fleet)
    origin = fleet.journal.rollouts()[-1]
    with fleet.journal.connect() as connection:
        connection.execute("DELETE FROM entries WHERE rollout = ?", (origin,))

    ran = CliRunner().invoke(resume.resume, ["--yes", "--json"])

    assert (outcomes(ran), ran.exit_code) == (["rolled_back"], 6)
    assert f"{origin} is taken back here, and its journal is gone" in ran.stderr


def test_what_fails_after_a_skip_is_rolled_back_as_after_a_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = left_at_its_halt(tmp_path, monkeypatch)
    fleet.failing.region = "eu-west-1"

    ran = CliRunner().invoke(recover.recover, SKIP)

    assert outcomes(ran)[0] == "partial"
    assert set(outcomes(ran)[1:]) == {"rolled_back"}
    assert ran.exit_code == 6
    assert fleet.paper.slots == {"us-east-1": [OLD], "us-west-1": [OLD], "eu-west-1": [OLDER]}


def test_what_was_skipped_is_not_rolled_back_where_the_others_go_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = left_at_its_halt(tmp_path, monkeypatch)
    fleet.failing.region = ""

    ran = CliRunner().invoke(recover.recover, SKIP)

    assert outcomes(ran) == ["partial"]
    assert ran.exit_code == 5
    assert fleet.paper.slots["eu-west-1"] == [NEW]


@pytest.mark.parametrize("command", ["resume", "skip"])
def test_a_bug_after_another_console_has_died_is_told_with_its_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    fleet = left_at_its_halt(tmp_path, monkeypatch)
    fleet.failing.region = ""
    fleet.bug_in = effects.TakeCensus

    typed = (recover.recover, SKIP) if command == "skip" else (resume.resume, ["--yes", "--json"])
    ran = CliRunner().invoke(*typed)

    assert "ZeroDivisionError('in the performer')" in ran.stderr
    assert "the trace is in" in ran.stderr
    assert len(outcomes(ran)) == 1


SKIP = ["skip", "--region", "us-west-1", "--yes", "--json"]


def left_at_its_halt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Return a fleet whose console has died after the second region had failed."""
    slots = {"us_east_1": OLD, "us_west_1": OLD, "eu_west_1": OLDER}
    fleet = wired(monkeypatch, Fleet(tmp_path / "store", "us-west-1", **slots))
    fleet.settings.regions = {region.name: region for region in fleet.all.regions}
    journaled(fleet.journal, fleet.paper, fleet.all, is_closed=False)
    return fleet


def outcomes(ran: Result) -> list[str]:
    """Return how the rollouts have ended that a command told of; the last line is such an end."""
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [problem for line in lines for problem in problems(line)] == []
    assert lines[-1]["type"] == "rollout.finished"
    assert lines[-1]["exit_code"] == ran.exit_code
    return [line["outcome"] for line in lines if line["type"] == "rollout.finished"]


def killed_before_its_apply(fleet: Fleet) -> None:
    """Journal a rollout up to the plan of its canary, whose console has died."""
    decision = begin(started(fleet.all), fleet.paper.now)
    fleet.journal.append(decision.entries)
    while not any(isinstance(effect, effects.MakePlan) for effect in decision.effects):
        if decision.effects:
            answer = fleet.paper.answer(decision.effects[0])
            assert answer is not None
            decision = decide(decision.rollout, answer, fleet.paper.now)
        else:
            yes = Approve(decision.rollout.waiting_for[0], "ada")
            decision = decide(decision.rollout, yes, fleet.paper.now)
        fleet.journal.append(decision.entries)


def died_after_one_rollback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Fleet:
    """Return a fleet whose console died when one of two regions was taken back."""
    slots = {"us_east_1": OLD, "eu_west_1": OLDER}
    fleet = wired(monkeypatch, Fleet(tmp_path / "store", "eu-west-1", **slots))
    with monkeypatch.context() as dying:
        once = iter([unattended._next])
        dying.setattr(unattended, "_next", lambda *a: next(once, lambda *_: None)(*a))
        _, told, _ = ends(capsys)
    assert [line["outcome"] for line in told] == ["partial", "rolled_back"]
    assert fleet.paper.slots == {"us-east-1": [NEW], "eu-west-1": [OLDER]}
    return fleet


def without_its_end(fleet: Fleet) -> None:
    """Take the last entry of the newest rollout from the journal: its console died before it."""
    newest = fleet.journal.rollouts()[0]
    last = fleet.journal.read(newest)[-1]
    assert isinstance(last.event, RolloutFinished)
    with fleet.journal.connect() as connection:
        place = (newest, last.seq)
        connection.execute("DELETE FROM entries WHERE rollout = ? AND seq = ?", place)
