"""A killed console leaves a lock, or a region that nobody can read: every stop has a way out.

The journal and the lease are real, the fleet is on paper, and the dead console is a process that
has ended.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from console.commands.closing import aborted
from console.commands.making import made
from console.commands.taking_up import left_open, reconciled
from console.domain import effects
from console.domain.commands import Approve, Recover
from console.domain.events import RecoveryFinished, RecoveryStarted, RolloutFinished, TakenUp
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import Reading, RegionName, RegionSample, RegionState, StateLock, UnitName
from console.domain.machine import begin, beside, decide
from console.domain.observations import Observation, Recovered, Ticked
from console.domain.outcome import Outcome
from console.domain.reconciliation import Found
from console.domain.recovery.move import Move
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.situation import Liveness
from console.domain.rollout import Rollout
from console.domain.steps import Step
from console.engine.stream import Stream
from console.errors import ConsoleError, LockedError, RefusedError
from console.wiring import World
from tests.engine.paper import LoopClock, PaperJournal, PaperPerformer
from tests.rollout.world import START, started

from .test_dying_in_a_move import Fleet, dead_lease

REGION = RegionName("us-east-1")
WHERE = "--config x.yaml"
ELSEWHERE = StateLock("3f0c", "ann@gone", "OperationTypeApply", START)
HERE = replace(ELSEWHERE, holder=f"ann@{socket.gethostname()}")
UNLOCK = Recover(Move(REGION, Remedy.UNLOCK, lock="3f0c"), "", "bob@host")
UNLOCK_LINE = (
    "release-console recover unlock --region us-east-1 --yes --confirm 3f0c --config x.yaml"
)


@dataclass
class Handler(PaperPerformer):
    """Takes locks away, and does the rest on paper."""

    fleet: Locked | None = None

    async def perform(self, effect: effects.Effect, rollout: Rollout) -> Observation:
        """Do `effect`."""
        if not isinstance(effect, effects.Recover):
            return await super().perform(effect, rollout)
        assert self.fleet is not None
        assert effect.move.remedy is Remedy.UNLOCK
        self.begun.append(effect)
        self.fleet.lock = None
        return Recovered(effect.at, "as promised")


class Locked(Fleet):
    """A fleet whose console died in an apply."""

    def __init__(self, store: Path) -> None:
        super().__init__(store)
        self.fleet = self
        self.lock: StateLock | None = ELSEWHERE
        self.unreadable: Failure | None = None
        self.unreachable = ""
        self.liveness = Liveness.UNKNOWN
        self.told: list[str] = []

    @asynccontextmanager
    async def running(self, _: str) -> AsyncIterator[SimpleNamespace]:
        """Provide what each console has for itself."""
        performer = Handler(self.paper, LoopClock(), PaperJournal(), takes=lambda _: 0.001)
        performer.fleet = self
        self.handler = performer
        yield SimpleNamespace(performer=performer, stream=Stream())

    async def await_others(self, unit: UnitName, _: object) -> None:
        """Note that a Terraform that may still run is waited for."""
        self.waited_for.append(unit)

    async def read(self, _: UnitName) -> Mapping[RegionName, RegionState] | Failure:
        """Return the state."""
        return self.unreadable or {REGION: replace(self.paper.state(REGION), lock=self.lock)}

    async def holder(self, _: UnitName, lock: StateLock) -> Liveness:
        """Return whether the lock's holder lives."""
        assert lock == self.lock
        return self.liveness

    async def sample(self, region: RegionName, _: object) -> RegionSample:
        """Look at the region."""
        seen = self.paper.sample(region)
        if not self.unreachable:
            return seen
        return replace(seen, instances=Reading(START, error=self.unreachable))


@pytest.fixture
def locked(tmp_path: Path) -> Locked:
    """A rollout that was left in its apply, with the lock and the lease of the dead."""
    fleet = Locked(tmp_path / "store")
    decision = begin(started(fleet.policy, where=WHERE), fleet.paper.now)
    fleet.journal.append(decision.entries)
    while not any(isinstance(e, effects.ApplyPlan) for e in decision.effects):
        rollout = decision.rollout
        if decision.effects:
            answer = fleet.paper.answer(decision.effects[0])
            assert answer is not None
            decision = decide(rollout, answer, fleet.paper.now)
        else:
            decision = decide(rollout, Approve(rollout.waiting_for[0], "ada"), fleet.paper.now)
        fleet.journal.append(decision.entries)
    dead_lease(fleet)
    return fleet


def world_of(fleet: Locked) -> World:
    return cast("World", fleet)


async def taken_up_error(fleet: Locked) -> ConsoleError:
    """Return why the rollout cannot be taken up."""
    left = left_open(world_of(fleet))
    assert left is not None
    with pytest.raises(ConsoleError) as stopped:
        await reconciled(world_of(fleet), left, lambda _: None)
    return stopped.value


async def unlock(fleet: Locked) -> Rollout:
    return await made(world_of(fleet), fleet.rollout, UNLOCK, WHERE, lambda *_: None)


async def abort(fleet: Locked) -> Rollout:
    left = left_open(world_of(fleet))
    assert left is not None
    return await aborted(world_of(fleet), left, WHERE, lambda *_: None, fleet.told.append)


