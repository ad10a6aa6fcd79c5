"""What is advised, and how is a move made from the command line?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import click

from console.commands.asked import Asked
from console.commands.leading_on import Wanted, asked_for
from console.commands.left_moves import clear_the_way
from console.commands.making import exit_code_of, made, newest_to_record_in, refuse_while_under_way
from console.commands.rollout import roll_out
from console.commands.telling import say
from console.domain.commands import Recover
from console.domain.fleet import InstanceId, RegionName
from console.domain.foreign import shown
from console.domain.recovery.advice import Advice, Option, advise
from console.domain.recovery.held import held
from console.domain.recovery.remedies import ROLLOUTS, TOLD, Remedy
from console.domain.recovery.signs import STANDINGS
from console.domain.recovery.situation import Situation
from console.domain.recovery.typed import command_line, typed_name
from console.domain.rollout import Rollout
from console.engine.engine import Engine
from console.engine.surveying import Seen
from console.errors import RefusedError, UsageError
from console.headless.output import LineWriter, Narrator
from console.headless.reporter import Reporter
from console.headless.runner import with_signals
from console.wiring import Running, SystemClock, World, operator, wire


def advice(config: Path | None, regions: tuple[str, ...], *, as_json: bool) -> int:
    """Tell what is true of every region and which moves there are. Changes nothing."""
    world = wire(config)
    rollout = world.last_acted()
    where = _where(config)
    try:
        seen = asyncio.run(_look(world, rollout, _named(world, regions)))
    finally:
        world.session.close()
    advised = [(s.situation, advise(s.situation)) for s in seen]
    fleet = world.settings.fleet
    if as_json:
        data = {s.region: _data(s, told, fleet, where) for s, told in advised}
        print(json.dumps(data))  # noqa: T201 - data, on stdout
        return 0
    for situation, told in advised:
        for line in _text(situation, told, fleet, where):
            print(shown(line))  # noqa: T201 - data, on stdout
    return 0


def make(config: Path | None, wanted: Wanted, *, sandbox: bool) -> int:
    """Make one move and return the exit code.

    Raises:
        UsageError: the move does not say enough.
        RefusedError: it would harm, does not fit, or a rollout is open.
        LockedError: somebody else has the fleet.
    """
    world = wire(config)
    remedy, regions = Remedy(wanted.action), _named(world, wanted.regions)
    if remedy in ROLLOUTS:
        return _roll_out(world, config, wanted, remedy, sandbox=sandbox)
    refuse_while_under_way(world, remedy, _where(config))
    if regions is None or len(regions) != 1:
        names = ", ".join(world.settings.regions)
        raise UsageError(f"{remedy} is made in one region", f"name it with --region: {names}")
    return asyncio.run(_make(world, config, wanted, remedy, regions[0]))


# How far apart the two looks are that show whether a locked state is being written.
_LOOK_AGAIN_S = 3.0


async def _look(
    world: World, rollout: Rollout | None, regions: Sequence[RegionName] | None
) -> tuple[Seen, ...]:
    """Return what is true of `regions`, or of all; where a state is locked, after a second look."""
    seen = await world.surveyor.look(rollout, regions)
    locked = [found.situation.region for found in seen if found.situation.lock is not None]
    if not locked:
        return seen
    await asyncio.sleep(_LOOK_AGAIN_S)
    again = {s.situation.region: s for s in await world.surveyor.look(rollout, locked)}
    return tuple(again.get(found.situation.region, found) for found in seen)


async def _make(
    world: World, config: Path | None, wanted: Wanted, remedy: Remedy, region: RegionName
) -> int:
    # First what a Terraform without its console may still change there.
    await clear_the_way(world, _where(config))
    (seen,) = await _look(world, world.last_acted(), [region])
    option = _option(world, seen, wanted, remedy, _where(config))
    _confirm(option, seen.situation, world.settings.fleet, wanted)
    rollout = newest_to_record_in(world, _where(config))
    command = Recover(option.move(seen.situation), option.consequence, operator())
    lines = LineWriter() if wanted.as_json else None
    narrator, clock = Narrator(), SystemClock()
    reporter = Reporter(narrator, lines, clock)
    signals: Sequence[int] = ()

    def attach(engine: Engine, running: Running) -> None:
        nonlocal signals
        signals = with_signals(engine, narrator, clock, _FINISHED_FIRST)
        reporter.begin(rollout)
        running.stream.join(reporter)

    ended = await made(world, rollout, command, _where(config), attach)
    return 128 + signals[0] if signals else int(exit_code_of(ended.recoveries[-1].failure))


_FINISHED_FIRST = "the move is finished first; once more interrupts Terraform itself"


def _option(world: World, seen: Seen, wanted: Wanted, remedy: Remedy, where: str) -> Option:
    told = advise(seen.situation, wanted.slots)
    region = seen.situation.region
    try:
        option = told.option(remedy, InstanceId(wanted.instance) if wanted.instance else None)
    except KeyError as error:
        known = ", ".join(orphan.id for orphan in seen.situation.orphans) or "there is none"
        raise UsageError(f"{wanted.instance} is no orphan of {region}", known) from error
    if option.may_be_made:
        return option
    best = told.recommended
    hint = f"see release-console recover {where}".rstrip()
    if best is not None:
        hint = command_line(best, seen.situation, world.settings.fleet, where)
    raise RefusedError(f"{remedy} in {region} is {option.standing}: {option.reason}", hint)


def _confirm(option: Option, situation: Situation, fleet: str, wanted: Wanted) -> None:
    """Ask for a yes to what is shown; a dangerous one is the name of what it is about."""
    say(option.consequence)
    if option.remedy is Remedy.UNLOCK:
        say("\n".join(held(situation)))
    if undo := TOLD[option.remedy].undo:
        say(f"undo: {undo}")
    if not option.is_dangerous:
        if not wanted.yes and wanted.confirm is None:
            click.confirm(f"{TOLD[option.remedy].verb}?", abort=True, err=True)
        return
    name = typed_name(option, situation, fleet)
    if wanted.confirm is None and not wanted.yes:
        given = click.prompt(f"Type {name} to say yes", default="", show_default=False, err=True)
    else:
        given = wanted.confirm or ""
    if given != name:
        raise RefusedError(
            f"a yes to {option.remedy} is {name}, typed; nothing was changed", f"--confirm {name}"
        )


def _roll_out(
    world: World, config: Path | None, wanted: Wanted, remedy: Remedy, *, sandbox: bool
) -> int:
    asyncio.run(clear_the_way(world, _where(config)))
    newest = world.last_acted()
    if newest is None and remedy is not Remedy.RETRY:
        raise UsageError(
            "no rollout was ever started here",
            f"begin one: release-console --auto --release LABEL {_where(config)}".rstrip(),
        )
    try:
        seen = asyncio.run(world.surveyor.look(newest, _named(world, wanted.regions)))
    finally:
        world.session.close()
    plain = Asked(config, auto=True, as_json=wanted.as_json, sandbox=sandbox)
    asked = asked_for(plain, wanted, remedy, seen)
    if not wanted.yes:
        where = asked.regions or "every region"
        question = f"{TOLD[remedy].verb}: roll {asked.release} out to {where}?"
        click.confirm(question, abort=True, err=True)
    return roll_out(asked)


def _named(world: World, regions: tuple[str, ...]) -> list[RegionName] | None:
    unknown = [name for name in regions if name not in world.settings.regions]
    if unknown:
        known = ", ".join(world.settings.regions)
        raise UsageError(f"there is no region {', '.join(unknown)}", f"the settings have {known}")
    return [RegionName(name) for name in regions] or None


def _where(config: Path | None) -> str:
    return Asked(config).where


def _text(situation: Situation, told: Advice, fleet: str, where: str) -> list[str]:
    lines = [f"{situation.region}: {' '.join(told.happened)}"]
    if not situation.needs_somebody and situation.healthy >= situation.desired:
        return [*lines, ""]
    for options in _alike(told):
        option, names = options[0], ", ".join(option.remedy for option in options)
        reason = f": {option.reason}" if option.reason else ""
        lines.append(f"  {STANDINGS[option.standing].glyph} {names} ({option.standing}){reason}")
        if option.may_be_made:
            lines.append(f"      {option.consequence}")
            if option.remedy is Remedy.UNLOCK:
                lines += [f"      {line}" for line in held(situation)]
            lines.append(f"      {command_line(option, situation, fleet, where)}")
    return [*lines, ""]


def _alike(told: Advice) -> list[list[Option]]:
    """Return the options, those together that the same reason holds back."""
    found: dict[tuple[object, ...], list[Option]] = {}
    for option in told.options:
        own = (option.remedy, option.instance) if option.may_be_made else ()
        found.setdefault((option.standing, option.reason, *own), []).append(option)
    return list(found.values())


def _data(situation: Situation, told: Advice, fleet: str, where: str) -> dict[str, object]:
    return {
        "happened": list(told.happened),
        "evidence": told.evidence,
        "actions": [
            {
                "action": option.remedy,
                "standing": option.standing,
                "reason": option.reason,
                "slots": list(option.slots),
                "instance": option.instance,
                "consequence": option.consequence,
                "removes": list(option.prospect.removed),
                "healthy_after": option.prospect.healthy_after,
                "command": command_line(option, situation, fleet, where),
            }
            for option in told.options
        ],
    }
