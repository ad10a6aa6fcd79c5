"""What has been rolled out here before?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from console.domain.events import Entry
from console.domain.evolve import replay
from console.domain.outcome import Outcome
from console.domain.rollout import Rollout


def past(
    rollouts: Callable[[], Sequence[str]], entries: Callable[[str, int], Sequence[Entry]]
) -> Iterator[Rollout]:
    """Yield the rollouts that did anything, the newest first: a refused one explains no region.

    Each is read from the journal when it is asked for.

    Args:
        rollouts: returns the ids, the newest first.
        entries: returns a rollout's entries after a sequence number.

    Raises:
        JournalError: the journal cannot be read.
    """
    for name in rollouts():
        rollout = replay(entries(name, 0))
        if rollout is not None and rollout.outcome is not Outcome.REFUSED:
            yield rollout


def with_newest(newest: Rollout | None, older: Iterable[Rollout]) -> Iterator[Rollout]:
    """Yield `newest` as its engine knows it, who may be ahead of the journal, then the others.

    Args:
        newest: None where there is none, or where the journal tells all of it.
        older: the newest first; `newest` may be among them.
    """
    # One that was refused has done nothing, and may only have recorded a move.
    if newest is not None and newest.outcome is not Outcome.REFUSED:
        yield newest
    yield from (rollout for rollout in older if newest is None or rollout.id != newest.id)
