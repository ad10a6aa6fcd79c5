"""How does a console go on with a rollout that another one has left open?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from console.commands.launching import launched
from console.domain.commands import TakeUp
from console.domain.evolve import replay
from console.domain.failure import Failure, FailureKind
from console.domain.rollout import Rollout
from console.engine.engine import Engine
from console.engine.ports import JournalError, OnProgress
from console.engine.reconciling import Reconciler
from console.errors import LockedError, RefusedError
from console.journal.lease import Lease
from console.wiring import Running, SystemClock, World, operator


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """A rollout that has no end yet."""

    rollout: Rollout
    lease: Lease | None
    """Of whoever runs it, or ran it."""
    is_alive: bool
    """Whether its console lives, and goes on with it."""

    @property
    def told(self) -> str:
        """Where it stands, in a sentence."""
        doing = ", ".join(str(step.at) for step in self.rollout.running)
        return f"rollout {self.rollout.id} of {self.rollout.request.label} was left open " + (
            f"in {doing}" if doing else "at rest"
        )


def left_open(world: World) -> LeftOpen | None:
    """Return the fleet's newest rollout, if it has no end."""
    newest = world.newest_rollout()
    if newest is None or newest.is_finished:
        return None
    lease = world.desk.look()
    is_alive = lease is not None and lease.is_alive(SystemClock().now())
    return LeftOpen(newest, lease, is_alive)


def as_recorded(world: World, rollout: str) -> Rollout:
    """Return a rollout as its journal tells it now: others may have gone on with it.

    Raises:
        JournalError: it is not there any more.
    """
    found = replay(world.journal.read(rollout))
    if found is None:
        raise JournalError(
            f"rollout {rollout} is not in the journal any more; release-console history tells "
            "which are"
        )
    return found


@asynccontextmanager
async def taken_up(
    world: World, left: LeftOpen, *, from_the_living: bool = False
) -> AsyncIterator[tuple[Engine, Running]]:
    """Provide an engine that holds the lease on a rollout which another console has left.

    Args:
        world: the fleet, restricted to the rollout's regions.
        left: the rollout.
        from_the_living: whether it may be taken from a console that looks alive. That one starts
            no further effect.

    Raises:
        LockedError: its console lives.
        LeaseHeldError: somebody else was faster.
    """
    if left.is_alive and not from_the_living:
        raise LockedError(
            f"rollout {left.rollout.id} is run by {left.lease}",
            "end it there with Ctrl-C; if nobody can, take it over: release-console resume --yes "
            f"--confirm {world.settings.fleet} {left.rollout.request.where}".rstrip(),
        )
    if left.lease is not None:
        world.desk.release(left.lease)
    where, purpose = left.rollout.request.where, f"taking up {left.rollout.id}"
    async with launched(world, left.rollout.id, purpose, where) as (engine, running):
        yield engine, running


async def reconciled(world: World, left: LeftOpen, tell: OnProgress) -> tuple[Rollout, TakeUp]:
    """Wait for what still runs, look at what it has done, and return what goes on from there.

    Args:
        world: the fleet, restricted to the rollout's regions.
        left: the rollout, whose lease is ours by now.
        tell: hears what a Terraform prints that still runs.

    Returns:
        The rollout as it was left, and what takes it up.

    Raises:
        LockedError: a state is locked from another machine.
        RefusedError: a region cannot be read, so that nobody can tell where the rollout stands;
            or it has come to its end before the lease was ours.
    """
    # Whoever had the lease may have gone on until it was ours; since then nobody has.
    rollout = world.newest_rollout()
    if rollout is None or rollout.id != left.rollout.id or rollout.is_finished:
        raise RefusedError(
            f"rollout {left.rollout.id} has come to its end meanwhile",
            f"release-console status {left.rollout.request.where}".rstrip(),
        )
    ends = await Reconciler(world.infrastructure, world.fleet, tell).look(rollout)
    if isinstance(ends, Failure):
        kind = LockedError if ends.kind is FailureKind.LOCKED else RefusedError
        raise kind(ends.message, ends.hint)
    by = operator() if left.lease is None else f"{operator()} from {left.lease.who}"
    return rollout, TakeUp(by, ends)
