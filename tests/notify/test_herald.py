"""Who is away hears what matters, once, and hangs nobody else up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from console.domain import events
from console.domain.events import Entry
from console.domain.evolve import evolve
from console.domain.notification import Message, of_silence
from console.domain.rollout import Rollout
from console.domain.steps import Asks, Subject
from console.domain.vocabulary import Occasion
from console.engine.herald import AGAIN_AFTER, Herald
from console.engine.ports import Recipient
from tests.journal.stories import story
from tests.rollout.world import START

EVERYTHING = frozenset(Occasion)


class Hands:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time


class Post:
    """Recipients who write down what they are told."""

    def __init__(self, *occasions: frozenset[Occasion]) -> None:
        self.recipients: Sequence[Recipient] = [
            Recipient(f"notify[{index}] (json)", each) for index, each in enumerate(occasions)
        ]
        self.told: list[tuple[int, Message]] = []
        self.answer: Callable[[int], str | None] = lambda _: None
        self.hangs: set[int] = set()

    async def send(self, index: int, message: Message) -> str | None:
        if index in self.hangs:
            await asyncio.Event().wait()
        self.told.append((index, message))
        return self.answer(index)


class Told:
    """A herald with everything around it."""

    def __init__(self, *occasions: frozenset[Occasion]) -> None:
        self.post, self.clock = Post(*(occasions or (EVERYTHING,))), Hands()
        self.troubles: list[str] = []
        self.herald = Herald(self.post, self.clock, self.troubles.append, waited=timedelta(0))
        self.rollout: Rollout | None = None

    def hear(self, *entries: Entry) -> Rollout:
        for entry in entries:
            self.rollout = evolve(self.rollout, entry)
            self.herald.entry(entry, self.rollout)
        assert self.rollout is not None
        return self.rollout

    def happens(self, event: events.Event) -> Rollout:
        assert self.rollout is not None
        return self.hear(Entry(self.rollout.id, self.rollout.seq + 1, self.clock.now(), event))

    async def messages(self) -> list[Message]:
        await self.herald.close()
        return [message for _, message in self.post.told]


def begun() -> Entry:
    return story("good")[0][0]


async def test_a_start_is_told_and_nothing_of_a_tool() -> None:
    told = Told()
    told.hear(begun())
    (message,) = await told.messages()
    assert message.occasion is Occasion.STARTED
    assert "rolling out 0.9.1" in message.title


async def test_a_recipient_hears_only_what_it_asked_for() -> None:
    told = Told(frozenset({Occasion.HALTED}), EVERYTHING)
    told.hear(begun())
    await told.messages()
    assert [index for index, _ in told.post.told] == [1]


async def test_a_question_is_told_once_it_has_waited_and_not_when_it_was_answered() -> None:
    told = Told(frozenset({Occasion.WAITING}))
    told.hear(begun())
    subject = Subject(Asks.START)
    told.happens(events.ApprovalRequested(subject, "Ship 0.9.1?"))
    told.happens(events.ApprovalGiven(subject, "--auto"))
    await asyncio.sleep(0)
    told.happens(events.ApprovalRequested(Subject(Asks.PUSH), "Push it?"))
    while not told.post.told:
        await asyncio.sleep(0.01)
    (message,) = await told.messages()
    assert message.lines[0] == "Push it?"


async def test_the_same_is_not_told_again_within_a_while() -> None:
    told = Told()
    told.hear(begun())
    for _ in range(3):
        told.hear(begun())
    told.clock.time += AGAIN_AFTER
    told.hear(begun())
    (message,) = await told.messages()
    assert message.title.endswith("(and 1 more)")


async def test_a_cloud_that_falls_silent_is_one_message() -> None:
    told = Told()
    regions = [f"eu-west-{number}" for number in range(34)]
    for region in regions:
        text = f"nothing happens in {region}: no instance runs"
        told.herald.tell(of_silence("checks", "prod", region, text, "look"))
    (message,) = await told.messages()
    assert all(region in message.body for region in regions)


async def test_one_that_hangs_holds_up_no_other_and_not_the_end() -> None:
    told = Told(EVERYTHING, EVERYTHING)
    told.post.hangs = {0}
    told.hear(begun())
    await told.herald.close(within=0.2)
    assert [index for index, _ in told.post.told] == [1]
    assert told.troubles == ["not everybody could be notified in time; the journal has it all"]


async def test_a_failure_is_told_with_what_to_do() -> None:
    told = Told()
    told.post.answer = lambda _: "it answered 403"
    told.hear(begun())
    await told.messages()
    (trouble,) = told.troubles
    assert trouble == (
        "notify[0] (json) was not notified (started): it answered 403; "
        "release-console notify test tries it"
    )


async def test_what_comes_from_outside_is_made_visible() -> None:
    told = Told()
    entry = begun()
    assert isinstance(entry.event, events.RolloutStarted)
    told.hear(replace(entry, event=replace(entry.event, by="ada\x1b[31m@host")))
    (message,) = await told.messages()
    assert "\x1b" not in message.body
