"""What does a move ship that is a rollout of its own?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from console.domain.fleet import RegionState, SlotTarget
from console.domain.recovery.lineage import Lineage
from console.domain.recovery.remedies import ROLLOUTS, Remedy
from console.domain.release import ImageRef, ReleaseLabel
from console.domain.rollout import Rollout
from console.domain.steps import Step


@dataclass(frozen=True, slots=True)
class Shipment:
    """What a rollout is begun with."""

    label: ReleaseLabel
    image: ImageRef | None
    """None where it has to be built."""
    accept_leftovers: bool = False
    """Whether it goes over tainted and deposed objects."""
    rolls_back: str = ""
    """The id of the rollout that it takes back; empty where it takes none back."""


def shipment(
    remedy: Remedy, lineage: Lineage, state: RegionState | None, wanted: str
) -> Shipment | None:
    """Return what `remedy` ships to a region; None where nobody knows.

    A retry where the newest rollout has begun nothing ships what the region's slots run.

    Args:
        remedy: a retry, a finish or a rollback.
        lineage: where the region comes from.
        state: the region's; None where it could not be read.
        wanted: the release that an empty slot should get; where no slot runs it, it is what most
            of them run.

    Raises:
        ValueError: the remedy is no rollout.
    """
    if remedy not in ROLLOUTS:
        raise ValueError(f"{remedy} ships nothing")
    if remedy is Remedy.ROLLBACK:
        return _of(lineage.before, lineage.rolls_back)
    if remedy is Remedy.RETRY and not lineage.has_begun:
        return _of(_by_state(state, wanted))
    newest = lineage.newest
    return same_again(newest, over_leftovers=remedy is Remedy.RETRY) if newest else None


def _of(target: SlotTarget | None, rolls_back: str = "") -> Shipment | None:
    if target is None:
        return None
    return Shipment(target.release, target.image, accept_leftovers=True, rolls_back=rolls_back)


def same_again(newest: Rollout, *, over_leftovers: bool) -> Shipment:
    """Return what `newest` ships.

    Args:
        newest: a rollout.
        over_leftovers: whether it goes over tainted and deposed objects.
    """
    # What was pushed already is not built again: a second build might be another image.
    pushed = newest.release.image if newest.release and newest.has_done(Step.PUSH) else None
    request = newest.request
    return Shipment(request.label, request.image or pushed, over_leftovers, request.rolls_back)


def _by_state(state: RegionState | None, label: str) -> SlotTarget | None:
    targets = Counter(o.target for o in state.objects if o.target) if state else Counter()
    best = next((target for target in targets if target.release == label), None)
    if best is None and targets:
        best = targets.most_common(1)[0][0]
    return best
