"""How is a move made after a rollout, whoever said yes to it?"""

from __future__ import annotations

from collections.abc import Callable

from console.commands.launching import launched
from console.commands.taking_up import left_open
from console.domain.commands import Recover
from console.domain.rollout import Rollout
from console.engine.engine import Engine
from console.errors import LockedError, RefusedError
from console.wiring import Running, World


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


def newest_to_record_in(world: World) -> Rollout:
    """Return the rollout whose journal a move is recorded in.

    Raises:
        RefusedError: there never was one.
    """
    rollout = world.last_acted()
    if rollout is None:
        raise RefusedError(
            "no rollout was ever started here, so that there is no journal to record a move in",
            "release-console --auto --release LABEL begins one",
        )
    return rollout


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
