"""What does a move ship that is a rollout of its own?"""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.automatic_rollback import release_before
from console.domain.recovery.remedies import ROLLOUTS, Remedy
from console.domain.release import ImageRef, ReleaseLabel
from console.domain.rollout import Rollout


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
        request = newest.request
        return Shipment(request.label, request.image, accept_leftovers=remedy is Remedy.RETRY)
    before = release_before(newest)
    if newest.request.rolls_back or before is None:
        return None
    return Shipment(before.release, before.image, accept_leftovers=True, rolls_back=newest.id)
