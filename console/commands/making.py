"""How is a move made after a rollout, whoever said yes to it?"""

from __future__ import annotations

from collections.abc import Callable

from console.commands.launching import launched
from console.commands.taking_up import left_open
from console.domain.commands import Recover
from console.domain.events import Entry, RolloutFinished, RolloutStarted
from console.domain.evolve import replay
from console.domain.outcome import Outcome
from console.domain.release import ReleaseLabel
from console.domain.rollout import Rollout
from console.engine.engine import Engine
from console.errors import LockedError, RefusedError
from console.exit_codes import ExitCode
from console.wiring import Running, SystemClock, World, operator


async def made(
    world: World,
    rollout: Rollout,
    command: Recover,
    where: str,
    attach: Callable[[Engine, Running], None],
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
    """
    purpose = f"recovering {command.move.region}: {command.move.remedy}"
    async with launched(world, rollout.id, purpose, where) as (engine, running):
        attach(engine, running)
        return await engine.proceed(rollout, command)


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
    known = world.last_acted() or world.newest_rollout()
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


_NOTHING = ReleaseLabel("nothing")
_ONLY_RECORDS = "nothing was rolled out: it records the moves that were made before any rollout"


def refuse_while_under_way(world: World, where: str) -> None:
    """Refuse a move in a fleet whose newest rollout may still do something itself.

    Raises:
        LockedError: a living console runs it.
        RefusedError: its console has died before its end.
    """
    left = left_open(world)
    if left is None:
        return
    if left.is_alive:
        raise LockedError(f"rollout {left.rollout.id} is run by {left.lease}", "wait for it")
    raise RefusedError(left.told, f"go on with it first: release-console resume --yes {where}")
