"""What does a person say yes to who makes a move?"""

from __future__ import annotations

from collections.abc import Iterator

from console.domain.confirmation import Confirmation
from console.domain.recovery.advice import Option
from console.domain.recovery.held import held
from console.domain.recovery.remedies import ROLLOUTS, TOLD, Remedy
from console.domain.recovery.shipping import Shipment
from console.domain.recovery.situation import Situation
from console.domain.recovery.typed import typed_name
from console.domain.rollout import Rollout


def confirm_move(
    option: Option,
    situation: Situation,
    fleet: str,
    rollout: Rollout | None,
    shipped: Shipment | None = None,
) -> Confirmation:
    """Return the question with its consequences.

    Args:
        option: a move that may be made.
        situation: what it was advised on.
        fleet: the fleet's name.
        rollout: the newest one; None where there never was one.
        shipped: what a move ships that is a rollout; None for every other.
    """
    told = TOLD[option.remedy]
    return Confirmation(
        title=f"{told.verb} in {situation.region}",
        question=f"{told.verb}?",
        consequences=tuple(_lines(option, situation, rollout, shipped)),
        yes=told.verb,
        typed=typed_name(option, situation, fleet) if option.is_dangerous else None,
    )


def _lines(
    option: Option, situation: Situation, rollout: Rollout | None, shipped: Shipment | None
) -> Iterator[str]:
    yield option.consequence
    if option.remedy is Remedy.UNLOCK:
        yield from held(situation)
    yield TOLD[option.remedy].sentence
    if shipped is not None:
        if rollout is not None and not rollout.is_finished:
            yield "The halted rollout is closed first; its other regions stay as they are."
        yield (
            f"A rollout of {shipped.label} begins, in this region only. It asks before each of "
            "its steps, as every rollout does."
        )
    elif option.remedy not in ROLLOUTS:
        yield (
            "The region is looked at again before anything is changed: if this is no longer the "
            "same move, nothing is done."
        )
    if undo := TOLD[option.remedy].undo:
        yield f"Undo: {undo}"
