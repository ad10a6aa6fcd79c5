"""What is advised, and how is a move made from the command line?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from console.commands.asked import Asked
from console.commands.making import made, newest_to_record_in, refuse_while_under_way
from console.commands.rollout import roll_out
from console.commands.telling import say
from console.domain.commands import Recover
from console.domain.failure import FailureKind
from console.domain.fleet import InstanceId, RegionName, SlotIndex
from console.domain.foreign import shown
from console.domain.recovery.advice import Advice, Option, advise
from console.domain.recovery.remedies import ROLLOUTS, TOLD, Remedy
from console.domain.recovery.shipping import Shipment, shipment
from console.domain.recovery.signs import STANDINGS
from console.domain.recovery.situation import Situation
from console.domain.recovery.typed import command_line, typed_name
from console.domain.release import digest_of
from console.domain.rollout import Rollout
from console.engine.engine import Engine
from console.engine.surveying import Seen
from console.errors import RefusedError, UsageError
from console.exit_codes import ExitCode
from console.headless.output import LineWriter, Narrator
from console.headless.reporter import Reporter
from console.wiring import Running, SystemClock, World, operator, wire


@dataclass(frozen=True, slots=True)
class Wanted:
    """The move that was asked for."""

    action: str
    regions: tuple[str, ...] = ()
    slots: tuple[int, ...] = ()
    instance: str | None = None
    release: str | None = None
    image: str | None = None
    as_json: bool = False
    yes: bool = False
    confirm: str | None = None


def advice(config: Path | None, regions: tuple[str, ...], *, as_json: bool) -> int:
    """Tell what is true of every region and which moves there are. Changes nothing."""
    world = wire(config)
    rollout = world.last_acted()
    where = _where(config)
    try:
        seen = asyncio.run(world.surveyor.look(rollout, _named(world, regions)))
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
    refuse_while_under_way(world, _where(config))
    if regions is None or len(regions) != 1:
        names = ", ".join(world.settings.regions)
        raise UsageError(f"{remedy} is made in one region", f"name it with --region: {names}")
    return asyncio.run(_make(world, config, wanted, remedy, regions[0]))


async def _make(
    world: World, config: Path | None, wanted: Wanted, remedy: Remedy, region: RegionName
) -> int:
    (seen,) = await world.surveyor.look(world.last_acted(), [region])
    option = _option(world, seen, wanted, remedy, _where(config))
    _confirm(option, seen.situation, world.settings.fleet, wanted)
    rollout = newest_to_record_in(world, _where(config))
    command = Recover(option.move(seen.situation), option.consequence, operator())
    lines = LineWriter() if wanted.as_json else None
    reporter = Reporter(Narrator(), lines, SystemClock())

    def attach(_: Engine, running: Running) -> None:
        reporter.begin(rollout)
        running.stream.join(reporter)

    ended = await made(world, rollout, command, _where(config), attach)
    failure = ended.recoveries[-1].failure
    if failure is None:
        return int(ExitCode.COMPLETED)
    refused = failure.kind is FailureKind.REFUSED
    return int(ExitCode.REFUSED if refused else ExitCode.NEEDS_PERSON)


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
    asked = Asked(config, auto=True, as_json=wanted.as_json, sandbox=sandbox)
    newest = world.last_acted()
    if remedy is Remedy.RETRY and wanted.release is not None:
        # Another release goes wherever it is not yet, over whatever was left there.
        regions = ",".join(wanted.regions) or None
        asked = replace(asked, release=wanted.release, image=wanted.image, regions=regions)
        asked = replace(asked, accept_leftovers=True)
    elif newest is None and remedy is not Remedy.RETRY:
        raise UsageError("no rollout was ever started here", "--auto --release LABEL begins one")
    else:
        asked = _again(world, asked, wanted, remedy, newest)
    if not wanted.yes:
        where = asked.regions or "every region"
        question = f"{TOLD[remedy].verb}: roll {asked.release} out to {where}?"
        click.confirm(question, abort=True, err=True)
    return roll_out(asked)


def _again(
    world: World, asked: Asked, wanted: Wanted, remedy: Remedy, newest: Rollout | None
) -> Asked:
    """Return what a retry, a finish or a rollback asks for: exactly the slots that it is about."""
    try:
        seen = asyncio.run(world.surveyor.look(newest, _named(world, wanted.regions)))
    finally:
        world.session.close()
    options = {s.situation.region: advise(s.situation, wanted.slots).option(remedy) for s in seen}
    chosen = {name: option for name, option in options.items() if option.may_be_made}
    if not chosen:
        told = "; ".join(f"{name}: {option.reason}" for name, option in options.items())
        hint = f"see release-console recover {_where(asked.config)}".rstrip()
        raise RefusedError(f"{remedy} fits nowhere now: {told}", hint)
    shipped = _shipped(remedy, [s for s in seen if s.situation.region in chosen])
    for option in chosen.values():
        say(option.consequence)
    return replace(
        asked,
        release=shipped.label,
        image=shipped.image,
        regions=",".join(chosen),
        accept_leftovers=shipped.accept_leftovers,
        rolls_back=shipped.rolls_back,
        only_slots=tuple(
            (name, tuple(SlotIndex(slot) for slot in option.slots))
            for name, option in chosen.items()
        ),
    )


def _shipped(remedy: Remedy, seen: Sequence[Seen]) -> Shipment:
    """Return the one thing that is shipped to all of `seen`.

    Raises:
        RefusedError: there is none, or regions want different ones.
    """
    found = [shipment(remedy, s.lineage, s.survey.state, s.situation.wanted) for s in seen]
    # The same digest from the registry of each region is one image, and one rollout may take
    # several back.
    if len({_what(one) for one in found}) > 1:
        names = ", ".join(s.situation.region for s in seen)
        raise RefusedError(
            f"{names} do not want the same release", f"recover {remedy} --region R, one at a time"
        )
    shipped = found[0]
    if shipped is None:
        raise RefusedError(
            f"{remedy}: nobody knows what should be shipped",
            "ship the release that you want: release-console --auto --release LABEL",
        )
    return shipped


def _what(shipped: Shipment | None) -> tuple[str, str | None] | None:
    if shipped is None:
        return None
    return shipped.label, digest_of(shipped.image) if shipped.image else None


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
