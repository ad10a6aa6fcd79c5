"""Which slots does a rollout replace, and in which batches?"""

from __future__ import annotations

from collections.abc import Sequence

from console.domain.events import PathChosen
from console.domain.fleet import SlotIndex
from console.domain.rollout import RegionRun, Rollout


def choose(rollout: Rollout) -> PathChosen:
    """Return the batches of every region, from what preflight found in its state."""
    return PathChosen(tuple((region.name, _batches(rollout, region)) for region in rollout.regions))


def _batches(rollout: Rollout, region: RegionRun) -> tuple[tuple[SlotIndex, ...], ...]:
    """Slots in the order of their index; those that have to be first, first.

    An empty slot, and one whose tags tell no release, cannot keep what they run while others
    change: Terraform wants a value for every slot. So they belong to the first batch, whatever
    its size.
    """
    if leaving := rollout.leaving(region.name):
        # From the top: what is left after each batch is a list without gaps.
        highest_first = sorted(leaving, reverse=True)
        batches = _chunks(highest_first, rollout.policy.batch.at_most(len(region.found)))
        return tuple(tuple(sorted(batch)) for batch in batches)
    if _has_to_prove_itself(rollout, region):
        return ((),)
    chosen = [SlotIndex(i) for i in range(len(region.slots)) if _is_chosen(rollout, region, i)]
    first = [slot for slot in chosen if region.slots[slot] is None]
    rest = [slot for slot in chosen if region.slots[slot] is not None]
    size = rollout.policy.batch.at_most(region.count)
    room = max(0, size - len(first))
    head = tuple(sorted(first + rest[:room]))
    return tuple(batch for batch in (head, *_chunks(rest[room:], size)) if batch)


def _has_to_prove_itself(rollout: Rollout, region: RegionRun) -> bool:
    """Whether every slot runs the release already, and only its gates have not passed yet."""
    names_slots = bool(rollout.request.only) or rollout.request.scale is not None
    if names_slots or not region.is_unproven:
        return False
    return not any(_is_chosen(rollout, region, slot) for slot in range(len(region.slots)))


def _is_chosen(rollout: Rollout, region: RegionRun, slot: int) -> bool:
    """Whether `slot` does not run the release yet, or shall be replaced all the same."""
    if rollout.request.scale is not None:
        return region.slots[slot] is None
    if rollout.request.only:
        return slot in dict(rollout.request.only).get(region.name, ())
    runs = region.slots[slot]
    if runs is None or slot in region.unfinished:
        return True
    return rollout.request.refresh or runs.digest != rollout.released.digest


def _chunks(slots: Sequence[SlotIndex], size: int) -> list[tuple[SlotIndex, ...]]:
    return [tuple(slots[i : i + size]) for i in range(0, len(slots), size)]
