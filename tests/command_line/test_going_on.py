"""`recover skip`, `continue` and `abort`: a region is left as it is, and that is on record."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest

from console.domain.commands import Approve, Close
from console.domain.events import Entry, RecoveryFinished, RecoveryStarted, RolloutStarted, Skipped
from console.domain.fleet import RegionName
from console.domain.machine import Input, begin, decide
from console.domain.observations import Sampled, Ticked
from console.domain.policy import Approve as Approvals
from console.domain.policy import Policy
from console.domain.recovery.move import Move
from console.domain.recovery.remedies import Remedy
from console.domain.rollout import Rollout
from console.domain.steps import At, Step
from console.journal.local import LocalJournal
from tests.headless.telling import problems
from tests.recovery.test_going_on import BreaksIn
from tests.rollout.world import OLD, START, PaperWorld, policy, started

from .console import Project, Ran
from .test_left_open import hold

AWAY = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_MAX_ATTEMPTS": "1"}
REGIONS = ("us-east-1", "us-west-1", "eu-west-1")


def keep(journal: LocalJournal, fails_in: str, *, is_closed: bool = True) -> Rollout:
    """Journal a rollout whose apply fails in a region, up to its halt or its end."""
    world = BreaksIn({name: [OLD] for name in REGIONS})
    world.region = fails_in
    rules = replace(policy(us_east_1=1, us_west_1=1, eu_west_1=1), approve=Approvals.ONCE)
    return journaled(journal, world, rules, is_closed=is_closed)


def journaled(
    journal: LocalJournal, world: PaperWorld, rules: Policy, *, is_closed: bool
) -> Rollout:
    """Journal a rollout in a world that breaks, up to its halt or its end."""
    decision = begin(started(rules), world.now)
    journal.append(decision.entries)
    waiting: list[Any] = list(decision.effects)
    given: list[Input | None]
    rollout = decision.rollout
    while not rollout.is_finished and (is_closed or rollout.halt is None):
        if waiting:
            given = [world.answer(waiting.pop(0))]
        elif rollout.waiting_for:
            given = [Approve(rollout.waiting_for[0], "ada@host")]
        elif rollout.halt:
            given = [Close("ada@host")]
        else:
            given = [Ticked(), *(Sampled(world.sample(region.name)) for region in rollout.regions)]
        for one in given:
            assert one is not None
            decision = decide(rollout, one, world.now)
            journal.append(decision.entries)
            waiting += decision.effects
            rollout = decision.rollout
    return rollout


def left_in_accept(journal: LocalJournal, rollout: Rollout, region: str) -> None:
    """Journal the start of an accept whose console dies in it."""
    move = Move(RegionName(region), Remedy.ACCEPT, (0,))
    at = At(Step.RECOVER, batch=len(rollout.recoveries))
    begun = RecoveryStarted(at, move, "i-new-0 stays", "ada@host")
    journal.append([Entry(rollout.id, len(journal.read(rollout.id)) + 1, START, begun)])


def ends(ran: Ran) -> list[dict[str, Any]]:
    """Return the lines that tell an end; the last line is one of them."""
    lines = ran.lines
    assert [problem for line in lines for problem in problems(line)] == []
    assert lines[-1]["type"] == "rollout.finished", ran.stderr
    assert lines[-1]["exit_code"] == ran.exit_code
    return [line for line in lines if line["type"] == "rollout.finished"]


@pytest.fixture
def three(project: Project) -> Project:
    """A project of three regions, a wave each."""
    text = project.config.read_text()
    text = text.replace("  eu-west-1: {count: 2}\n", "  us-west-1: {}\n  eu-west-1: {}\n")
    text = text.replace("[us-east-1], [eu-west-1]", "[us-east-1], [us-west-1], [eu-west-1]")
    project.config.write_text(text.replace("{}", "{count: 1}"))
    return project


@pytest.fixture
def journal(three: Project) -> LocalJournal:
    return LocalJournal(three.directory / "config/.release-console", "checks")


def newest_start(journal: LocalJournal) -> RolloutStarted:
    event = journal.read(journal.rollouts()[0])[0].event
    assert isinstance(event, RolloutStarted)
    return event


def test_a_skip_begins_a_rollout_of_the_others_that_records_what_it_leaves(
    three: Project, journal: LocalJournal, nobody: str
) -> None:
    keep(journal, "us-west-1")

    ran = three.run(
        *("recover", "skip", "--region", "us-west-1", "--yes", "--json"),
        AWS_ENDPOINT_URL=nobody,
        **AWAY,
    )

    start = newest_start(journal)
    assert [region.name for region in start.policy.regions] == ["us-east-1", "eu-west-1"]
    assert start.leaves == (("us-west-1", "there is no capacity"),)
    assert "us-west-1 is left as it is: there is no capacity" in ran.stderr
    assert (ran.lines[0]["type"], ran.lines[0]["release"]) == ("rollout.started", "0.9.1")
    assert (ran.lines[-1]["type"], ran.exit_code) == ("rollout.finished", 3)  # AWS is not there


def test_a_failed_canary_is_not_skipped(three: Project, journal: LocalJournal, nobody: str) -> None:
    keep(journal, "us-east-1")
    before = journal.rollouts()

    ran = three.run(
        *("recover", "skip", "--region", "us-east-1", "--yes"), AWS_ENDPOINT_URL=nobody, **AWAY
    )

    assert ran.exit_code == 3
    assert "the canary failed: it was there to keep the release from the others" in ran.stderr
    assert journal.rollouts() == before


def test_a_rollout_that_was_left_open_at_its_halt_is_taken_up_to_skip(
    three: Project, journal: LocalJournal, nobody: str
) -> None:
    left = keep(journal, "us-west-1", is_closed=False)

    elsewhere = three.run(
        *("recover", "skip", "--region", "eu-west-1", "--yes"), AWS_ENDPOINT_URL=nobody, **AWAY
    )
    ran = three.run(
        *("recover", "skip", "--region", "us-west-1", "--yes"), AWS_ENDPOINT_URL=nobody, **AWAY
    )

    assert (elsewhere.exit_code, "us-west-1 halted it" in elsewhere.stderr) == (3, True)
    assert tuple(journal.rollouts()) == (left.id,)
    assert any(isinstance(entry.event, Skipped) for entry in journal.read(left.id)), ran.stderr
    assert ran.exit_code == 5


def test_it_goes_on_to_the_regions_that_do_not_have_the_release(
    three: Project, journal: LocalJournal, nobody: str
) -> None:
    keep(journal, "us-west-1")

    three.run(*("recover", "continue", "--yes"), AWS_ENDPOINT_URL=nobody, **AWAY)

    start = newest_start(journal)
    assert (start.label, start.leaves) == ("0.9.1", ())
    assert {region.name for region in start.policy.regions} == set(REGIONS)


def test_what_is_open_is_aborted_and_what_has_ended_is_not(
    three: Project, journal: LocalJournal, nobody: str
) -> None:
    keep(journal, "us-west-1")

    ran = three.run("recover", "abort", "--yes", AWS_ENDPOINT_URL=nobody, **AWAY)

    assert ran.exit_code == 0
    assert "no rollout is open; there is nothing to abort" in ran.stderr


@pytest.mark.parametrize("typed", ["recover skip --yes", "recover skip --region mars --yes"])
def test_a_skip_names_one_region(three: Project, typed: str) -> None:
    ran = three.run(*typed.split())

    assert ran.exit_code == 2
    assert "us-east-1, us-west-1, eu-west-1" in ran.stderr


def test_a_fleet_without_rollouts_has_nothing_to_go_on_with(three: Project) -> None:
    ran = three.run("recover", "continue", "--yes")

    assert ran.exit_code == 3
    assert "no rollout has done anything here" in ran.stderr


@pytest.mark.parametrize(
    ("typed", "takes_no"),
    [
        ("recover continue --region us-east-1", "continue takes no --region"),
        ("recover abort --regions us-east-1,eu-west-1", "abort takes no --region"),
        ("recover skip --region us-west-1 --slot 0", "skip takes no --slot"),
        ("recover skip --region us-west-1 --instance i-0 --release 0.9.2", "--instance, --release"),
        ("recover continue --image registry.example.com/checks:0.9.2", "continue takes no --image"),
    ],
)
def test_what_is_named_and_not_taken_is_refused(
    three: Project, journal: LocalJournal, nobody: str, typed: str, takes_no: str
) -> None:
    keep(journal, "us-west-1")
    before = journal.rollouts()

    ran = three.run(
        *typed.split(),
        *("--yes", "--json", "--config", str(three.config)),
        AWS_ENDPOINT_URL=nobody,
        **AWAY,
    )

    (last,) = ends(ran)
    assert (ran.exit_code, last["outcome"]) == (2, "refused")
    assert takes_no in last["reason"]
    assert "release-console recover " in last["next"]
    assert f"--config {three.config}" in last["next"]
    assert journal.rollouts() == before


def test_what_a_dead_console_left_in_a_move_is_ended_before_it_goes_on(
    three: Project, journal: LocalJournal, nobody: str
) -> None:
    """Nobody saw the end of an accept: the region has not the release for that."""
    halted = keep(journal, "eu-west-1")
    left_in_accept(journal, halted, "eu-west-1")

    ran = three.run("recover", "continue", "--yes", AWS_ENDPOINT_URL=nobody, **AWAY)

    ended = journal.read(halted.id)[-1].event
    assert isinstance(ended, RecoveryFinished), ran.stderr
    assert ended.failure is not None
    assert len(journal.rollouts()) == 2
    assert {region.name for region in newest_start(journal).policy.regions} == set(REGIONS)


def test_a_skip_too_ends_what_a_dead_console_left_before_it_asks_anything(
    three: Project, journal: LocalJournal, nobody: str
) -> None:
    halted = keep(journal, "us-west-1")
    left_in_accept(journal, halted, "us-west-1")

    ran = three.run("recover", "skip", "--region", "us-west-1", AWS_ENDPOINT_URL=nobody, **AWAY)

    assert isinstance(journal.read(halted.id)[-1].event, RecoveryFinished), ran.stderr
    assert (ran.exit_code, tuple(journal.rollouts())) == (130, (halted.id,))


@pytest.mark.parametrize(
    ("typed", "code", "outcome", "reason"),
    [
        ("recover abort --yes", 0, "completed", "no rollout is open; nothing to abort"),
        ("resume --yes", 0, "completed", "no rollout is open; nothing to resume"),
        ("recover skip --region us-east-1 --yes", 3, "refused", "skip us-east-1: us-east-1 is"),
        ("recover skip --region us-west-1", 130, "aborted", "nobody said yes"),
        ("recover continue", 130, "aborted", "nobody said yes"),
    ],
)
def test_after_the_end_of_a_rollout_the_last_line_tells_how_it_went(
    three: Project,
    journal: LocalJournal,
    nobody: str,
    typed: str,
    code: int,
    outcome: str,
    reason: str,
) -> None:
    keep(journal, "us-west-1")

    ran = three.run(*typed.split(), "--json", AWS_ENDPOINT_URL=nobody, **AWAY)

    (last,) = ends(ran)
    assert (ran.exit_code, last["outcome"]) == (code, outcome)
    assert last["reason"].startswith(reason)


@pytest.mark.parametrize(
    ("typed", "code", "outcome"),
    [
        ("recover abort --yes", 7, "aborted"),
        ("recover abort", 130, "aborted"),
        ("recover skip --region us-west-1 --yes", 5, "partial"),
        ("recover skip --region eu-west-1 --yes", 3, "refused"),
        ("recover continue --yes", 3, "refused"),
    ],
)
def test_where_a_rollout_is_open_the_last_line_tells_how_it_went(
    three: Project, journal: LocalJournal, nobody: str, typed: str, code: int, outcome: str
) -> None:
    keep(journal, "us-west-1", is_closed=False)

    ran = three.run(*typed.split(), "--json", AWS_ENDPOINT_URL=nobody, **AWAY)

    (last,) = ends(ran)
    assert (ran.exit_code, last["outcome"]) == (code, outcome)


@pytest.mark.parametrize("typed", ["abort", "continue", "skip --region us-west-1"])
def test_while_a_console_runs_the_rollout_the_last_line_tells_that(
    three: Project, journal: LocalJournal, typed: str
) -> None:
    keep(journal, "us-west-1", is_closed=False)
    hold(journal, os.getpid())

    ran = three.run("recover", *typed.split(), "--yes", "--json")

    (last,) = ends(ran)
    assert (ran.exit_code, last["outcome"]) == (4, "refused")
