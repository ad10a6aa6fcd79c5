"""Which slots run something else than the console's journal tells: changed outside the console?

The journal of the newest rollout of the region is compared with the state. Wherever the console
itself may have left one thing or the other, nothing is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from console.domain.fleet import RegionState, SlotTarget
from console.domain.recovery.lineage import THROUGH, Lineage
from console.domain.recovery.remedies import Remedy
from console.domain.release import told_apart
from console.domain.rollout import RegionRun, Rollout

_PLACES_ANOTHER = {Remedy.RESTORE, Remedy.ADOPT}
"""Moves that make another instance the slot's own, whatever it runs."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One slot that was changed outside the console."""

    slot: int
    runs: SlotTarget
    """By the tags in the state."""
    known: SlotTarget
    """What the console last applied there, or saw there."""
    was_applied: bool

    def __str__(self) -> str:
        """Return it in words: `slot 1 runs 0.8.9 by its tag; this console ...`."""
        now, before = str(self.runs.release), str(self.known.release)
        if now == before:
            digests = told_apart(str(self.runs.digest), str(self.known.digest))
            now, before = (f"{now} ({digest})" for digest in digests)
        did = "applied" if self.was_applied else "saw"
        return (
            f"slot {self.slot} runs {now} by its tag; this console last {did} {before} there: "
            "changed outside the console"
        )


def drift(lineage: Lineage, state: RegionState | None) -> tuple[Drift, ...] | None:
    """Return the slots that differ; None where there is nothing to compare.

    Args:
        lineage: the region's.
        state: its part of the state; None where that could not be read.
    """
    if lineage.newest is None or state is None:
        return None
    return tuple(_drifted(lineage, lineage.newest, state))


def _drifted(lineage: Lineage, newest: Rollout, state: RegionState) -> Iterator[Drift]:
    run = newest.region(lineage.region)
    unclear = _unclear(lineage, run)
    begun = _begun(lineage, newest, run)
    for slot, known in enumerate(run.slots):
        current = state.current(slot)
        target = current.target if current is not None else None
        if known is None or target is None or slot in unclear:
            continue
        may_be = [known]
        if slot in begun and newest.release is not None:
            may_be.append(newest.target_in(run.name))
        if all(_differ(target, one) for one in may_be):
            yield Drift(slot, target, known, run.applied_at is not None and slot in begun)


def _unclear(lineage: Lineage, run: RegionRun) -> set[int]:
    """Return the slots in which the console may have made another object the slot's own.

    Where old ones hung on a slot when the rollout began, and it is not through, a restore may have
    taken any of them.
    """
    moved = {
        slot for move in lineage.moves if move.remedy in _PLACES_ANOTHER for slot in move.slots
    }
    left = () if run.phase in THROUGH else run.unfinished
    return moved | {int(slot) for slot in left}


def _begun(lineage: Lineage, newest: Rollout, run: RegionRun) -> set[int]:
    """Return the slots that the rollout may have changed: an apply can end half-way."""
    if not lineage.has_begun:
        return set()
    batches = run.batches[: newest.unit(run.unit).batch + 1]
    return {int(slot) for slots in batches for slot in slots}


def _differ(one: SlotTarget, other: SlotTarget) -> bool:
    is_other_image = bool(one.digest and other.digest and one.digest != other.digest)
    return one.release != other.release or is_other_image
