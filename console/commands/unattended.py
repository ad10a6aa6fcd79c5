"""How does a rollout come to its end without a screen, and what follows where it failed?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from console.commands.asked import Asked
from console.commands.endings import as_console_error, end_with
from console.commands.heralding import heralding
from console.commands.launching import launched, purpose_of, start_of
from console.commands.left_moves import clear_the_way
from console.commands.reporting import leave_report
from console.domain.automatic_rollback import (
    TakenBack,
    against_taking_back,
    as_far_as_taken_back,
    left_by,
    next_back,
    rolls_back_by_itself,
    so_far,
    still_left,
    takes_back_by_itself,
)
from console.domain.events import RolloutStarted
from console.domain.fleet import RegionName, SlotIndex
from console.domain.outcome import Outcome
from console.domain.release import ImageRef, ReleaseLabel
from console.domain.rollout import Rollout
from console.domain.sentence import Tone
from console.engine.ports import JournalError
from console.errors import ConsoleError, HandedOverError, RefusedError
from console.exit_codes import ExitCode
from console.headless.lines import end_line
from console.headless.output import LineWriter, Narrator
from console.headless.reporter import Reporter
from console.headless.runner import run
from console.wiring import SystemClock, World, wire

_HELD_BACK = {ExitCode.USAGE, ExitCode.REFUSED, ExitCode.LOCKED}
_Part = tuple[ReleaseLabel, tuple[tuple[RegionName, tuple[SlotIndex, ...]], ...]]
"""What one of the rollouts that take another one back ships, and to which slots."""


def headless(world: World, asked: Asked, label: ReleaseLabel, lines: LineWriter | None) -> int:
    """Roll a release out, take it back where the policy says so, and return the exit code."""
    rollout, bug = _rolled_out(world, asked, label, lines)
    return int(rollout.exit_code or 0) if bug else taken_back(world.config, asked, rollout, lines)


def taken_back(config: Path, asked: Asked, newest: Rollout, lines: LineWriter | None) -> int:
    """Take a rollout back if its policy says so, and return the exit code of all of it.

    Where `newest` itself takes one back by itself, this goes on with what is left of that: its
    console may have died before the rollback of the other regions.

    Args:
        config: the settings.
        asked: how it is told, and how the settings were named.
        newest: the rollout that has ended.
        lines: where JSON lines go; None where nobody reads them.
    """
    if not takes_back_by_itself(newest):
        return _taken_back(config, asked, newest, [], lines)
    ended, parts = _so_far(config, newest)
    if ended is None:
        return int(newest.exit_code or 0)
    if newest.outcome is Outcome.REFUSED:
        return _left(ended, parts, newest.reason, lines, is_last=False)
    if newest.outcome is not Outcome.ROLLED_BACK or not still_left(ended, parts):
        return int(newest.exit_code or 0)
    return _taken_back(config, asked, ended, parts, lines)


def _taken_back(
    config: Path, asked: Asked, ended: Rollout, parts: list[Rollout], lines: LineWriter | None
) -> int:
    """Take back what is left of a rollout; `parts` have done so until now, the newest first."""
    newest = parts[0] if parts else ended
    if not rolls_back_by_itself(ended):
        return int(newest.exit_code or 0)
    begun = [(part.request.label, part.request.only) for part in parts]
    try:
        while back := _next(config, ended, newest, begun):
            begun.append((back.shipped.label, back.slots))
            newest, bug = _rolled_back(config, asked, ended, back, lines)
            parts.insert(0, newest)
            if bug or back.is_last or newest.outcome is not Outcome.ROLLED_BACK:
                break
    except Exception as error:
        held_back = _held_back(error)
        if held_back is None:
            raise
        return _left(ended, parts, str(held_back), lines, is_last=not begun)
    return int(newest.exit_code or 0)


def left_between(world: World) -> tuple[Rollout, str] | None:
    """Return a rollback whose console died before the next one of the same rollout.

    Args:
        world: the fleet; none of its rollouts is open.

    Returns:
        The rollback, and what is left, in a sentence; None where nothing is.
    """
    newest = world.last_acted()
    if newest is None or newest.outcome is not Outcome.ROLLED_BACK:
        return None
    ended, parts = so_far(newest, world.past()) if takes_back_by_itself(newest) else (None, [])
    left = still_left(ended, parts) if ended is not None else ()
    if ended is None or not left:
        return None
    return newest, f"{ended.request.label} was being taken back; left is {', '.join(left)}"


def _so_far(config: Path, rollback: Rollout) -> tuple[Rollout | None, list[Rollout]]:
    """Return what `rollback` takes back, and its rollbacks; say where nobody can tell."""
    try:
        found = so_far(rollback, wire(config).past())
        why = "its journal is gone"
    except JournalError as error:
        found, why = (None, []), str(error)
    if found[0] is None:
        text = (
            f"{rollback.request.rolls_back} is taken back here, and {why}: nobody can tell whether "
            f"other regions still run it; release-console status {rollback.request.where}"
        )
        Narrator().say(SystemClock().now(), text.rstrip(), Tone.WARN)
    return found


def _next(
    config: Path, ended: Rollout, newest: Rollout, begun: Sequence[_Part]
) -> TakenBack | None:
    """Return what is taken back next.

    Raises:
        RefusedError: a person has to say how.
    """
    # A world of its own, on the same settings: a rollout closes the AWS session of its world.
    world = wire(config, only=[region.name for region in ended.regions])
    try:
        seen = asyncio.run(world.surveyor.look(newest, left_by(ended)))
    finally:
        world.session.close()
    found = [(one.situation, one.lineage) for one in seen]
    if against := against_taking_back(found):
        raise RefusedError(against)
    back = next_back(ended, found)
    if back is not None and (back.shipped.label, back.slots) in begun:
        raise RefusedError(f"{back.shipped.label} was rolled out again, and that did not help")
    return back


def _held_back(error: Exception) -> ConsoleError | None:
    """Return why a rollback has not changed anything; None where it may have."""
    known = as_console_error(error)
    if known is None or isinstance(known, HandedOverError):
        return None
    return known if known.exit_code in _HELD_BACK else None


def _rolled_back(
    config: Path, asked: Asked, ended: Rollout, back: TakenBack, lines: LineWriter | None
) -> tuple[Rollout, BaseException | None]:
    """Roll out what ran before, and return that rollout, with the bug that it met.

    Raises:
        RefusedError: it was held back before it changed anything.
    """
    label, regions = back.shipped.label, [name for name, _ in back.slots]
    text = f"rolling {', '.join(regions)} back to {label}"
    Narrator().say(SystemClock().now(), text, Tone.WARN)
    again = replace(
        asked,
        release=label,
        image=back.shipped.image,
        regions=",".join(regions),
        refresh=False,
        accept_leftovers=True,
        rolls_back=back.shipped.rolls_back,
        only_slots=back.slots,
        promised=back.promised,
        because=f"{ended.request.label} is taken back in {', '.join(regions)}: {ended.reason}",
    )
    rolled, bug = _rolled_out(wire(config, only=regions), again, label, lines)
    if rolled.outcome is Outcome.REFUSED:
        raise RefusedError(rolled.reason)
    return rolled, bug


def _left(
    ended: Rollout, parts: Sequence[Rollout], why: str, lines: LineWriter | None, *, is_last: bool
) -> int:
    """Tell that a rollout is not taken back: it ends as it had, and so does the process.

    Args:
        ended: the rollout.
        parts: what has taken a part of it back.
        why: the reason.
        lines: where JSON lines go; None where nobody reads them.
        is_last: whether its own end is what was told last.
    """
    clock, narrator = SystemClock(), Narrator()
    text = f"{ended.request.label} is not taken back by itself: {why}"
    narrator.say(clock.now(), text, Tone.BAD)
    if not is_last:
        stands = as_far_as_taken_back(ended, parts)
        Reporter(narrator, None, clock).conclude(stands)
        if lines is not None:
            told = replace(stands, reason=f"{ended.reason}; {text}")
            lines.write(clock.now(), ended.id, end_line(told))
    return int(ended.exit_code or 0)


def _rolled_out(
    world: World, asked: Asked, label: ReleaseLabel, lines: LineWriter | None
) -> tuple[Rollout, BaseException | None]:
    asyncio.run(clear_the_way(world, asked.where))
    started = start_of(
        world,
        asked,
        label,
        image=ImageRef(asked.image) if asked.image else None,
        refresh=asked.refresh,
        accept_leftovers=asked.accept_leftovers,
    )
    try:
        rollout, bug = asyncio.run(_run(world, started, lines))
    finally:
        # Of every end, a journal that broke in the middle too.
        leave_report(world, started.rollout, asked.report, Narrator().line)
    if isinstance(bug, Exception):
        end_with(bug)  # only its trace is left to tell: the rollout itself has ended in order
    return rollout, bug


async def _run(
    world: World, started: RolloutStarted, lines: LineWriter | None
) -> tuple[Rollout, BaseException | None]:
    clock, narrator = SystemClock(), Narrator()
    reporter = Reporter(narrator, lines, clock)
    async with (
        heralding(world, reporter.notice) as herald,
        launched(world, started.rollout, purpose_of(started), started.where) as (engine, running),
    ):
        running.stream.join(reporter)
        running.stream.join(herald)
        return await run(engine, running.stream, started, narrator, clock), engine.bug
