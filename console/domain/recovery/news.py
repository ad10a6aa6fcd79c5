"""What became of the moves that were made in a region, and what comes next?"""

from __future__ import annotations

from collections.abc import Iterator

from console.domain.failure import ending
from console.domain.fleet import RegionName
from console.domain.recovery.promise import AS_PROMISED
from console.domain.recovery.situation import Situation
from console.domain.rollout import Recovery, Rollout
from console.domain.sentence import Tone

Note = tuple[str, Tone]


def news_of(
    rollout: Rollout | None, region: RegionName, situation: Situation | None, last_line: str = ""
) -> tuple[Note, ...]:
    """Return what is to be said before the story of a region.

    Args:
        rollout: the newest.
        region: the one that is told of.
        situation: what is true of it; None before anybody has looked.
        last_line: what a tool printed last, while a move is under way.
    """
    if rollout is None:
        return ()
    made = [recovery for recovery in rollout.recoveries if recovery.move.region == region]
    is_whole = situation is not None and situation.is_whole
    return (*_of_the_last(rollout, made[-1:], last_line), *_next(rollout, is_whole=is_whole))


def _of_the_last(rollout: Rollout, made: list[Recovery], last_line: str) -> Iterator[Note]:
    running = {record.at for record in rollout.running}
    for recovery in made:
        if recovery.at in running:
            yield f"{recovery.move} is under way, by {recovery.by}", Tone.ASK
            if last_line:
                yield last_line, Tone.QUIET
        elif recovery.failure is not None:
            hint = f"; {recovery.failure.hint}" if recovery.failure.hint else ""
            ended = f"{recovery.move} {ending(recovery.failure)}"
            yield f"{ended}: {recovery.failure.message}{hint}", Tone.BAD
        else:
            is_kept = recovery.note.startswith(AS_PROMISED)
            yield f"{recovery.move}: {recovery.note}", Tone.GOOD if is_kept else Tone.WARN


def _next(rollout: Rollout, *, is_whole: bool) -> Iterator[Note]:
    if is_whole and rollout.halt and not rollout.is_finished and not rollout.stop:
        yield "this region is whole; the rollout has halted: go back and close it", Tone.ASK
