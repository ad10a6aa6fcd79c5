"""May a rollout that stopped be rolled back without anybody being asked, and what is taken back?

Only from a known state: a rollout that nobody can judge, or a region that cannot be read, waits for
a person. What is rolled back are the slots that have left the release before, each region's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from console.domain.failure import FailureKind
from console.domain.fleet import RegionName, SlotIndex
from console.domain.outcome import Outcome
from console.domain.policy import OnFailure
from console.domain.recovery.advice import Option, advise
from console.domain.recovery.lineage import Lineage
from console.domain.recovery.move import Promised
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.shipping import Shipment, shipment
from console.domain.recovery.situation import Situation, Slot
from console.domain.release import digest_of
from console.domain.rollout import Rollout
from console.exit_codes import ExitCode

Found = tuple[Situation, Lineage]


@dataclass(frozen=True, slots=True)
class TakenBack:
    """One rollout that takes back what another has shipped."""

    shipped: Shipment
    slots: tuple[tuple[RegionName, tuple[SlotIndex, ...]], ...]
    """Those that it replaces, region by region."""
    promised: tuple[Promised, ...]
    """What it shall have led to in each of them."""
    is_last: bool
    """Whether nothing is left to take back after it, as far as it goes well."""


def rolls_back_by_itself(rollout: Rollout) -> bool:
    """Whether the policy, and not a person, says what becomes of `rollout`.

    Args:
        rollout: one that has ended.
    """
    wants = rollout.policy.on_failure_in(_failed_in(rollout)) is OnFailure.ROLLBACK
    is_known = (
        rollout.outcome is Outcome.PARTIAL
        and rollout.exit_code == ExitCode.NEEDS_PERSON
        and rollout.halt is not None
        and rollout.halt.failure.kind is FailureKind.FAILED
        and all(o.new is not None and o.healthy is not None for o in rollout.outcomes)
    )
    if not wants or not is_known or rollout.request.rolls_back or rollout.request.scale:
        return False
    return bool(left_by(rollout))


def left_by(rollout: Rollout) -> tuple[RegionName, ...]:
    """Return the regions that `rollout` has begun to change and that ran another release before."""
    label = rollout.request.label
    return tuple(
        region.name
        for region in rollout.regions
        if rollout.has_touched(region.name)
        and any(target is not None and target.release != label for target in region.found)
    )


def takes_back_by_itself(rollout: Rollout) -> bool:
    """Whether `rollout` is one of those that take another one back without anybody being asked."""
    return bool(rollout.request.rolls_back and rollout.request.because)


def so_far(rollback: Rollout, past: Iterable[Rollout]) -> tuple[Rollout | None, list[Rollout]]:
    """Return the rollout that is taken back, and what has taken it back until now.

    Args:
        rollback: one that takes it back by itself.
        past: the rollouts that did anything, the newest first.

    Returns:
        The rollout, None where its journal is gone; and its rollbacks, the newest first.
    """
    taken, parts = rollback.request.rolls_back, list[Rollout]()
    for known in past:
        if known.id == taken:
            return known, parts
        if takes_back_by_itself(known) and known.request.rolls_back == taken:
            parts.append(known)
    return None, parts


def still_left(rollout: Rollout, parts: Iterable[Rollout]) -> tuple[RegionName, ...]:
    """Return the regions that `rollout` has left and that none of `parts` has brought back."""
    back = _brought_back(parts)
    return tuple(region for region in left_by(rollout) if region not in back)


def as_far_as_taken_back(rollout: Rollout, parts: Sequence[Rollout]) -> Rollout:
    """Return `rollout` as it stands where only a part of it was taken back.

    Args:
        rollout: it has ended.
        parts: what has taken it back until now.
    """
    back = _brought_back(parts)
    if not back:
        return rollout
    outcomes = {told.region: told for part in back.values() for told in part.outcomes}
    where = rollout.request.where
    return replace(
        rollout,
        regions=tuple(
            replace(run, phase=back[run.name].region(run.name).phase) if run.name in back else run
            for run in rollout.regions
        ),
        outcomes=tuple(
            outcomes.get(told.region, told) if told.region in back else told
            for told in rollout.outcomes
        ),
        next="\n".join(
            f"roll the release before out again in {region}: "
            f"release-console recover rollback --region {region} --yes {where}".rstrip()
            for region in still_left(rollout, parts)
        ),
    )


def _brought_back(parts: Iterable[Rollout]) -> dict[RegionName, Rollout]:
    done = (part for part in parts if part.outcome is Outcome.ROLLED_BACK)
    return {region: part for part in done for region, _ in part.request.only}


def against_taking_back(found: Sequence[Found]) -> str:
    """Return why a person has to say how a rollout is taken back; empty where nobody has to.

    Args:
        found: the regions that it has left, as they are now.
    """
    reasons = {situation.region: _reason(situation, lineage) for situation, lineage in found}
    return "; ".join(f"{region}: {reason}" for region, reason in reasons.items() if reason)


def next_back(rollout: Rollout, found: Sequence[Found]) -> TakenBack | None:
    """Return what is taken back next; None where nothing is left to take back.

    Regions that ran the same release go together, in one rollout; the last wave goes first.

    Args:
        rollout: the one that is taken back.
        found: the regions that it has left, as they are now. Nothing speaks against it in any.
    """
    last_first = sorted(_open(rollout, found), key=lambda one: -rollout.region(one[0].region).wave)
    if not last_first:
        return None
    _, _, shipped = last_first[0]
    together = [one for one in last_first if _what(one[2]) == _what(shipped)]
    return TakenBack(
        shipped,
        tuple(
            (situation.region, tuple(SlotIndex(slot) for slot in option.slots))
            for situation, option, _ in together
        ),
        tuple(option.promised(situation.region) for situation, option, _ in together),
        is_last=together == last_first
        and all(
            set(_left_slots(situation, rollout)) <= set(option.slots)
            for situation, option, _ in together
        ),
    )


def _open(rollout: Rollout, found: Sequence[Found]) -> Iterator[tuple[Situation, Option, Shipment]]:
    for situation, lineage in found:
        slots = _left_slots(situation, rollout)
        if not slots:
            continue
        option = advise(situation, slots).option(Remedy.ROLLBACK)
        shipped = shipment(Remedy.ROLLBACK, lineage, None, situation.wanted)
        if option.may_be_made and shipped is not None:
            yield situation, option, shipped


def _left_slots(situation: Situation, rollout: Rollout) -> list[int]:
    return [slot.index for slot in situation.slots if _may_have_left(slot, rollout)]


def _may_have_left(slot: Slot, rollout: Rollout) -> bool:
    """Whether `rollout` may have brought the slot to what it is; not where it works as before."""
    has_left = slot.current is None or slot.current.tag in {rollout.request.label, None}
    return has_left or slot.is_unfinished or not slot.current_works


def _reason(situation: Situation, lineage: Lineage) -> str:
    option = advise(situation).option(Remedy.ROLLBACK)
    is_stuck = situation.error or lineage.before is None or option.slots
    return option.reason if is_stuck and not option.may_be_made else ""


def _what(shipped: Shipment) -> tuple[str, str | None]:
    # The same digest from the registry of each region is one image.
    return shipped.label, digest_of(shipped.image) if shipped.image else None


def _failed_in(rollout: Rollout) -> str | None:
    if rollout.halt is None:
        return None
    unit = rollout.halt.at.unit
    return rollout.halt.region or (rollout.unit(unit).regions[0] if unit is not None else None)
