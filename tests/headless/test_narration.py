"""What a person reads on stderr: plain where it has to be, and never obeyed by the terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.events import (
    Entry,
    Noticed,
    RegionCounted,
    RegionSurveyed,
    RolloutFinished,
    RolloutHalted,
    StepFinished,
    StepStarted,
)
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import InstanceId, RegionName, SlotTarget, UnitName
from console.domain.outcome import Outcome, RegionOutcome, RegionPhase
from console.domain.release import ReleaseLabel
from console.domain.steps import At, Result, Step
from console.engine.ports import Progress, ProgressKind
from tests.journal.stories import NAMES, story
from tests.rollout.world import OLD, START

from .telling import Terminal, Told, following, up_to

EAST, UNIT = RegionName("us-east-1"), UnitName("us-east-1")
APPLYING = StepStarted(At(Step.APPLY, UNIT))
EVIL = "\x1b[2J\x1b]0;owned\x07[/]\u202eevil\x9b31m\r"


@pytest.mark.parametrize("name", NAMES)
def test_a_terminal_gets_colour_and_nobody_else_does(name: str) -> None:
    entries, _ = story(name)
    on_terminal, piped = Told(Terminal()), Told()
    no_colour = Told(Terminal(), NO_COLOR="1")
    for told in (on_terminal, piped, no_colour):
        told.hear(entries)

    assert "\x1b[" in on_terminal.narration
    assert "\x1b" not in piped.narration
    assert piped.narration == no_colour.narration
    assert "\x1b" not in on_terminal.stdout.getvalue()


def test_an_empty_no_color_is_no_wish() -> None:
    """As https://no-color.org has it: only a value that is not empty counts."""
    told = Told(Terminal(), NO_COLOR="")
    told.hear(story("good")[0])

    assert "\x1b[" in told.narration


@pytest.mark.parametrize("name", NAMES)
def test_the_last_paragraph_tells_what_is_true_and_what_comes_next(name: str) -> None:
    told = Told()
    rollout = told.hear(story(name)[0])

    last = told.narration[told.narration.rindex("\n\n") :]
    assert rollout.reason in last
    for outcome in rollout.outcomes:
        assert outcome.region in last
    for line in rollout.next.splitlines():
        assert line in last


def visible(text: str) -> bool:
    return all(letter.isprintable() or letter == "\n" for letter in text)


@pytest.mark.parametrize(
    "foreign",
    [
        Noticed(f"note {EVIL}"),
        StepFinished(At(Step.APPLY, UNIT), Result.OK, f"note {EVIL}"),
        RolloutHalted(
            EAST,
            At(Step.APPLY, UNIT),
            Failure(FailureKind.FAILED, f"message {EVIL}", f"hint {EVIL}", f"evidence {EVIL}"),
        ),
        RolloutFinished(Outcome.PARTIAL, 5, f"reason {EVIL}", f"next {EVIL}"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_escapes_in_foreign_text_are_shown_and_not_obeyed(
    foreign: Noticed | StepFinished | RolloutHalted | RolloutFinished,
) -> None:
    told = Told()
    head, rollout = up_to(lambda event: event == APPLYING)
    told.hear([*head, *following(rollout, foreign)])

    assert visible(told.narration)
    assert r"\x1b[2J" in told.narration
    assert "[/]" in told.narration
    assert told.stdout.getvalue().isascii()
    assert visible(told.stdout.getvalue())


def test_escapes_in_evidence_are_shown_in_the_last_paragraph() -> None:
    told = Told()
    head, rollout = up_to(lambda event: event == APPLYING)
    failure = Failure(FailureKind.FAILED, "it broke", evidence=f"console:\n{EVIL}\nlast line")
    told.hear(
        [
            *head,
            *following(
                rollout,
                RolloutHalted(EAST, At(Step.APPLY, UNIT), failure),
                RolloutFinished(Outcome.PARTIAL, 5, "it broke", ""),
            ),
        ]
    )

    assert visible(told.narration)
    assert r"\x1b[2J" in told.narration
    assert "\n  last line\n" in told.narration


def test_escapes_in_what_tools_print_are_shown() -> None:
    told = Told()
    told.hear(up_to(lambda event: event == APPLYING)[0])
    told.progress(Progress(ProgressKind.OUTPUT, f"out {EVIL}\nmore", UNIT, "a[0]", "provision"))

    assert visible(told.narration)
    assert r"\x1b[2J" in told.narration
    assert visible(told.stdout.getvalue())


def test_escapes_in_the_tags_of_old_instances_are_shown_at_the_end() -> None:
    """The release that a region ran before is a tag: anybody with EC2 rights may have set it."""
    told = Told()
    head, rollout = up_to(lambda event: isinstance(event, StepStarted))
    tag = SlotTarget(ReleaseLabel(f"0.9.0{EVIL}"), OLD.image)
    counted = RegionOutcome(
        *(EAST, RegionPhase.WAITING, (tag.release,), "0.9.1", 0, 1, 0, 0, 0),
        healthy=(InstanceId("i-0"),),
    )
    told.hear(
        [
            *head,
            *following(
                rollout,
                RegionSurveyed(EAST, (tag,), (), 0),
                RegionCounted(counted),
                RolloutFinished(Outcome.ABORTED, 7, "stopped by ada", "", (counted,)),
            ),
        ]
    )

    assert r"\x1b[2J" in told.narration
    assert visible(told.narration)


def test_questions_are_not_told_where_nobody_can_answer() -> None:
    told = Told()
    told.hear(story("good")[0])

    assert "approval.requested" in told.stdout.getvalue()
    assert "Ship 0.9.1?" not in told.narration


def test_without_json_nothing_is_written_to_stdout() -> None:
    told = Told()
    told.reporter._lines = None
    told.hear(story("good")[0])
    told.progress(Progress(ProgressKind.OUTPUT, "a line", UNIT))

    assert told.stdout.getvalue() == ""
    assert told.narration


def test_progress_before_the_first_fact_is_passed_over() -> None:
    told = Told()

    told.progress(Progress(ProgressKind.OUTPUT, "early"))

    assert told.narration == told.stdout.getvalue() == ""


def test_a_sentence_has_its_local_time_and_a_sign() -> None:
    told = Told()
    rollout = told.hear([replace(entry, at=START) for entry in story("good")[0][:1]])
    told.hear([Entry("r1", 2, START, Noticed("mind the step"))], rollout)

    local = START.astimezone().strftime("%H:%M:%S")
    assert told.narration.splitlines()[-1] == f"{local} ! mind the step"
