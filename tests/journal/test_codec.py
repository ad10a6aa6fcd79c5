"""What is written down is what is read again, for every fact that there is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examine
from hypothesis import strategies as st

from console.domain import events
from console.domain.events import Entry, Event
from console.domain.evolve import replay
from console.domain.gates import Status, Verdict
from console.domain.steps import At, Step
from console.journal.codec import as_data, decode, encode, format_time

from .stories import NAMES, story

TYPES: tuple[type[Any], ...] = get_args(Event)

# The journal keeps milliseconds and seconds with fractions; anything finer is the clock's noise.
TIMES = st.integers(0, 4_000_000_000_000).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
SPANS = st.integers(0, 2_592_000_000).map(lambda ms: timedelta(milliseconds=ms))
WORDS = st.text(st.characters(codec="utf-8"), max_size=20)


@pytest.fixture(scope="module", autouse=True)
def strategies() -> Iterator[None]:
    """Let times be such as the journal keeps, here and in no other module."""
    before = {type_: st.from_type(type_) for type_ in (datetime, timedelta, str, float)}
    st.register_type_strategy(datetime, TIMES)
    st.register_type_strategy(timedelta, SPANS)
    st.register_type_strategy(str, WORDS)
    # A ratio that is no number is equal to nothing, itself included.
    st.register_type_strategy(float, st.floats(allow_nan=False))
    yield
    for type_, strategy in before.items():
        st.register_type_strategy(type_, strategy)


@pytest.mark.parametrize("type_", TYPES, ids=lambda type_: type_.__name__)
def test_every_kind_of_fact_survives_the_journal(type_: type[Any]) -> None:
    @examine(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
    @given(st.from_type(type_))
    def round_trip(event: Event) -> None:
        text = encode(event)
        assert decode(text) == event
        assert "\n" not in text
        assert json.loads(text)["type"] == type_.__name__

    round_trip()


def test_every_class_of_facts_is_one_that_the_journal_knows() -> None:
    """A new class that is not in the union would be written by nobody and read by nobody."""
    classes = {
        found
        for found in vars(events).values()
        if isinstance(found, type) and found.__module__ == events.__name__ and fields(found)
    }

    assert classes == set(TYPES) | {Entry}


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_rollout_read_again_is_the_rollout_as_it_was(name: str) -> None:
    entries, live = story(name)

    again = replay(
        Entry(e.rollout, e.seq, datetime.fromisoformat(format_time(e.at)), decode(encode(e.event)))
        for e in entries
    )

    assert again == live
    assert live.is_finished


def test_the_stories_tell_nearly_every_kind_of_fact() -> None:
    told = {type(entry.event) for name in NAMES for entry in story(name)[0]}

    assert len(told) > 15


def test_times_are_written_in_utc_wherever_the_clock_stands() -> None:
    summer = datetime(2026, 7, 1, 14, 30, 1, 999_999, timezone(timedelta(hours=2)))

    assert format_time(summer) == "2026-07-01T12:30:01.999Z"
    bake = encode(events.BakeStarted(1, summer))
    assert json.loads(bake)["until"] == "2026-07-01T12:30:01.999Z"


def test_what_a_newer_console_has_added_is_passed_over() -> None:
    noticed = events.Noticed("disk almost full", None)
    newer = json.loads(encode(noticed)) | {"severity": "warn"}

    assert decode(json.dumps(newer)) == noticed


def test_what_an_older_console_did_not_write_has_its_default() -> None:
    older = json.loads(encode(events.Noticed("disk almost full")))
    del older["region"]

    assert decode(json.dumps(older)) == events.Noticed("disk almost full")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "no json",
        '{"type": "NoSuchFact"}',
        '{"type": "WaveFinished"}',
        '{"type": "WaveFinished", "wave": "one"}',
        '{"type": "StepStarted", "at": {"step": "no-such-step"}}',
    ],
)
def test_what_is_no_fact_is_refused_in_one_way(text: str) -> None:
    with pytest.raises(ValueError, match=r"no event of this version|Expecting value"):
        decode(text)


def test_a_fact_as_data_is_plain_json() -> None:
    verdict = Verdict("backlog", Status.WAIT, "900", "at most 100")
    make = partial(Entry, "r1", 4, datetime(2026, 1, 2, tzinfo=UTC))

    data = as_data(make(events.GateJudged("eu-west-1", verdict)))  # type: ignore[arg-type]
    assert json.loads(json.dumps(data)) == data
    assert (data["type"], data["region"]) == ("GateJudged", "eu-west-1")
    assert data["verdict"]["status"] == "wait"

    step = as_data(make(events.StepStarted(At(Step.BUILD))))
    assert step["at"]["step"] == "build"
