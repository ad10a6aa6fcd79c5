"""A console dies while it makes a move: whoever comes next records that, looks, and leads on.

The journal and the lease are real, the fleet is on paper, and the dead console is a process that
has ended.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from console.commands.left_moves import end_left_moves, is_anything_left
from console.commands.making import made
from console.domain import effects
from console.domain.commands import Approve, Close, Recover
from console.domain.events import Noticed, RecoveryFinished
from console.domain.evolve import replay
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName, UnitName
from console.domain.machine import begin, decide
from console.domain.observations import Failed, Observation, Recovered
from console.domain.outcome import Outcome
from console.domain.recovery.move import Move
from console.domain.recovery.remedies import Remedy
from console.domain.rollout import Rollout
from console.engine.stream import Stream
from console.errors import RefusedError
from console.journal.lease import Lease, LeaseDesk, LeaseHeldError
from console.journal.local import LocalJournal
from console.wiring import World
from tests.engine.paper import LoopClock, PaperJournal, PaperPerformer
from tests.rollout.world import BROKEN, OLD, PaperWorld, policy, started

REGION = RegionName("us-east-1")
MOVE = Recover(Move(REGION, Remedy.RESTORE, (0,)), "terminates 1", "ada@host")
ANOTHER = Recover(Move(REGION, Remedy.TERMINATE), "", "bob@host")


class Surgeon(PaperPerformer):
    """Makes every move as promised."""

    async def perform(self, effect: effects.Effect, rollout: Rollout) -> Observation:
        """Do `effect`."""
        self.begun.append(effect)
        assert isinstance(effect, effects.Recover)
        return Recovered(effect.at, "as promised")


class Fleet:
    """A fleet whose last rollout has ended, and what is wired to it."""

    def __init__(self, store: Path) -> None:
        self.settings = SimpleNamespace(fleet="checks", environment="test")
        self.policy = self.standing = policy(us_east_1=1)
        self.journal = LocalJournal(store, "checks")
        self.desk = LeaseDesk(self.journal)
        self.paper = PaperWorld({REGION: [OLD]})
        self.infrastructure = self
        self.waited_for: list[UnitName] = []
        self.performer: Surgeon | None = None
        """Of the console that came last."""

    def newest_rollout(self) -> Rollout | None:
        """Return the rollout as the journal tells it."""
        name = next(iter(self.journal.rollouts()), None)
        return replay(self.journal.read(name)) if name else None

    last_acted = newest_rollout

    @property
    def rollout(self) -> Rollout:
        """The one that there is."""
        found = self.newest_rollout()
        assert found is not None
        return found

    @asynccontextmanager
    async def running(self, _: str) -> AsyncIterator[SimpleNamespace]:
        """Provide what each console has for itself."""
        self.performer = Surgeon(self.paper, LoopClock(), PaperJournal())
        yield SimpleNamespace(performer=self.performer, stream=Stream())

    async def await_others(self, unit: UnitName, _: object) -> None:
        """Note that a Terraform that may still run is waited for, before anything is recorded."""
        assert self.rollout.running
        self.waited_for.append(unit)


def failed(fleet: Fleet) -> None:
    """Journal a rollout that halts in its apply and is closed."""
    paper = fleet.paper
    decision = begin(started(fleet.policy), paper.now)
    fleet.journal.append(decision.entries)
    while not decision.rollout.is_finished:
        rollout = decision.rollout
        if decision.effects:
            answer = paper.answer(decision.effects[0])
            assert answer is not None
            if isinstance(effect := decision.effects[0], effects.ApplyPlan):
                answer = Failed(effect.at, BROKEN)
            decision = decide(rollout, answer, paper.now)
        elif rollout.waiting_for:
            decision = decide(rollout, Approve(rollout.waiting_for[0], "ada"), paper.now)
        else:
            decision = decide(rollout, Close("ada"), paper.now)
        fleet.journal.append(decision.entries)


def die_in_a_move(fleet: Fleet) -> Lease:
    """Journal the begin of a move, as a console that died in it did, and return its lease."""
    fleet.journal.append(decide(fleet.rollout, MOVE, fleet.paper.now).entries)
    return dead_lease(fleet)


def dead_lease(fleet: Fleet) -> Lease:
    """Leave the lease with a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    lease = fleet.desk.claim("ada@host", "1", "recovering us-east-1: restore", datetime.now(UTC))
    fleet.desk.renew(replace(lease, pid=process.pid), datetime.now(UTC))
    return replace(lease, pid=process.pid)


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """A fleet whose rollout has failed."""
    made_here = Fleet(tmp_path / "store")
    failed(made_here)
    yield made_here
    assert replay(made_here.journal.read(made_here.rollout.id)) == made_here.rollout


