"""Four figures over many rollouts: each from what is known, and none where that is too little."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from console.domain.events import (
    Entry,
    Event,
    RecoveryFinished,
    RecoveryStarted,
    ReleaseFixed,
    RolloutFinished,
    RolloutHalted,
    RolloutStarted,
    StepFinished,
    StepStarted,
)
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName, UnitName
from console.domain.outcome import Outcome
from console.domain.recovery.move import Move
from console.domain.recovery.remedies import Remedy
from console.domain.release import Release, ReleaseLabel
from console.domain.scaling import Scale
from console.domain.steps import At, Result, Step
from console.domain.track_record import Course, course_of, told, track_record
from tests.rollout.world import START, image, policy, started

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
EAST, WEST = RegionName("us-east-1"), RegionName("us-west-1")
RULES = policy(us_east_1=1, us_west_1=1)
BROKE = Failure(FailureKind.FAILED, "it broke")


class Story:
    """A rollout, fact by fact; the minutes of its clock are given."""

    def __init__(self, name: str, at: datetime, **changes: object) -> None:
        self.name, self.at = name, at
        self.entries: list[Entry] = []
        self.add(0, replace(started(RULES, rollout=name), **changes))  # type: ignore[arg-type]

    def add(self, minute: int, *events: Event) -> Story:
        """Let facts happen."""
        for event in events:
            at = self.at + minute * MINUTE
            self.entries.append(Entry(self.name, len(self.entries) + 1, at, event))
        return self

    def applied(self, region: RegionName = EAST) -> Story:
        """Let an apply happen, in the tenth minute."""
        at = At(Step.APPLY, UnitName(region))
        return self.add(10, StepStarted(at), StepFinished(at, Result.OK))

    def halted(self, minute: int = 12, region: RegionName = EAST) -> Story:
        """Let something fail."""
        at = At(Step.VERIFY, UnitName(region))
        halt = RolloutHalted(region, at, BROKE)
        return self.add(minute, halt, RolloutFinished(Outcome.PARTIAL, 5, "it broke", ""))

    def ended(self, outcome: Outcome = Outcome.COMPLETED, minute: int = 20) -> Story:
        """Let it end."""
        return self.add(minute, RolloutFinished(outcome, 0, "done", ""))

    def moved(self, minute: int, region: RegionName, failure: Failure | None = None) -> Story:
        """Let somebody make a move."""
        at, move = At(Step.RECOVER, batch=minute), Move(region, Remedy.RESTORE)
        self.add(minute, RecoveryStarted(at, move, "", "ada"))
        return self.add(minute, RecoveryFinished(at, move, failure=failure))

    @property
    def course(self) -> Course:
        course = course_of(self.entries)
        assert course is not None
        return course


def good(day: float) -> Story:
    """Return a rollout that went well, so many days after the start."""
    return Story(f"good-{day}", START + day * DAY).applied().ended()


def of(*stories: Story) -> dict[str, str]:
    """Return the figures in words."""
    return dict(told(track_record(story.course for story in stories)))


def test_too_few_rollouts_make_no_figure() -> None:
    record = track_record(story.course for story in (good(0), good(2)))

    assert (record.failure_rate, record.lead_time) == (None, None)
    assert (record.time_to_restore, record.per_week) == (None, None)
    assert dict(told(record)) == {
        "lead time": "too few: 0 traceable releases, 3 are needed",
        "change failure rate": "too few: 2 changes, 3 are needed",
        "time to restore": "too few: 0 restored failures, 3 are needed",
        "frequency": "too few: 2 completed changes, 3 are needed on different days",
    }


def test_a_change_failed_if_it_halted_or_was_rolled_back_later() -> None:
    halted = Story("halted", START + DAY).applied().halted()
    regretted = good(2)
    back = Story("back", START + 3 * DAY, rolls_back=regretted.name).applied()

    rate = of(good(0), halted, regretted, back.ended(Outcome.ROLLED_BACK))["change failure rate"]

    assert rate == "67% (2 of 3 changes)"


@pytest.mark.parametrize(
    "story",
    [
        Story("refused", START + DAY).ended(Outcome.REFUSED),
        Story("nothing to do", START + DAY).ended(),
        Story("aborted", START + DAY).applied().ended(Outcome.ABORTED),
        Story("interrupted", START + DAY).applied().ended(Outcome.PARTIAL),
        Story("open", START + DAY).applied(),
        Story("scale", START + DAY, scale=Scale(EAST, 3, 1, 3)).applied().ended(),
        Story("back", START + DAY, rolls_back="another").applied().ended(Outcome.ROLLED_BACK),
    ],
    ids=lambda story: story.name,
)
def test_what_says_nothing_of_a_release_is_no_change(story: Story) -> None:
    record = track_record(s.course for s in (good(0), story))

    assert (record.rollouts, record.changes, record.failed) == (2, 1, 0)


def test_a_failure_is_restored_by_the_next_rollout_of_its_region() -> None:
    halted = Story("halted", START).applied().halted(minute=12)
    elsewhere = Story("elsewhere", START + HOUR, policy=policy(us_west_1=1)).applied(WEST).ended()
    back = Story("back", START + 2 * HOUR, rolls_back="halted").applied()

    record = track_record(
        s.course for s in (halted, elsewhere, back.ended(Outcome.ROLLED_BACK, minute=20))
    )

    assert record.restore_times == (2 * HOUR + 20 * MINUTE - 12 * MINUTE,)
    assert record.not_restored == 0


def test_a_failure_is_restored_by_a_move_that_succeeded_and_by_no_other() -> None:
    halted = Story("halted", START).applied().halted(minute=12)

    halted.moved(20, EAST, BROKE)
    assert track_record([halted.course]).not_restored == 1
    halted.moved(30, EAST)
    assert track_record([halted.course]).restore_times == (18 * MINUTE,)


def test_the_time_to_restore_is_the_median_and_those_that_are_open_are_told() -> None:
    restored = [
        Story(f"halted-{n}", START + n * DAY).applied().halted().moved(12 + n, EAST)
        for n in (1, 2, 9)
    ]
    last = Story("last", START + 30 * DAY).applied().halted()

    assert of(*restored, last)["time to restore"] == "2:00 (median of 3), 1 not yet"


def shipped(name: str, day: int, seed: str, committed_at: datetime | None = None) -> Story:
    """Return a completed rollout of an image of its own, that was built in its second minute."""
    release = Release(ReleaseLabel(name), image(seed), committed_at=committed_at)
    build = At(Step.BUILD)
    story = Story(name, START + day * DAY, label=ReleaseLabel(name))
    story.add(2, StepStarted(build)).add(4, StepFinished(build, Result.OK), ReleaseFixed(release))
    return story


def test_the_lead_time_begins_with_the_commit_and_else_with_the_build() -> None:
    committed = shipped("a", 1, "a", committed_at=START).applied().ended()
    built = shipped("b", 2, "b").applied().ended()

    record = track_record(s.course for s in (committed, built))

    assert record.lead_times == (DAY + 20 * MINUTE, 18 * MINUTE)


def test_the_lead_time_of_a_second_try_begins_with_the_first_build() -> None:
    first = shipped("a", 1, "a").applied().halted()
    again = Story("again", START + 2 * DAY, label=ReleaseLabel("a"), image=image("a"))
    again.add(1, ReleaseFixed(Release(ReleaseLabel("a"), image("a")))).applied().ended()

    record = track_record(s.course for s in (first, again))

    assert record.lead_times == (DAY + 18 * MINUTE,)


def test_an_image_of_others_has_no_lead_time_and_a_release_only_one() -> None:
    theirs = Story("theirs", START, image=image("c"))
    theirs.add(1, ReleaseFixed(Release(ReleaseLabel("0.9.1"), image("c")))).applied().ended()
    ours = shipped("a", 1, "a").applied().ended()
    refreshed = shipped("a", 2, "a").applied().ended()

    assert len(track_record(s.course for s in (theirs, ours, refreshed)).lead_times) == 1


def test_the_frequency_is_told_a_week_between_the_first_and_the_last() -> None:
    assert of(good(0), good(3.5), good(7))["frequency"] == "2.0 completed a week"
    assert of(good(0), good(0.1), good(0.2))["frequency"].startswith("too few")


def test_an_empty_journal_has_no_course() -> None:
    assert course_of(()) is None
    assert isinstance(good(0).entries[0].event, RolloutStarted)
