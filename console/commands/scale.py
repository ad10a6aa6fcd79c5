"""How does a region get another number of workers?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import click

from console.commands.asked import Asked
from console.commands.launching import refuse_while_one_is_open
from console.commands.rollout import roll_out
from console.commands.telling import say
from console.commands.where import chosen_config, config_option
from console.domain.counted import counted
from console.domain.fleet import RegionName, SlotTarget, StateObject
from console.domain.recovery.next_step import again_scaled
from console.domain.release import digest_of
from console.domain.scaling import Scale, most_run
from console.engine.surveying import Seen
from console.errors import RefusedError, UsageError
from console.wiring import World, wire


@dataclass(frozen=True, slots=True)
class _Look:
    """What a scale starts from."""

    scale: Scale
    target: SlotTarget
    """What new slots get: what most of those run that stay."""
    consequence: str


@click.command()
@click.argument("region")
@click.argument("count", type=int)
@click.option("--yes", is_flag=True, help="Answer the confirmation.")
@click.option("--confirm", metavar="FLEET", help="Answer that of going below half.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@config_option
@click.pass_context
def scale(
    ctx: click.Context,
    /,
    region: str,
    count: int,
    config: Path | None,
    *,
    sandbox: bool,
    yes: bool,
    confirm: str | None,
    as_json: bool,
) -> None:
    """Give REGION COUNT workers, through the plan, the guard and the gates of a rollout.

    Up: new slots get the release that most of the region's slots run. Down: the highest slots go,
    each worker with the time that `drain` gives it. Less than half of a region takes --confirm
    with the fleet's name. Write the new count into the settings afterwards; until then releases
    keep what the region was scaled to.
    """
    path = chosen_config(ctx, config, sandbox=sandbox)
    asked = Asked(config, sandbox=sandbox)
    look = _look(path, RegionName(region), count, asked)
    _confirm(look.scale, look.consequence, wire(path).settings.fleet, asked.where, yes, confirm)
    ctx.exit(
        roll_out(
            Asked(
                config=path,
                release=look.target.release,
                image=look.target.image,
                auto=True,
                regions=region,
                as_json=as_json,
                scale=look.scale,
            )
        )
    )


def _look(path: Path | None, region: RegionName, count: int, asked: Asked) -> _Look:
    """Look at the region as it is now.

    Raises:
        UsageError: there is no such region, or no such number.
        RefusedError: nobody can tell what is there.
        LockedError: somebody rolls this fleet out now.
    """
    if count < 1:
        raise UsageError(
            f"a region cannot be scaled to {count}: its jobs would wait for nobody",
            "to give a region up, take it out of the settings, and its Terraform with it",
        )
    world = wire(path, only=[region])
    refuse_while_one_is_open(world, asked.where)
    try:
        (seen,) = asyncio.run(world.surveyor.look(world.last_acted(), [region]))
    finally:
        world.session.close()
    return _of(world, seen, count, asked.where)


def _of(world: World, seen: Seen, count: int, where: str) -> _Look:
    region, state = seen.survey.region, seen.survey.state
    doctor = f"release-console doctor {where} tells what is reachable".rstrip()
    if seen.situation.error or state is None:
        raise RefusedError(f"{region} cannot be read: {seen.situation.error}", doctor)
    current = [found for found in state.objects if found.deposed_key is None]
    before = max((found.slot + 1 for found in current), default=0)
    target = most_run(found.target for found in current if found.slot < count)
    if target is None or digest_of(target.image) is None:
        raise RefusedError(
            f"nobody can tell which image the slots of {region} run: their tags name no digest",
            "roll a release out to it first: release-console --auto --release LABEL "
            f"--regions {region} {where}".rstrip(),
        )
    scale = Scale(region, count, before, world.settings.regions[region].count)
    going = [found for found in current if found.slot >= count]
    return _Look(scale, target, _consequence(world, seen, scale, target, going))


def _consequence(
    world: World, seen: Seen, scale: Scale, target: SlotTarget, going: list[StateObject]
) -> str:
    sample = seen.survey.sample
    healthy = sample.healthy(world.settings.heartbeat.silent_after)
    stay = len(healthy - {found.instance for found in going})
    queue = sample.queue.value
    waiting = (
        "an unknown number of jobs waits"
        if queue is None
        else f"{counted(queue.backlog, 'job')} waiting, {queue.in_flight} in flight"
    )
    if going:
        names = ", ".join(str(found.instance) for found in going)
        what = f"{counted(len(going), 'worker')} of {scale.before} will go ({names})"
    elif scale.to > scale.before:
        slots = counted(scale.to - scale.before, "worker")
        what = f"{slots} of {target.release} will come"
    else:
        what = f"it has {counted(scale.to, 'slot')} already; that is recorded"
    return f"{scale.region}: {what}, {stay} healthy stay, {waiting}"


def _confirm(
    scale: Scale, consequence: str, fleet: str, where: str, yes: bool, confirm: str | None
) -> None:
    """Ask for a yes to what is shown; to go below half takes the fleet's name.

    Raises:
        RefusedError: the yes is not the one that is asked for.
    """
    say(consequence)
    if not scale.is_dangerous:
        if not yes and confirm is None:
            click.confirm(f"Scale {scale.told}?", abort=True, err=True)
        return
    if confirm is None and not yes:
        confirm = click.prompt(f"Type {fleet} to say yes", default="", show_default=False, err=True)
    if confirm != fleet:
        raise RefusedError(
            f"less than half of {scale.region} would be left; a yes to that is {fleet}, typed; "
            "nothing was changed",
            again_scaled(scale, fleet, where),
        )
