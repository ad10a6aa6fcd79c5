"""Every line on stdout keeps the published format."""

from __future__ import annotations

from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from console.domain.events import (
    ApprovalVoid,
    Entry,
    GuardRefused,
    Noticed,
    PlanReady,
    RecoveryFinished,
    RecoveryStarted,
    RegionCounted,
    RegionLeft,
    RolloutFinished,
    Skipped,
    StepStarted,
    StopRequested,
    TakenUp,
    WatchFinished,
    WatchStarted,
)
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import InstanceId, RegionName, UnitName
from console.domain.outcome import Outcome, RegionOutcome, RegionPhase
from console.domain.policy import Policy, Unit
from console.domain.recovery.move import Move
from console.domain.recovery.remedies import Remedy
from console.domain.steps import Asks, At, Step, Subject
from console.engine.ports import Progress, ProgressKind
from console.headless.lines import finished_line
from console.headless.output import LineWriter
from tests.journal.stories import NAMES, story
from tests.rollout.world import START, policy, started

from .telling import SCHEMA, Told, following, problems, up_to

EAST = RegionName("us-east-1")
UNIT = UnitName("us-east-1")
BROKEN = Failure(FailureKind.FAILED, "it broke", "mend it", "Error: broken")
MOVE = Move(EAST, Remedy.RESTORE, (0,), removes=(InstanceId("i-new"),))
APPLYING = StepStarted(At(Step.APPLY, UNIT))


def rarely_told() -> Told:
    """A reporter that was told what no ordinary rollout tells."""
    told = Told()
    head, rollout = up_to(lambda event: event == APPLYING)
    told.hear(head)
    told.progress(
        Progress(ProgressKind.STARTED, "creating", UNIT, "aws_instance.worker[0]", "create", 0),
        Progress(ProgressKind.RUNNING, "still creating", UNIT, "a[0]", "create", 10),
        Progress(ProgressKind.OUTPUT, "waits for a heartbeat", UNIT, "a[0]", "provision"),
        Progress(ProgressKind.OUTPUT, "Step 3/7 : COPY", None),
    )
    subject = Subject(Asks.APPLY, 1, UNIT, 0)
    told.hear(
        following(
            rollout,
            GuardRefused(UNIT, 0, ("us-east-1 slot 0 was not announced",)),
            ApprovalVoid(subject, "the state has moved"),
            RegionLeft(EAST, At(Step.APPLY, UNIT), BROKEN),
            Noticed("a slot more than wanted", EAST),
            Noticed("nothing of note"),
            WatchStarted(rollout.started_at),
            WatchFinished(3),
            RecoveryStarted(At(Step.RECOVER), MOVE, "terminates 1 (i-new)", "ada"),
            RecoveryFinished(At(Step.RECOVER), MOVE, "as promised"),
            RecoveryFinished(At(Step.RECOVER), MOVE, failure=BROKEN),
            TakenUp("bob", ()),
            Skipped("ada"),
            StopRequested("ada", 7, finishes_regions=False),
        ),
        rollout,
    )
    return told


@pytest.mark.parametrize("name", NAMES)
def test_each_line_of_a_rollout_keeps_the_format(name: str) -> None:
    told = Told()
    rollout = told.hear(story(name)[0])

    assert {problem for line in told.lines for problem in problems(line)} == set()
    assert [line["seq"] for line in told.lines] == list(range(1, len(told.lines) + 1))
    assert {line["rollout"] for line in told.lines} == {rollout.id}
    assert told.lines[0]["type"] == "rollout.started"


def test_lines_that_are_rarely_told_keep_the_format_too() -> None:
    assert {problem for line in rarely_told().lines for problem in problems(line)} == set()


def test_every_type_of_line_in_the_format_is_told_by_some_rollout() -> None:
    lines = [*rarely_told().lines]
    for name in NAMES:
        told = Told()
        told.hear(story(name)[0])
        lines += told.lines

    assert {line["type"] for line in lines} == set(SCHEMA["properties"]["type"]["enum"])


