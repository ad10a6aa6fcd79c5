"""How is a rollout put on its way, whoever says yes to its steps?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from console import __version__
from console.commands.asked import Asked
from console.domain.events import RolloutStarted
from console.domain.release import ImageRef, ReleaseLabel
from console.domain.scaling import rules_of
from console.domain.steps import Step
from console.engine.engine import Engine
from console.engine.ports import JournalError, TakenOverError
from console.errors import (
    ConsoleError,
    HaltedError,
    HandedOverError,
    LockedError,
    RefusedError,
)
from console.journal.fenced import FencedJournal, taken_over
from console.journal.keeper import Keeper
from console.journal.lease import Lease
from console.wiring import Running, SystemClock, World, operator


def start_of(
    world: World,
    asked: Asked,
    label: ReleaseLabel,
    *,
    image: ImageRef | None,
    refresh: bool,
    accept_leftovers: bool,
) -> RolloutStarted:
    """Return the first event of a rollout, unless an earlier one has to be ended first.

    Raises:
        LockedError: somebody rolls this fleet out now.
        RefusedError: a console has died and left its rollout open.
    """
    refuse_while_one_is_open(world, asked.where)
    now, scale = SystemClock().now(), asked.scale
    policy = world.standing.last_wave_first() if asked.rolls_back else world.standing
    what = f"scale-{scale.region}-{scale.to}" if scale else label
    return RolloutStarted(
        rollout=f"{now:%Y%m%d-%H%M%S}-{what}",
        fleet=world.settings.fleet,
        environment=world.settings.environment,
        label=label,
        image=image,
        policy=rules_of(policy, scale) if scale else policy,
        by=operator(),
        refresh=refresh,
        accept_leftovers=accept_leftovers,
        rolls_back=asked.rolls_back,
        because=asked.because,
        only=asked.only_slots,
        where=asked.where,
        scale=scale,
        promised=asked.promised,
        leaves=asked.leaves,
    )


def purpose_of(started: RolloutStarted) -> str:
    """Return what the lease tells others that is done."""
    scale = started.scale
    return f"scaling {scale.told}" if scale else f"rolling out {started.label}"


@asynccontextmanager
async def launched(
    world: World, rollout: str, purpose: str, where: str
) -> AsyncIterator[tuple[Engine, Running]]:
    """Provide an engine that holds the fleet's lease for as long as the block runs.

    Args:
        world: the fleet.
        rollout: the id of the rollout that the engine will run.
        purpose: what the lease tells others.
        where: the options that name the settings, for commands in messages.

    Raises:
        LeaseHeldError: somebody else has the fleet.
        HandedOverError: somebody else has taken it meanwhile.
        ConsoleError: the journal could not be written; what is true then is in the message.
    """
    clock = SystemClock()
    lease = world.desk.claim(operator(), __version__, purpose, clock.now())
    keeper = Keeper(world.desk, lease, clock)
    journal = FencedJournal(world.journal, lease)

    def is_lost() -> None:
        # Whatever waits for a clock or a person would not notice for long.
        engine.give_up(TakenOverError(taken_over(_holder(world))))

    async with keeper.keeping(is_lost), world.running(rollout) as running:
        engine = Engine(journal, running.performer, running.stream, clock, may_act=keeper.may_act)
        try:
            yield engine, running
        except TakenOverError as error:
            raise _handed_over(error, engine, rollout, where) from error
        except JournalError as error:
            raise _without_journal(error, engine, where) from error


def _holder(world: World) -> Lease | None:
    try:
        return world.desk.look()
    except JournalError:
        return None  # then nobody can tell


def _handed_over(
    error: TakenOverError, engine: Engine, rollout: str, where: str
) -> HandedOverError:
    """Return what is true when the fleet is another one's: what ran here was waited for."""
    running = engine.rollout.running if engine.rollout is not None else ()
    doing = ", ".join(str(step.at) for step in running if step.at.step is not Step.VERIFY)
    waited = f"{doing} was under way and has been waited for, and " if doing else ""
    return HandedOverError(
        f"{error}; {waited}nothing more of rollout {rollout} is done from here",
        f"release-console status {where} shows who goes on with it and what is true",
    )


def _without_journal(error: JournalError, engine: Engine, where: str) -> ConsoleError:
    """Return what is true when the journal failed: the engine has waited for all that ran."""
    begun = engine.rollout is not None and any(s.at.unit for s in engine.rollout.steps)
    if not begun:
        return RefusedError(f"{error}; nothing was changed")
    return HaltedError(
        f"{error}; regions had been begun, and nothing new was started after that",
        f"release-console status {where} shows what is true now; then "
        f"release-console resume {where} goes on",
    )


def refuse_while_one_is_open(world: World, where: str) -> None:
    """A rollout that its console left open is ended first, by somebody who has looked at it."""
    newest = world.newest_rollout()
    if newest is None or newest.is_finished:
        return
    lease = world.desk.look()
    if lease is not None and lease.is_alive(SystemClock().now()):
        raise LockedError(
            f"the fleet is held by {lease}",
            "wait for it, or end it where it runs with Ctrl-C; if nobody can: "
            f"release-console resume --yes --confirm {world.settings.fleet} {where}".rstrip()
            + " takes it over",
        )
    doing = ", ".join(str(step.at) for step in newest.running) or "a pause"
    raise RefusedError(
        f"rollout {newest.id} of {newest.request.label} was left open in {doing}",
        f"release-console resume {where} goes on with it; "
        f"release-console abort --yes {where} records its end; "
        f"release-console status {where} shows what is true now",
    )
