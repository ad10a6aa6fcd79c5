"""How does a release go on without a region, or end, from the command line?"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from console.commands.asked import Asked
from console.commands.closing import end_open
from console.commands.last_line import with_its_end
from console.commands.leading_on import Wanted
from console.commands.left_moves import clear_the_way
from console.commands.making import refuse_while_under_way
from console.commands.resume import led_to_its_end
from console.commands.rollout import roll_out
from console.commands.taking_up import LeftOpen, left_open
from console.commands.telling import say
from console.domain.allowed import against_skip
from console.domain.fleet import RegionName
from console.domain.recovery.going_on import GoingOn, with_the_rest, without
from console.domain.recovery.remedies import Remedy
from console.domain.rollout import Rollout
from console.errors import LockedError, RefusedError, UsageError
from console.headless.output import LineWriter
from console.wiring import World, wire


def go_on(config: Path | None, wanted: Wanted, *, sandbox: bool) -> int:
    """Skip a region, go on with the others, or end what is open; return the exit code.

    Args:
        config: the settings file; None for the default.
        wanted: `skip`, `continue` or `abort`, and what was named with it.
        sandbox: whether the sandbox is meant.

    Raises:
        UsageError: a skip names no region, or more than one; or something else was named.
        RefusedError: it does not fit.
        LockedError: a living console runs the rollout.
    """
    asked = Asked(config, auto=True, as_json=wanted.as_json, sandbox=sandbox)
    return with_its_end(partial(_go_on, asked, wanted), as_json=wanted.as_json)


def _go_on(asked: Asked, wanted: Wanted, lines: LineWriter | None) -> int:
    _check_what_is_named(wanted, asked.where)
    if wanted.action == "abort":
        return end_open(asked.config, yes=wanted.yes, lines=lines)
    world = wire(asked.config)
    if wanted.action == "skip":
        return _skip(world, asked, wanted, lines)
    refuse_while_under_way(world, Remedy.FINISH, asked.where)
    asyncio.run(clear_the_way(world, asked.where))
    return _roll_out(world, asked, with_the_rest(world.past()), "continue", yes=wanted.yes)


_ABOUT = {
    "skip": "it leaves one region as it is, with all its slots: "
    "release-console recover skip --region R",
    "continue": "it goes on to every region that does not have the release: "
    "release-console recover continue",
    "abort": "it ends the whole rollout that is open: release-console recover abort",
}


def _check_what_is_named(wanted: Wanted, where: str) -> None:
    """Refuse what the action does not take, rather than do more than was asked for."""
    given = {
        "--region": wanted.regions if wanted.action != "skip" else (),
        "--slot": wanted.slots,
        "--instance": wanted.instance,
        "--release": wanted.release,
        "--image": wanted.image,
    }
    if named := [option for option, value in given.items() if value]:
        hint = f"{_ABOUT[wanted.action]} {where}".rstrip()
        raise UsageError(f"{wanted.action} takes no {', '.join(named)}", hint)


def _skip(world: World, asked: Asked, wanted: Wanted, lines: LineWriter | None) -> int:
    unknown = [name for name in wanted.regions if name not in world.settings.regions]
    if unknown or len(wanted.regions) != 1:
        known = ", ".join(world.settings.regions)
        problem = f"there is no region {', '.join(unknown)}" if unknown else "skip is of one region"
        raise UsageError(problem, f"name it with --region: {known}")
    region = RegionName(wanted.regions[0])
    left = left_open(world)
    if left is not None:
        return _skip_in(left, asked, region, lines, yes=wanted.yes)
    asyncio.run(clear_the_way(world, asked.where))
    found = without(region, world.past())
    return _roll_out(world, asked, found, f"skip {region}", yes=wanted.yes)


def _roll_out(world: World, asked: Asked, found: GoingOn | str, what: str, *, yes: bool) -> int:
    """Begin the rollout that goes on."""
    world.session.close()
    if isinstance(found, str):
        hint = f"release-console recover {asked.where} tells what leads on".replace("  ", " ")
        raise RefusedError(f"{what}: {found}", hint)
    where = ", ".join(found.regions) or "every region that does not have it"
    for name, why in found.leaves:
        say(f"{name} is left as it is: {why}")
    if not yes:
        question = f"Roll {found.shipment.label} out to {where}?"
        click.confirm(question, abort=True, err=True)
    return roll_out(
        replace(
            asked,
            release=found.shipment.label,
            image=found.shipment.image,
            regions=",".join(found.regions) or None,
            rolls_back=found.shipment.rolls_back,
            leaves=found.leaves,
        )
    )


def _skip_in(
    left: LeftOpen, asked: Asked, region: RegionName, lines: LineWriter | None, *, yes: bool
) -> int:
    """Skip the region that halted a rollout which its console has left."""
    rollout = left.rollout
    if left.is_alive:
        raise LockedError(f"rollout {rollout.id} is run by {left.lease}", "press k there")
    if reason := against_skip(rollout) or _halted_elsewhere(rollout, region):
        raise RefusedError(
            f"skip {region}: {reason}", f"release-console resume --yes {asked.where}".rstrip()
        )
    say(left.told)
    if not yes:
        click.confirm(f"Leave {region} as it is and go on?", abort=True, err=True)
    world = wire(asked.config, only=[known.name for known in rollout.regions])
    return led_to_its_end(world, left, asked, lines, skips=True)


def _halted_elsewhere(rollout: Rollout, region: RegionName) -> str:
    halt = rollout.halt
    unit = halt.at.unit if halt is not None else None
    halted_it = rollout.unit(unit).regions if unit is not None else ()
    return "" if region in halted_it else f"{', '.join(halted_it)} halted it"