async def recover(fleet: Fleet, command: Recover, known: Rollout | None = None) -> Rollout:
    """Make a move as a new console does; a move that waits for ever is given up."""
    world = cast("World", fleet)
    making = made(world, known or fleet.rollout, command, "--config x.yaml", lambda *_: None)
    return await asyncio.wait_for(making, 60)


async def test_the_next_move_records_its_end_and_is_made(fleet: Fleet) -> None:
    dead = die_in_a_move(fleet)

    rollout = await recover(fleet, ANOTHER)

    lost, made_now = rollout.recoveries
    assert lost.failure is not None
    assert lost.failure.kind is FailureKind.INCONCLUSIVE
    assert str(dead) in lost.failure.message
    assert (made_now.move, made_now.note) == (ANOTHER.move, "as promised")
    assert fleet.waited_for == [UnitName(REGION)]
    assert rollout.is_at_rest
    assert rollout.outcome is Outcome.PARTIAL
    assert fleet.rollout == rollout
    assert fleet.desk.look() is None


async def test_a_new_rollout_finds_its_way_clear(fleet: Fleet) -> None:
    die_in_a_move(fleet)
    world = cast("World", fleet)
    assert is_anything_left(world)

    await end_left_moves(world, "", lambda *_: None)

    assert not is_anything_left(world)
    assert fleet.rollout.is_at_rest
    assert fleet.desk.look() is None
    last = fleet.journal.read(fleet.rollout.id)[-1].event
    assert isinstance(last, RecoveryFinished)
    assert last.failure is not None
    assert fleet.performer is not None
    assert fleet.performer.begun == []


async def test_a_lease_that_outlived_its_move_is_taken_and_that_is_recorded(fleet: Fleet) -> None:
    dead = dead_lease(fleet)
    before = fleet.journal.read(fleet.rollout.id)
    assert is_anything_left(cast("World", fleet))

    await end_left_moves(cast("World", fleet), "", lambda *_: None)

    assert fleet.desk.look() is None
    *kept, taken = fleet.journal.read(fleet.rollout.id)
    assert kept == list(before)
    assert isinstance(taken.event, Noticed)
    assert f"took the lease of {dead}" in taken.event.text
    assert fleet.rollout.is_at_rest


async def test_nothing_is_taken_from_a_console_that_lives(fleet: Fleet) -> None:
    fleet.journal.append(decide(fleet.rollout, MOVE, fleet.paper.now).entries)
    living = fleet.desk.claim("ada@host", "1", "recovering us-east-1: restore", datetime.now(UTC))
    world = cast("World", fleet)
    before = fleet.journal.read(fleet.rollout.id)

    assert not is_anything_left(world)
    with pytest.raises(LeaseHeldError):
        await end_left_moves(world, "", lambda *_: None)
    with pytest.raises(LeaseHeldError):
        await recover(fleet, ANOTHER)

    assert fleet.desk.look() is not None
    assert asdict(living)["token"] == asdict(fleet.desk.look() or living)["token"]
    assert fleet.journal.read(fleet.rollout.id) == before


async def test_a_rollout_that_was_left_open_is_not_a_moves_to_take(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path / "store")
    fleet.journal.append(begin(started(fleet.policy), fleet.paper.now).entries)
    dead = dead_lease(fleet)
    before = fleet.journal.read(fleet.rollout.id)

    assert not is_anything_left(cast("World", fleet))
    await end_left_moves(cast("World", fleet), "", lambda *_: None)
    with pytest.raises(RefusedError, match="left open in preflight") as refused:
        await recover(fleet, ANOTHER)

    assert "resume --yes --config x.yaml" in refused.value.hint
    assert "abort --yes --config x.yaml" in refused.value.hint
    assert fleet.desk.look() == dead
    assert fleet.journal.read(fleet.rollout.id) == before


async def test_what_was_recorded_until_the_lease_was_ours_is_not_overwritten(fleet: Fleet) -> None:
    stale = fleet.rollout
    await recover(fleet, MOVE)

    rollout = await recover(fleet, ANOTHER, stale)

    assert [made_once.move for made_once in rollout.recoveries] == [MOVE.move, ANOTHER.move]
    assert fleet.rollout == rollout


def test_its_end_is_told_as_what_nobody_knows() -> None:
    from console.domain.failure import ending

    assert ending(Failure(FailureKind.INCONCLUSIVE, "")) == "is inconclusive"
    assert ending(BROKEN) == "failed"
