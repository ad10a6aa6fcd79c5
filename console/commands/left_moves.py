"""What becomes of a move whose console died before its end?

Nobody saw what it did, and what it did is looked at. Until its end is on record nothing else is
done: neither another move nor a rollout.
"""

from __future__ import annotations

from collections.abc import Callable

from console.commands.launching import launched
from console.commands.taking_up import as_recorded
from console.commands.telling import say
from console.domain.events import Entry, Noticed
from console.domain.observations import Recovered
from console.domain.recovering import unseen
from console.domain.rollout import Rollout
from console.engine.engine import Engine
from console.headless.output import Narrator
from console.headless.reporter import Reporter
from console.journal.lease import Lease
from console.wiring import Running, SystemClock, World, operator, wire

Attach = Callable[[Engine, Running], None]
"""Is told of an engine before it does anything."""


def recorded_last(world: World) -> Rollout | None:
    """Return the rollout whose journal the last moves are recorded in; None where none was.

    Raises:
        JournalError: the journal cannot be read.
    """
    return world.last_acted() or world.newest_rollout()


def is_anything_left(world: World) -> bool:
    """Whether a dead console has left a move, or only its lease, after its rollout's end."""
    lease, rollout = world.desk.look(), recorded_last(world)
    if lease is not None:
        return not lease.is_alive(SystemClock().now()) and _has_ended(world)
    return rollout is not None and rollout.is_finished and bool(rollout.open_moves)


def taken_from_the_dead(world: World) -> Lease | None:
    """Take the lease of a console that is dead, and return it; None where nothing was taken.

    While a rollout has no end this takes nothing: that is taken up or aborted, with a yes.
    """
    lease = world.desk.look()
    if lease is None or lease.is_alive(SystemClock().now()) or not _has_ended(world):
        return None
    world.desk.release(lease)
    if (rollout := recorded_last(world)) is not None:
        text = f"{operator()} took the lease of {lease}: that console is dead"
        world.journal.append(
            [Entry(rollout.id, rollout.seq + 1, SystemClock().now(), Noticed(text))]
        )
    return lease


async def clear_the_way(world: World, where: str) -> None:
    """End what a dead console has left after its rollout's end, and narrate that.

    Args:
        world: the fleet; its AWS session is left as it is.
        where: the options that name the settings, for commands in messages.

    Raises:
        LeaseHeldError: somebody else was faster.
    """
    if not is_anything_left(world):
        return
    if (dead := world.desk.look()) is not None:
        say(f"{dead}: that console is dead; its lease is taken away")
    reporter = Reporter(Narrator(), None, SystemClock())

    def attach(_: Engine, running: Running) -> None:
        if (rollout := recorded_last(world)) is not None:
            reporter.begin(rollout)
        running.stream.join(reporter)

    await end_left_moves(wire(world.config), where, attach)


async def end_left_moves(world: World, where: str, attach: Attach) -> None:
    """Record the end of the move that a dead console has left open, if there is one.

    Args:
        world: the fleet, for this alone: its AWS session is closed at the end.
        where: the options that name the settings, for commands in messages.
        attach: is told of the engine before anything is done.

    Raises:
        LeaseHeldError: somebody else was faster.
    """
    dead = taken_from_the_dead(world)
    rollout = recorded_last(world)
    if rollout is None or not rollout.is_finished or not rollout.open_moves:
        return
    async with launched(world, rollout.id, "ending a move that was left", where) as (
        engine,
        running,
    ):
        attach(engine, running)
        await with_moves_ended(world, rollout.id, dead, engine, running)


async def with_moves_ended(
    world: World, rollout: str, dead: Lease | None, engine: Engine, running: Running
) -> Rollout:
    """Return a rollout as its journal tells it, with every move of dead consoles ended.

    A Terraform that such a move has left running is waited for.

    Args:
        world: the fleet, whose lease is ours.
        rollout: the id of one that has come to its end.
        dead: the lease of the console that died, where it is known.
        engine: records the ends.
        running: hears what is waited for.

    Raises:
        JournalError: it is not in the journal any more.
    """
    known = as_recorded(world, rollout)
    console = f"its console ({dead})" if dead is not None else "its console"
    for left in known.open_moves:
        for unit in world.policy.units:
            if left.move.region in unit.regions:
                await world.infrastructure.await_others(unit.name, running.stream.progress)
        known = await engine.proceed(known, Recovered(left.at, failure=unseen(console)))
    return known


def _has_ended(world: World) -> bool:
    newest = world.newest_rollout()
    return newest is None or newest.is_finished
