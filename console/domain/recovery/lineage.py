"""Which rollout tells what a region shall run, and what did the region run before?

Rollouts may be of one region, so the fleet's newest one says nothing about the others: a region is
told of by the newest rollout that covers it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from console.domain.fleet import RegionName, SlotTarget
from console.domain.outcome import RegionPhase
from console.domain.recovery.remedies import Remedy
from console.domain.rollout import RegionRun, Rollout

# Nobody goes back further than this, and each rollout costs a replay of its journal.
_FAR_BACK = 20
_THROUGH = {RegionPhase.VERIFIED, RegionPhase.DONE, RegionPhase.CURRENT}


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a region comes from."""

    region: RegionName
    newest: Rollout | None = None
    """The newest rollout that covers it; None where none did."""
    before: SlotTarget | None = None
    """What a rollback leads to; after one, what that one has led to. None where nobody knows."""
    waits_for: tuple[RegionName, ...] = ()
    """Regions of earlier waves that are not through with what `newest` ships."""

    @property
    def rolls_back(self) -> str:
        """The id of the rollout that a rollback of the region takes back."""
        if self.newest is None:
            return ""
        return self.newest.request.rolls_back or self.newest.id

    @property
    def has_begun(self) -> bool:
        """Whether `newest` has begun anything in the region."""
        return self.newest is not None and self.newest.has_touched(self.region)


def lineages(
    regions: Iterable[RegionName], past: Iterable[Rollout]
) -> Mapping[RegionName, Lineage]:
    """Return the lineage of each of `regions`.

    Args:
        regions: whose.
        past: the fleet's rollouts that did anything, the newest first; no more of them are asked
            for than it takes.
    """
    found = {region: Lineage(region) for region in regions}
    seen: list[Rollout] = []
    for rollout in islice(past, _FAR_BACK):
        seen.append(rollout)
        for region, known in found.items():
            if not _is_complete(known):
                found[region] = lineage_of(region, seen)
        if all(map(_is_complete, found.values())):
            break
    return found


def lineage_of(region: RegionName, past: Sequence[Rollout]) -> Lineage:
    """Return the lineage of `region`, as far as `past` tells, the newest rollout first."""
    covering = [rollout for rollout in past if _run(rollout, region) is not None]
    if not covering:
        return Lineage(region)
    newest = covering[0]
    return Lineage(region, newest, _before(region, covering), _waits_for(region, newest, past))


def _is_complete(lineage: Lineage) -> bool:
    return lineage.newest is not None and lineage.before is not None


def _run(rollout: Rollout, region: RegionName) -> RegionRun | None:
    """Return the region's way through `rollout`; None where it was not even looked at."""
    return next((run for run in rollout.regions if run.name == region and run.found), None)


def _before(region: RegionName, covering: Sequence[Rollout]) -> SlotTarget | None:
    """Return what most of the region's slots ran before its release was first rolled out there.

    A retry finds the release that it ships already there, and so does not tell. What an unfinished
    slot ran counts only where the rollout that brought it there was through: otherwise a rollback
    of a second attempt would lead to the first, which failed.
    """
    newest = covering[0]
    if newest.request.rolls_back:
        image = newest.request.image
        return SlotTarget(newest.request.label, image) if image is not None else None
    left: Counter[SlotTarget] = Counter()
    for rollout in covering:
        run = _run(rollout, region)
        if run is None or rollout.request.rolls_back or rollout.request.scale:
            continue
        brought = [target for target in left if target.release == rollout.request.label]
        if brought and run.phase in _THROUGH:
            break
        finished = Counter(_found(run, newest, is_finished=True))
        if finished:
            return finished.most_common(1)[0][0]
        left = left or Counter(_found(run, newest, is_finished=False))
    return left.most_common(1)[0][0] if left else None


def _found(run: RegionRun, newest: Rollout, *, is_finished: bool) -> Iterator[SlotTarget]:
    for slot, target in enumerate(run.found):
        is_other = target is not None and target.release != newest.request.label
        if target is not None and is_other and (slot not in run.unfinished) is is_finished:
            yield target


def _waits_for(
    region: RegionName, newest: Rollout, past: Sequence[Rollout]
) -> tuple[RegionName, ...]:
    """Return the regions before `region` that have not proven the release.

    A rollback waits for nobody: it goes region by region, even while another cannot be reached.
    """
    own = _run(newest, region)
    if own is None or newest.request.rolls_back:
        return ()
    earlier = (run.name for run in newest.regions if run.wave < own.wave)
    return tuple(name for name in earlier if not _is_through(name, newest, past))


def _is_through(region: RegionName, newest: Rollout, past: Sequence[Rollout]) -> bool:
    last = next((r for r in past if _run(r, region) is not None), newest)
    run = _run(last, region)
    if run is None or last.request.label != newest.request.label:
        return False
    # A move is recorded in the newest rollout of all, whichever regions that covers.
    since = past[: past.index(last) + 1] if last in past else ()
    moves = [made for rollout in since for made in rollout.recoveries if made.failure is None]
    accepted = any((m.move.region, m.move.remedy) == (region, Remedy.ACCEPT) for m in moves)
    return run.phase in _THROUGH or accepted
