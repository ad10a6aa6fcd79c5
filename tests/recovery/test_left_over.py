"""What does a region tell that no rollout is at work on, and is a move wanted there?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain.fleet import StateLock
from console.domain.left_over import left_over
from console.domain.outcome import Outcome
from console.domain.recovery.wanted import is_recovery_wanted
from console.domain.region_rows import RegionRow, region_row
from console.domain.rollout import Rollout
from console.domain.view import ObjectView, RegionView
from tests.rollout.test_leading_on import halted_in

from .situations import GONE, LOCK, OLD, SILENT, WEST, WORKS, current, deposed, orphan, tainted

WELL = current(0, WORKS, OLD)


def region(*objects: ObjectView, lock: StateLock | None = None) -> RegionView:
    return RegionView(WEST, 1, timedelta(0), None, None, lock, objects)


@pytest.mark.parametrize(
    ("objects", "lock", "told"),
    [
        ([WELL], None, ""),
        ([WELL], LOCK, "ann@build-7 holds the state lock (OperationTypeApply)"),
        ([tainted(0, WORKS, OLD)], None, "i-old-0 of slot 0 is tainted"),
        ([current(0, GONE, OLD)], None, "i-old-0 of slot 0 is in the state and gone from EC2"),
        ([WELL, orphan(WORKS, slot=None)], None, "i-orphan is in no state"),
        (
            [tainted(0, SILENT), deposed(0)],
            None,
            "i-new-0 of slot 0 is tainted; i-old-0 of slot 0 is deposed",
        ),
    ],
)
def test_what_should_not_stand_there_is_told_and_asks_for_a_move(
    objects: list[ObjectView], lock: StateLock | None, told: str
) -> None:
    view = region(*objects, lock=lock)

    assert left_over(view) == told
    assert is_recovery_wanted(None, [region_row(None, None, view)]) == bool(told)


def test_what_a_rollout_works_on_is_no_leftover_until_it_has_ended() -> None:
    _, rollout = halted_in("eu-west-1")
    view = region(WELL, lock=LOCK)

    def row(rollout: Rollout) -> RegionRow:
        return region_row(rollout, None, view)

    ended = replace(rollout, halt=None, outcome=Outcome.COMPLETED, exit_code=0)
    assert ended.is_finished
    assert row(rollout).left_over == ""
    assert row(ended).left_over
    assert is_recovery_wanted(ended, [row(ended)])
