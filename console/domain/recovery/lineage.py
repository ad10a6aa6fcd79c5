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
from console.domain.recovery.move import Move
from console.domain.recovery.remedies import Remedy
from console.domain.release import Digest
from console.domain.rollout import Recovery, RegionRun, Rollout
from console.domain.steps import Step

# Nobody goes back further than this, and each rollout costs a replay of its journal.
_FAR_BACK = 20
THROUGH = frozenset({RegionPhase.VERIFIED, RegionPhase.DONE, RegionPhase.CURRENT})
"""What a region's rollout has come to that is good there."""


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
    moves: tuple[Move, ...] = ()
    """Made in the region since `newest` began, or tried."""

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
    before, waits_for = _before(region, covering), _waits_for(region, newest, past)
    since = (made.move for rollout in _since(newest, past) for made in rollout.recoveries)
    moves = tuple(move for move in since if move.region == region)
    return Lineage(region, newest, before, waits_for, moves)


def _since(rollout: Rollout, past: Sequence[Rollout]) -> Sequence[Rollout]:
    """Return `rollout` and those after it: a move is recorded in the newest one of all."""
    return past[: past.index(rollout) + 1] if rollout in past else ()


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
        if brought and run.phase in THROUGH:
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
    return tuple(name for name in earlier if not is_through(name, newest, past))


def unproven(
    regions: Mapping[RegionName, Iterable[Digest]], past: Iterable[Rollout]
) -> frozenset[RegionName]:
    """Return the regions whose release was applied there, and whose gates never passed since.

    Args:
        regions: each with the digests that its slots run.
        past: the rollouts that did anything, the newest first; no more of them are asked for than
            it takes.
    """
    open_ones = {region: frozenset(digests) for region, digests in regions.items()}
    found: set[RegionName] = set()
    seen: list[Rollout] = []
    for rollout in islice(past, _FAR_BACK):
        seen.append(rollout)
        told = [name for name, runs in open_ones.items() if _tells_of(rollout, name, runs)]
        found.update(name for name in told if not _has_passed(name, rollout, seen))
        for name in told:
            del open_ones[name]
        if not open_ones:
            break
    return frozenset(found)


def _tells_of(rollout: Rollout, region: RegionName, runs: frozenset[Digest]) -> bool:
    """Whether `rollout` has brought there what runs, or has found it in order."""
    run = _run(rollout, region)
    if run is None or rollout.release is None or rollout.release.digest not in runs:
        return False
    applies = (s for s in rollout.steps if s.at.step is Step.APPLY and s.at.unit == run.unit)
    return any(applies) or (run.phase is RegionPhase.CURRENT and not rollout.request.only)


def is_through(region: RegionName, newest: Rollout, past: Sequence[Rollout]) -> bool:
    """Return whether `region` has proven the release of `newest`.

    Args:
        region: which.
        newest: a rollout of the release.
        past: the rollouts that did anything, the newest first. The newest of them that covers the
            region tells.
    """
    last = next((r for r in past if _run(r, region) is not None), newest)
    run = _run(last, region)
    if run is None or last.request.label != newest.request.label:
        return False
    return _has_passed(region, last, past)


def _has_passed(region: RegionName, last: Rollout, past: Sequence[Rollout]) -> bool:
    """Whether the gates of `last` passed there, or somebody has accepted it since."""
    run = last.region(region)
    moves = [made for rollout in _since(last, past) for made in _well_made(rollout)]
    accepted = any((m.move.region, m.move.remedy) == (region, Remedy.ACCEPT) for m in moves)
    return run.phase in THROUGH or accepted


def _well_made(rollout: Rollout) -> Iterator[Recovery]:
    """Yield the moves that have ended well; nobody knows yet how an open one ends."""
    return (
        made
        for made in rollout.recoveries
        if made.failure is None and made not in rollout.open_moves
    )
