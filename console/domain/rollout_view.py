"""What does a screen show of a rollout?

Rollout and fleet and the time become one frozen view. Operator, watcher and replay draw the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from console.domain.events import StepStarted
from console.domain.header import Bystanders, Header, header_of
from console.domain.narrate import tell
from console.domain.path_view import Expected, PathView, view_path
from console.domain.recovery.wanted import is_recovery_wanted
from console.domain.region_rows import RegionRow
from console.domain.rollout import Rollout
from console.domain.run_by import RunBy
from console.domain.sentence import Tone
from console.domain.signs import OUTCOMES
from console.domain.silence import Standing
from console.domain.silence import tell as tell_standing
from console.domain.steps import Step, Subject
from console.domain.verification import watched


@dataclass(frozen=True, slots=True)
class Ask:
    """The one thing that the operator has to know or to answer now."""

    text: str
    tone: Tone
    subject: Subject | None = None
    """What an answer would say yes to."""
    others: int = 0
    """How many more questions wait."""
    next: tuple[str, ...] = ()
    """What leads on, once it has ended: a line each."""
    keys: tuple[tuple[str, str], ...] = ()
    """What leads on while it has not: a binding's id, and what its key does then."""


@dataclass(frozen=True, slots=True)
class RolloutView:
    """Everything that the rollout screen draws."""

    header: Header
    ask: Ask
    regions: tuple[RegionRow, ...]
    path: PathView = field(default_factory=lambda: PathView((), (), None))


def view_rollout(
    rollout: Rollout | None,
    around: Bystanders,
    rows: tuple[RegionRow, ...],
    expected: Expected,
    now: datetime,
) -> RolloutView:
    """Put everything together.

    Args:
        rollout: where it stands; None before it has begun.
        around: what no rollout tells.
        rows: a line for each region.
        expected: how long each step takes, from earlier rollouts.
        now: the time.
    """
    if rollout is None:
        return RolloutView(
            header_of(None, around), Ask("no rollout is under way", Tone.QUIET), rows
        )
    path = view_path(rollout, expected, now)
    return RolloutView(header_of(rollout, around), ask_of(rollout, now), rows, path)


def ask_of(rollout: Rollout, now: datetime) -> Ask:
    """Return the one sentence: what holds it back, what is asked, else what it does."""
    if rollout.outcome is not None:
        sign = OUTCOMES[rollout.outcome]
        lines = tuple(filter(None, rollout.next.splitlines()))
        keys = _LEADS_ON[:1] if is_recovery_wanted(rollout, ()) else ()
        return Ask(f"{sign.word}: {rollout.reason}", sign.tone, next=lines, keys=keys)
    stopped = _stopped(rollout)
    if not rollout.questions:
        return stopped or _under_way(rollout, now)
    subject, question = rollout.questions[0]
    others = len(rollout.questions) - 1
    if stopped is None or rollout.stop is not None:
        return Ask(question, Tone.ASK, subject, others)
    # First what holds it back: until that is over, a yes starts nothing.
    text = f"{stopped.text}; still asked: {question}"
    return replace(stopped, text=text, subject=subject, others=others)


def ask_of_the_left(rollout: Rollout, ask: Ask, run_by: RunBy) -> Ask:
    """Return the one sentence about a rollout that another console runs, or none any more.

    Args:
        rollout: where its journal says that it stands.
        ask: what its own operator would be asked.
        run_by: who runs it.
    """
    if rollout.is_finished:
        return ask
    if run_by is RunBy.OTHERS:
        return replace(ask, subject=None, text=f"another console runs this: {ask.text}")
    doing = ", ".join(str(record.at) for record in rollout.running)
    where = f"in {doing}" if doing else "at rest"
    return Ask(f"left open {where}, and no console runs it: take it up to go on", Tone.ASK)


def ask_of_the_still(still: Sequence[Standing], ask: Ask) -> Ask:
    """Return the one sentence while no rollout runs and nothing happens in some regions.

    Args:
        still: those regions.
        ask: what would be told without that; what leads on from an earlier halt stays.
    """
    more = f" (and in {len(still) - 1} more)" if len(still) > 1 else ""
    keys = ask.keys or _LEADS_ON[:1]
    return Ask(tell_standing(still[0]).text + more, Tone.BAD, next=ask.next, keys=keys)


_GOES_ON = (("rollout.continue", "goes on"),)
_LEADS_ON = (("view.recover", "shows what leads on"), ("rollout.close", "ends the rollout"))


def _stopped(rollout: Rollout) -> Ask | None:
    running = ", ".join(str(record.at) for record in rollout.running)
    if rollout.stop is not None:
        rest = f"waiting for {running}" if running else "ending"
        return Ask(f"stopped by {rollout.stop.by}: {rest}", Tone.WARN)
    if rollout.halt is not None:
        where = rollout.halt.region or rollout.halt.at
        rest = f" (still running: {running})" if running else ""
        text = f"halted at {where}: {rollout.halt.failure.message}{rest}"
        return Ask(text, Tone.BAD, keys=_LEADS_ON)
    if rollout.paused_by:
        rest = f"{running} is finished, nothing new starts" if running else "nothing runs"
        return Ask(f"paused by {rollout.paused_by}: {rest}", Tone.WARN, keys=_GOES_ON)
    return None


def _closest(rollout: Rollout) -> str:
    """Tell which gate of a watched region is closest to its limit; empty where none has one."""
    names = set(watched(rollout))
    found = [
        (verdict.margin, f"{region.name} {verdict.gate} {verdict.measured} ({verdict.spare})")
        for region in rollout.regions
        if region.name in names
        for verdict in region.verdicts
        if verdict.margin is not None and not verdict.is_dry
    ]
    return f"; closest to its limit: {min(found)[1]}" if found else ""


def _under_way(rollout: Rollout, now: datetime) -> Ask:
    if rollout.bake_until is not None and not rollout.running:
        left = max(timedelta(0), rollout.bake_until - now).total_seconds()
        text = f"wave {rollout.wave} bakes for {left:.0f} s more: every gate must stay good"
        return Ask(text + _closest(rollout), Tone.PLAIN)
    if rollout.watch_until is not None and not rollout.running:
        left = max(timedelta(0), rollout.watch_until - now).total_seconds()
        text = f"every region is watched for {left:.0f} s more: every gate must stay good"
        return Ask(text + _closest(rollout), Tone.PLAIN)
    told = [tell(StepStarted(record.at), rollout) for record in rollout.running]
    texts = [sentence.text for sentence in told if sentence is not None]
    verifying = [r for r in rollout.running if r.at.step is Step.VERIFY]
    if not texts:
        return Ask("choosing what comes next", Tone.QUIET)
    tail = ": every gate must pass" if len(verifying) == len(texts) == 1 else ""
    return Ask("; ".join(texts) + tail, Tone.PLAIN)