@pytest.mark.parametrize("name", NAMES)
def test_the_last_line_tells_how_it_ended_and_what_comes_next(name: str) -> None:
    told = Told()
    rollout = told.hear(story(name)[0])
    last = told.lines[-1]

    assert last["type"] == "rollout.finished"
    assert (last["outcome"], last["exit_code"]) == (rollout.outcome, rollout.exit_code)
    assert (last["reason"], last["next"]) == (rollout.reason, rollout.next)
    assert set(last["regions"]) == {outcome.region for outcome in rollout.outcomes}
    assert [line["type"] for line in told.lines].count("rollout.finished") == 1


def test_a_region_that_could_not_be_read_has_nulls_and_not_noughts() -> None:
    told = Told()
    head, rollout = up_to(lambda event: event == APPLYING)
    told.hear(head)
    unread = RegionOutcome(EAST, RegionPhase.FAILED, ("0.9.0",), "0.9.1")
    finished = RolloutFinished(Outcome.INCONCLUSIVE, 5, "nobody knows", "look", (unread,))
    told.hear(following(rollout, RegionCounted(unread), finished), rollout)

    last = told.lines[-1]
    assert problems(last) == []
    assert last["regions"]["us-east-1"] == {
        "phase": "failed",
        "from": "0.9.0",
        "to": "0.9.1",
        **dict.fromkeys(("new", "old", "tainted", "deposed", "orphaned", "healthy")),
    }


def test_a_plan_is_told_in_numbers_and_consequences() -> None:
    told = Told()
    told.hear(up_to(lambda event: isinstance(event, PlanReady))[0])
    line = told.lines[-1]

    assert (line["wave"], line["region"], line["batch"]) == (1, "us-east-1", 0)
    assert (line["creates"], line["destroys"]) == (1, 1)
    assert "us-east-1: create 1, destroy 1" in line["consequences"][0]


def test_several_regions_of_one_terraform_run_are_told_as_regions() -> None:
    rules = policy(us_east_1=1, eu_west_1=1)
    single = Policy(
        tuple(r if r.wave == 1 else type(r)(r.name, r.count, 1) for r in rules.regions),
        (Unit(UnitName("wave-1"), 1, tuple(r.name for r in rules.regions)),),
    )
    told = Told()
    rollout = told.hear([Entry("r1", 1, START, started(single))])
    told.hear(following(rollout, StepStarted(At(Step.PLAN, UnitName("wave-1")))), rollout)

    line = told.lines[-1]
    assert line["regions"] == ["us-east-1", "eu-west-1"]
    assert "region" not in line
    assert problems(line) == []


def test_a_run_that_never_began_ends_with_the_same_line() -> None:
    told = Told()
    LineWriter(told.stdout).write(
        START, None, finished_line("refused", 2, "no such file", "make one", {})
    )

    (line,) = told.lines
    assert problems(line) == []
    assert (line["rollout"], line["exit_code"], line["regions"]) == (None, 2, {})


def test_times_are_utc_with_milliseconds() -> None:
    told = Told()
    LineWriter(told.stdout).write(
        START + timedelta(microseconds=1500),
        "r1",
        {"type": "bake.started", "wave": 1, "until": START},
    )

    (line,) = told.lines
    assert (line["at"], line["until"]) == ("2026-01-02T17:00:00.001Z", "2026-01-02T17:00:00.000Z")
    assert problems(line) == []


@pytest.mark.parametrize(
    "spoiled",
    [
        {"v": 2},
        {"seq": 0},
        {"at": "2026-01-02 17:00:00"},
        {"at": "2026-01-02T18:00:00.000+01:00"},
        {"type": "no.such.type"},
        {"outcome": "fine"},
        {"exit_code": 42},
        {"exit_code": None},
        {"unheard": "of"},
        {"regions": {"us-east-1": {"phase": "done"}}},
    ],
)
def test_the_format_says_no_to_what_it_does_not_know(spoiled: dict[str, object]) -> None:
    good = {
        "v": 1,
        "seq": 1,
        "at": "2026-01-02T17:00:00.000Z",
        "rollout": "r1",
        **finished_line("completed", 0, "all well", "", {}),
    }

    Draft202012Validator.check_schema(SCHEMA)
    assert problems(good) == []
    assert problems(good | spoiled)
