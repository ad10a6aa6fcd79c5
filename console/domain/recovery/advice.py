"""Which moves are there for a region, which of them is the one to make, and which would harm?

A pure function of what was seen. A move that would leave fewer healthy workers than now is
forbidden, with the reason; one that does not fit is not offered, with the reason. Of those that are
left, at most one is recommended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from console.domain.fleet import InstanceId, RegionName
from console.domain.recovery.happened import happened
from console.domain.recovery.move import Move, Promised
from console.domain.recovery.prospects import Prospect, prospect
from console.domain.recovery.remedies import TOLD, Remedy
from console.domain.recovery.rules import Case, judge
from console.domain.recovery.situation import Situation
from console.domain.recovery.unwritten import learned


class Standing(StrEnum):
    """How a move stands now."""

    RECOMMENDED = "recommended"
    POSSIBLE = "possible"
    FORBIDDEN = "forbidden"
    """It would leave fewer healthy workers, or two Terraforms at one state."""
    UNFIT = "unfit"
    """It has nothing to do here, or something has to be done first."""


@dataclass(frozen=True, slots=True)
class Option:
    """One move in one region."""

    remedy: Remedy
    standing: Standing
    reason: str
    """Why it is recommended, forbidden or unfit; empty where it is merely possible."""
    slots: tuple[int, ...]
    """Those that it is made in."""
    instance: InstanceId | None
    """The orphan that it is about; None for every other move."""
    prospect: Prospect
    """What is true afterwards, if it goes as it should."""
    consequence: str
    """That in numbers and names."""

    @property
    def may_be_made(self) -> bool:
        """Whether the console would make it."""
        return self.standing in {Standing.RECOMMENDED, Standing.POSSIBLE}

    def move(self, situation: Situation) -> Move:
        """Return exactly what a yes to this option is a yes to."""
        move = Move(situation.region, self.remedy, self.slots, self.instance, self.prospect.removed)
        if self.remedy is not Remedy.UNLOCK or situation.lock is None:
            return move
        serial = situation.serial.number if situation.serial is not None else 0
        return replace(move, lock=situation.lock.id, serial=serial)

    def promised(self, region: RegionName) -> Promised:
        """Return what the option, made in `region`, is compared with afterwards."""
        expected = self.prospect
        return Promised(region, expected.healthy_after, expected.unfinished)

    @property
    def is_dangerous(self) -> bool:
        """Whether a yes takes a typed name."""
        return TOLD[self.remedy].is_dangerous


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about one region."""

    region: RegionName
    happened: tuple[str, ...]
    """What is true, in two sentences."""
    evidence: str
    """Foreign text that shows it."""
    options: tuple[Option, ...]

    @property
    def recommended(self) -> Option | None:
        """The one move to make; None where the region is whole, or nobody can tell."""
        return next((o for o in self.options if o.standing is Standing.RECOMMENDED), None)

    def option(self, remedy: Remedy, instance: InstanceId | None = None) -> Option:
        """Return the option for `remedy`, about `instance` where one is named.

        Raises:
            KeyError: no such instance is an orphan.
        """
        for option in self.options:
            if option.remedy is remedy and instance in {None, option.instance}:
                return option
        raise KeyError(instance)


# The first of these that may be made is the one to make.
_BY_RANK = (
    Remedy.UNLOCK,
    Remedy.PUSH_STATE,
    Remedy.ACCEPT,
    Remedy.ADOPT,
    Remedy.TERMINATE,
    Remedy.RESTORE,
    Remedy.UNTAINT,
    Remedy.ROLLBACK,
    Remedy.RETRY,
    Remedy.FINISH,
)


def advise(situation: Situation, slots: Sequence[int] = ()) -> Advice:
    """Return every move with its standing, the recommended one first.

    Args:
        situation: what was seen of a region.
        slots: only in these; empty for wherever a move fits.
    """
    cases = (_only_in(case, slots) for case in _cases(situation))
    options = tuple(_option(situation, case) for case in cases)
    best = next(
        (
            option
            for remedy in _BY_RANK
            for option in options
            if option.remedy is remedy and option.standing is Standing.POSSIBLE and option.reason
        ),
        None,
    )
    ordered = sorted(
        (
            replace(option, standing=Standing.RECOMMENDED) if option is best else option
            for option in options
        ),
        key=lambda option: list(Standing).index(option.standing),
    )
    evidence = situation.cause.evidence if situation.cause else ""
    return Advice(situation.region, happened(situation), evidence, tuple(ordered))


def _cases(situation: Situation) -> Iterator[Case]:
    for remedy in Remedy:
        if remedy in {Remedy.ADOPT, Remedy.TERMINATE} and situation.orphans:
            for orphan in situation.orphans:
                yield judge(situation, remedy, orphan)
        else:
            yield judge(situation, remedy, None)


def _only_in(case: Case, slots: Sequence[int]) -> Case:
    if not slots or not case.slots:
        return case
    chosen = tuple(slot for slot in case.slots if slot in slots)
    if not chosen:
        which = ", ".join(map(str, case.slots))
        return replace(case, slots=(), harms="", against=f"it fits slots {which}, and no other")
    return replace(case, slots=chosen)


def _option(situation: Situation, case: Case) -> Option:
    expected = prospect(situation, case.remedy, case.slots, case.instance)
    standing, reason = Standing.POSSIBLE, case.speaks_for
    if case.harms or ((case.slots or case.instance) and expected.harms(situation.desired)):
        standing, reason = Standing.FORBIDDEN, case.harms or _harm(situation, expected)
    elif case.against:
        standing, reason = Standing.UNFIT, case.against
    return Option(
        case.remedy,
        standing,
        reason,
        case.slots,
        case.instance,
        expected,
        _consequence(situation, case, expected),
    )


def _harm(situation: Situation, expected: Prospect) -> str:
    names = ", ".join(expected.removed)
    return (
        f"it would destroy {names}: {expected.healthy_at_worst} healthy workers would be left of "
        f"{expected.healthy_before}, and {situation.desired} are wanted"
    )


def _consequence(situation: Situation, case: Case, expected: Prospect) -> str:
    where: str = situation.region
    if case.slots:
        noun = "slot" if len(case.slots) == 1 else "slots"
        where += f" {noun} {', '.join(map(str, case.slots))}"
    parts = [f"boots {expected.created}" if expected.created else ""]
    if expected.removed:
        parts.append(f"terminates {len(expected.removed)} ({', '.join(expected.removed)})")
    change = ", ".join(filter(None, parts)) or "boots and terminates nothing"
    if case.remedy is Remedy.PUSH_STATE and situation.unwritten:
        change += f", the state learns that {learned(situation)}"
    return (
        f"{where}: {change}; {expected.healthy_before} healthy workers now, "
        f"{expected.healthy_after} afterwards, {expected.unfinished} objects left over"
    )