async def test_a_lock_of_another_machine_is_led_out_of_by_the_command_that_the_stop_names(
    locked: Locked,
) -> None:
    stopped = await taken_up_error(locked)
    assert isinstance(stopped, LockedError)
    assert UNLOCK_LINE in stopped.hint

    unlocked = await unlock(locked)

    assert not unlocked.is_finished
    assert [record.at.step for record in unlocked.running] == [Step.APPLY]
    assert locked.rollout == unlocked
    assert locked.desk.look() is None
    assert locked.waited_for[-1] == UnitName(REGION)
    assert all(isinstance(effect, effects.Recover) for effect in locked.handler.begun)
    started_, ended = (entry.event for entry in locked.journal.read(unlocked.id)[-2:])
    assert isinstance(started_, RecoveryStarted)
    assert (started_.move, started_.by) == (UNLOCK.move, "bob@host")
    assert isinstance(ended, RecoveryFinished)
    assert ended.failure is None
    left = left_open(world_of(locked))
    assert left is not None
    _, command = await reconciled(world_of(locked), left, lambda _: None)
    assert [end.found for end in command.applies] == [Found.UNTOUCHED]


async def test_no_lock_is_taken_while_a_living_console_has_the_lease(locked: Locked) -> None:
    locked.desk.release(locked.desk.look() or dead_lease(locked))
    locked.desk.claim("ada@host", "1", "rolling out 0.9.1", datetime.now(UTC))
    before = locked.journal.read(locked.rollout.id)

    with pytest.raises(LockedError, match="is run by"):
        await unlock(locked)
    locked.lock = None
    with pytest.raises(LockedError, match="is run by"):
        await abort(locked)

    assert locked.desk.look() is not None
    assert locked.journal.read(locked.rollout.id) == before


async def test_no_other_move_is_made_before_the_rollout_has_an_end(locked: Locked) -> None:
    other = Recover(Move(REGION, Remedy.RESTORE, (0,)), "", "bob@host")

    with pytest.raises(RefusedError) as refused:
        await made(world_of(locked), locked.rollout, other, WHERE, lambda *_: None)

    assert f"resume --yes {WHERE}" in refused.value.hint
    assert beside(locked.rollout, other, START).entries == ()


async def test_a_console_that_dies_while_it_unlocks_is_led_on_from_as_well(locked: Locked) -> None:
    locked.journal.append(beside(locked.rollout, UNLOCK, START).entries)

    unlocked = await unlock(locked)

    first, second = unlocked.recoveries
    assert first.failure is not None
    assert first.failure.kind is FailureKind.INCONCLUSIVE
    assert (second.failure, second.note) == (None, "as promised")
    assert [record.at.step for record in unlocked.running] == [Step.APPLY]


def test_nothing_of_the_rollout_itself_begins_or_ends_beside_an_unlock(locked: Locked) -> None:
    # Nothing is under way any more, so that whoever took it up would begin at once.
    halfway = replace(
        locked.rollout,
        steps=tuple(replace(s, finished_at=s.finished_at or START) for s in locked.rollout.steps),
    )
    assert decide(halfway, Ticked(), START).entries != ()

    begun = beside(halfway, UNLOCK, START)
    ended = beside(begun.rollout, Recovered(begun.rollout.recoveries[0].at, "done"), START)

    assert [type(entry.event) for entry in begun.entries] == [RecoveryStarted]
    assert [type(entry.event) for entry in ended.entries] == [RecoveryFinished]
    assert beside(halfway, Ticked(), START).entries == ()


@pytest.mark.parametrize(
    ("liveness", "lock", "hints"),
    [
        (Liveness.ALIVE, HERE, [f"status {WHERE} shows no lock", f"abort --yes {WHERE}"]),
        (Liveness.UNKNOWN, ELSEWHERE, [UNLOCK_LINE, f"abort --yes {WHERE}"]),
        (Liveness.ELSEWHERE, ELSEWHERE, [UNLOCK_LINE, f"abort --yes {WHERE}"]),
    ],
)
async def test_an_abort_is_held_back_by_a_terraform_that_lives_or_may(
    locked: Locked, liveness: Liveness, lock: StateLock, hints: Sequence[str]
) -> None:
    locked.lock, locked.liveness = lock, liveness

    with pytest.raises(LockedError) as refused:
        await abort(locked)

    assert all(hint in refused.value.hint for hint in hints), refused.value.hint
    assert not locked.rollout.is_finished


async def test_an_abort_goes_on_past_the_lock_of_the_dead(locked: Locked) -> None:
    locked.lock, locked.liveness = HERE, Liveness.DEAD

    ended = await abort(locked)

    assert (ended.outcome, ended.exit_code) == (Outcome.ABORTED, 7)
    assert locked.rollout == ended
    assert UNLOCK_LINE in locked.told[0]
    assert locked.desk.look() is None


@pytest.mark.parametrize("is_state", [True, False], ids=["its state", "its instances"])
async def test_a_region_out_of_reach_can_be_ended_where_it_cannot_be_taken_up(
    locked: Locked, *, is_state: bool
) -> None:
    locked.lock = None
    if is_state:
        locked.unreadable = Failure(FailureKind.FAILED, "no route to us-east-1", "look at it")
    else:
        locked.unreachable = "no route to us-east-1"
    stopped = await taken_up_error(locked)
    assert isinstance(stopped, RefusedError)
    assert f"release-console resume {WHERE}" in stopped.hint
    assert f"release-console abort --yes {WHERE}" in stopped.hint

    ended = await abort(locked)

    assert ended.outcome is Outcome.ABORTED
    assert isinstance(locked.journal.read(ended.id)[-1].event, RolloutFinished)
    assert not [e for e in locked.journal.read(ended.id) if isinstance(e.event, TakenUp)]
    assert bool(locked.told) == is_state
    assert locked.desk.look() is None
