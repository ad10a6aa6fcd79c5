"""How is a move made after a rollout, whoever said yes to it?"""

from __future__ import annotations

from console.commands.launching import launched
from console.commands.left_moves import (
    Attach,
    recorded_last,
    taken_from_the_dead,
    with_moves_ended,
)
from console.commands.taking_up import LeftOpen, as_recorded, left_open, taken_up
from console.domain.commands import Recover
from console.domain.events import Entry, RolloutFinished, RolloutStarted
from console.domain.evolve import replay
from console.domain.failure import Failure, FailureKind
from console.domain.outcome import Outcome
from console.domain.recovery.remedies import Remedy
from console.domain.release import ReleaseLabel
from console.domain.rollout import Rollout
from console.errors import LockedError, RefusedError
from console.exit_codes import ExitCode
from console.wiring import SystemClock, World, operator


async def made(
    world: World,
    rollout: Rollout,
    command: Recover,
    where: str,
    attach: Attach,
) -> Rollout:
    """Make a move and return the rollout that it was made after.

    Args:
        world: the fleet.
        rollout: the newest; its journal records the move.
        command: what somebody said yes to.
        where: the options that name the settings, for commands in messages.
        attach: is told of the engine before anything is done.

    Raises:
        LeaseHeldError: somebody else has the fleet.
        LockedError: a living console runs the newest rollout.
        RefusedError: the rollout is open, or has gone on since, and does not allow the move.
    """
    refuse_while_under_way(world, command.move.remedy, where)
    left = left_open(world)
    if left is not None:
        return await _made_beside(world, left, command, where, attach)
    purpose = f"recovering {command.move.region}: {command.move.remedy}"
    dead = taken_from_the_dead(world)
    async with launched(world, rollout.id, purpose, where) as (engine, running):
        attach(engine, running)
        # Whoever had the lease may have gone on until it was ours; since then nobody has.
        known = await with_moves_ended(world, rollout.id, dead, engine, running)
        ended = await engine.proceed(known, command) if known.is_finished else known
    return _begun(command, known, ended, where)


async def _made_beside(
    world: World, left: LeftOpen, command: Recover, where: str, attach: Attach
) -> Rollout:
    """Make a move in a rollout that its dead console has left, and leave it open as it is."""
    async with taken_up(world, left) as (engine, running):
        attach(engine, running)
        for unit in world.policy.units:
            if command.move.region in unit.regions:
                await world.infrastructure.await_others(unit.name, running.stream.progress)
        known = as_recorded(world, left.rollout.id)
        ended = known if known.is_finished else await engine.make_beside(known, command)
    return _begun(command, known, ended, where)


def _begun(command: Recover, before: Rollout, after: Rollout, where: str) -> Rollout:
    """Return the rollout as it is after a move, if that was begun."""
    if len(after.recoveries) == len(before.recoveries):
        raise RefusedError(
            f"{command.move} was not begun: rollout {before.id} does not allow it now",
            f"release-console status {where}".rstrip() + " shows what is true now",
        )
    return after


def newest_to_record_in(world: World, where: str) -> Rollout:
    """Return the rollout whose journal a move is recorded in.

    A state may be locked before anything was ever rolled out here, and then nothing can be: in a
    fleet without a journal one is begun, of a rollout that has done nothing and has ended.

    Args:
        world: the fleet.
        where: the options that name the settings.

    Raises:
        JournalError: it cannot be written.
    """
    known = recorded_last(world)
    if known is not None:
        return known
    now = SystemClock().now()
    name = f"{now:%Y%m%d-%H%M%S}-{_NOTHING}"
    fleet, environment = world.settings.fleet, world.settings.environment
    begun = RolloutStarted(
        *(name, fleet, environment, _NOTHING, None, world.policy, operator()), where=where
    )
    ended = RolloutFinished(Outcome.REFUSED, int(ExitCode.REFUSED), _ONLY_RECORDS, "")
    entries = [Entry(name, 1, now, begun), Entry(name, 2, now, ended)]
    world.journal.append(entries)
    rollout = replay(entries)
    assert rollout is not None  # it has begun  # noqa: S101
    return rollout


_ENDS = ("resume", "abort")
_NOTHING = ReleaseLabel("nothing")
_ONLY_RECORDS = "nothing was rolled out: it records the moves that were made before any rollout"


def refuse_while_under_way(world: World, remedy: Remedy, where: str) -> None:
    """Refuse a move in a fleet whose newest rollout may still do something itself.

    Args:
        world: the fleet.
        remedy: the move. A lock may stand in the way of whoever goes on with a rollout, so that
            one is taken away although the rollout is open, once its console is dead.
        where: the options that name the settings.

    Raises:
        LockedError: a living console runs it.
        RefusedError: its console has died before its end.
    """
    left = left_open(world)
    if left is None:
        return
    if left.is_alive:
        raise LockedError(f"rollout {left.rollout.id} is run by {left.lease}", "wait for it")
    if remedy is not Remedy.UNLOCK:
        resume, end = (f"release-console {word} --yes {where}".rstrip() for word in _ENDS)
        hint = f"go on with it first: {resume}; or record its end: {end}"
        raise RefusedError(left.told, hint)


def exit_code_of(failure: Failure | None) -> ExitCode:
    """Return what the process ends with after a move that ended with `failure`, or well."""
    match failure.kind if failure is not None else None:
        case None:
            return ExitCode.COMPLETED
        case FailureKind.REFUSED:
            return ExitCode.REFUSED
        case FailureKind.LOCKED:
            return ExitCode.LOCKED
        case _:
            return ExitCode.NEEDS_PERSON
