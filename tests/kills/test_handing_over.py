"""Somebody takes a rollout from a console that lives: that one does nothing more, and says so.

The journal and the lease are real, the fleet is on paper; both consoles are this process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from console.commands.asked import Asked
from console.commands.endings import as_console_error
from console.commands.launching import launched, start_of
from console.commands.taking_up import left_open, reconciled, taken_up
from console.domain import effects
from console.domain.events import StepStarted, TakenUp
from console.domain.evolve import replay
from console.domain.fleet import RegionName, RegionState, UnitName
from console.domain.observations import Observation
from console.domain.outcome import Outcome
from console.domain.release import ReleaseLabel
from console.domain.rollout import Rollout
from console.domain.steps import Step
from console.engine.autopilot import Autopilot
from console.engine.stream import Stream
from console.errors import HandedOverError, LockedError
from console.exit_codes import ExitCode
from console.journal import keeper
from console.journal.lease import LeaseDesk
from console.journal.local import LocalJournal
from console.wiring import World
from tests.engine.paper import LoopClock, PaperJournal, PaperPerformer
from tests.rollout.world import NEW, OLD, PaperWorld, policy

REGION = RegionName("us-east-1")


class Gated(PaperPerformer):
    """A performer whose applies end when a test says so."""

    may_end: asyncio.Event
    has_begun: asyncio.Event

    async def perform(self, effect: effects.Effect, rollout: Rollout) -> Observation:
        """Do `effect`; an apply waits."""
        if isinstance(effect, effects.ApplyPlan):
            self.has_begun.set()
            await self.may_end.wait()
        return await super().perform(effect, rollout)


class Shared:
    """One fleet, one journal, and everything that both consoles are wired to."""

    def __init__(self, store: Path) -> None:
        self.settings = SimpleNamespace(fleet="checks", environment="test")
        self.policy = self.standing = policy(us_east_1=1)
        self.journal = LocalJournal(store, "checks")
        self.desk = LeaseDesk(self.journal)
        self.paper = PaperWorld({REGION: [OLD]})
        self.applying, self.may_end = asyncio.Event(), asyncio.Event()
        self.infrastructure = self.fleet = self

    def newest_rollout(self) -> Rollout | None:
        """Return the rollout as the journal tells it."""
        name = next(iter(self.journal.rollouts()), None)
        return replay(self.journal.read(name)) if name else None

    @asynccontextmanager
    async def running(self, _: str) -> AsyncIterator[SimpleNamespace]:
        """Provide what each console has for itself."""
        performer = Gated(self.paper, LoopClock(), PaperJournal(), takes=lambda _: 0.001)
        performer.has_begun, performer.may_end = self.applying, self.may_end
        yield SimpleNamespace(performer=performer, stream=Stream())

    async def await_others(self, _: UnitName, __: object) -> None:
        """Wait for the apply of whoever was taken over, as for any Terraform that runs."""
        if self.applying.is_set():
            await self.may_end.wait()
            while self.paper.slots[REGION] != [NEW]:
                await asyncio.sleep(0.001)

    async def read(self, _: UnitName) -> Mapping[RegionName, RegionState]:
        """Return the state."""
        return {REGION: self.paper.state(REGION)}

    async def sample(self, region: RegionName, _: object) -> object:
        """Look at the region."""
        return self.paper.sample(region)


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    """A fleet that two consoles know."""
    return Shared(tmp_path / "store")


async def first_console(shared: Shared, *, says_yes: bool = True) -> Rollout:
    """Roll out, as `--auto` does or with nobody to say yes."""
    world = cast("World", shared)
    label = ReleaseLabel("0.9.1")
    started = start_of(world, Asked(None), label, image=None, refresh=False, accept_leftovers=False)
    purpose = f"rolling out {label}"
    async with launched(world, started.rollout, purpose, "") as (engine, running):
        if says_yes:
            running.stream.join(Autopilot(engine.send))
        return await engine.run(started)


async def second_console(shared: Shared) -> Rollout:
    """Take over, from a console that lives too."""
    world = cast("World", shared)
    left = left_open(world)
    assert left is not None
    async with taken_up(world, left, from_the_living=True) as (engine, running):
        running.stream.join(Autopilot(engine.send))
        rollout, command = await reconciled(world, left, running.stream.progress)
        return await engine.proceed(rollout, command)


async def test_a_living_console_is_named_and_nothing_is_taken_from_it(shared: Shared) -> None:
    first = asyncio.create_task(first_console(shared))
    await shared.applying.wait()
    world = cast("World", shared)
    left = left_open(world)
    lease = shared.desk.look()
    assert left is not None
    assert lease is not None

    with pytest.raises(LockedError) as refused:
        async with taken_up(world, left):
            raise AssertionError("it was taken")

    for part in (lease.who, lease.host, lease.since, "rolling out 0.9.1"):
        assert part in refused.value.message
    assert "resume --yes --confirm checks" in refused.value.hint
    shared.may_end.set()
    assert (await first).outcome is Outcome.COMPLETED


async def test_whoever_was_taken_over_ends_its_apply_and_starts_nothing_more(
    shared: Shared,
) -> None:
    first = asyncio.create_task(first_console(shared))
    await shared.applying.wait()
    second = asyncio.create_task(second_console(shared))
    while "taking up" not in str(shared.desk.look()):
        await asyncio.sleep(0.001)
    shared.may_end.set()

    with pytest.raises(HandedOverError) as ended:
        await first
    rollout = await second

    known = as_console_error(ended.value)
    assert known is not None
    assert known.exit_code is ExitCode.LOCKED
    assert "taken over by" in known.message
    assert "apply of us-east-1 was under way and has been waited for" in known.message
    assert (rollout.outcome, shared.paper.slots) == (Outcome.COMPLETED, {REGION: [NEW]})
    events = [e.event for e in shared.journal.read(rollout.id)]
    assert [type(e) for e in events].count(TakenUp) == 1
    applies = [e for e in events if isinstance(e, StepStarted) and e.at.step is Step.APPLY]
    assert len(applies) == 1
    assert sum(isinstance(e, effects.ApplyPlan) for e in shared.paper.asked) == 1
    assert replay(shared.journal.read(rollout.id)) == rollout
    assert shared.desk.look() is None


async def test_whoever_waits_for_a_person_notices_that_it_was_taken_over(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "LEASE_TERM", timedelta(seconds=0.03))
    first = asyncio.create_task(first_console(shared, says_yes=False))
    while not ((now := shared.newest_rollout()) and now.waiting_for):
        await asyncio.sleep(0.001)
    shared.may_end.set()

    rollout = await second_console(shared)

    with pytest.raises(HandedOverError, match="nothing more of rollout"):
        await first
    assert rollout.outcome is Outcome.COMPLETED


async def test_what_was_recorded_until_the_lease_was_ours_is_not_overwritten(
    shared: Shared,
) -> None:
    """The rollout that was seen when a person said yes may have gone on since."""
    shared.may_end.set()
    first = asyncio.create_task(first_console(shared))
    await shared.applying.wait()
    world = cast("World", shared)
    left = left_open(world)
    assert left is not None
    stale = replace(left, rollout=replay(shared.journal.read(left.rollout.id)[:4]) or left.rollout)

    async with taken_up(world, stale, from_the_living=True) as (engine, running):
        running.stream.join(Autopilot(engine.send))
        rollout, command = await reconciled(world, stale, running.stream.progress)
        assert rollout.seq > stale.rollout.seq
        ended = await engine.proceed(rollout, command)

    assert ended.outcome is Outcome.COMPLETED
    with pytest.raises(HandedOverError):
        await first
