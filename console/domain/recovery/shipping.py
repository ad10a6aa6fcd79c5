"""What does a move ship that is a rollout of its own?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from console.domain.automatic_rollback import release_before
from console.domain.fleet import RegionState
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


def shipment_by_state(state: RegionState | None, label: str) -> Shipment | None:
    """Return what a retry ships where no rollout has been: what the state says its slots run.

    Args:
        state: the region's; None where it could not be read.
        label: the release that is wanted there; where no slot runs it, what most of them run.
    """
    targets = Counter(o.target for o in state.objects if o.target) if state else Counter()
    best = next((target for target in targets if target.release == label), None)
    if best is None and targets:
        best = targets.most_common(1)[0][0]
    return Shipment(best.release, best.image, accept_leftovers=True) if best else None


def shipment(remedy: Remedy, newest: Rollout) -> Shipment | None:
    """Return what `remedy` ships; None where there is nothing to roll back to.

    Args:
        remedy: a retry, a finish or a rollback.
        newest: the fleet's last rollout.

    Raises:
        ValueError: the remedy is no rollout.
    """
    if remedy not in ROLLOUTS:
        raise ValueError(f"{remedy} ships nothing")
    if remedy is not Remedy.ROLLBACK:
        # What was pushed already is not built again: a second build might be another image.
        pushed = newest.release.image if newest.release and newest.has_done(Step.PUSH) else None
        image = newest.request.image or pushed
        return Shipment(newest.request.label, image, accept_leftovers=remedy is Remedy.RETRY)
    before = release_before(newest)
    if newest.request.rolls_back or before is None:
        return None
    return Shipment(before.release, before.image, accept_leftovers=True, rolls_back=newest.id)
