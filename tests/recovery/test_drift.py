"""Which slots were changed outside the console? Never those that it may have left so itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from console.domain.fleet import RegionState, SlotIndex, SlotTarget
from console.domain.recovery.advice import advise
from console.domain.recovery.drift import drift
from console.domain.recovery.lineage import lineage_of
from console.domain.recovery.move import Move
from console.domain.recovery.remedies import Remedy
from console.domain.release import ImageRef, ReleaseLabel
from console.domain.rollout import Recovery, Rollout
from console.domain.steps import At, Step
from tests.rollout.world import NEW, OLD, START, image

from .situations import WORKS, current, quiet
from .test_lineage import DONE, EAST, FAILED, NEXT, WAITING, WEST, rollout, state

OTHER = SlotTarget(ReleaseLabel("0.8.9"), image("e"))
REBUILT = SlotTarget(NEW.release, image("d"))
BY_TAG = SlotTarget(NEW.release, ImageRef("repo/worker:0.9.1"))
HEAD = "b" * 12
ALL_AT_ONCE = ((0, 1),)


def ran(
    made: Rollout,
    *slots: SlotTarget | None,
    batches: Sequence[Sequence[int]] = ALL_AT_ONCE,
    applied: bool = True,
) -> Rollout:
    """Return the rollout with what it has made of the region.

    Args:
        made: a rollout that covers it.
        slots: what each slot runs by the journal: the last that is known to be applied, or found.
        batches: the slots that it was to change.
        applied: whether an apply ended well.
    """
    run = replace(
        made.region(WEST),
        slots=slots,
        batches=tuple(tuple(map(SlotIndex, batch)) for batch in batches),
        applied_at=START if applied else None,
    )
    return replace(made, regions=tuple(run if r.name == WEST else r for r in made.regions))


def moved(made: Rollout, remedy: Remedy, *slots: int) -> Rollout:
    """Return the rollout after a move in the region."""
    move = Recovery(At(Step.RECOVER), Move(WEST, remedy, slots), "ada@host")
    return replace(made, recoveries=(*made.recoveries, move))


THROUGH = ran(rollout("r1", NEW, OLD, {WEST: DONE}), NEW, NEW)
UNTOUCHED = ran(rollout("r1", NEW, OLD, {EAST: FAILED, WEST: WAITING}), OLD, OLD, applied=False)
STOPPED = ran(rollout("r1", NEW, OLD, {WEST: FAILED}), OLD, OLD, applied=False)
FIRST_OF_TWO = ran(rollout("r1", NEW, OLD, {WEST: FAILED}), NEW, OLD, batches=[[0], [1]])
RETRIED = ran(
    rollout("r2", NEW, NEW, {WEST: FAILED}, unfinished=(0,)), NEW, NEW, batches=[[0]], applied=False
)
BACK = ran(rollout("r2", OLD, NEW, {WEST: DONE}, rolls_back="r1"), OLD, OLD)
ELSEWHERE = moved(rollout("r2", NEXT, OLD, {EAST: FAILED}), Remedy.RESTORE, 0)
GREW = ran(rollout("r1", NEW, NEW, {WEST: DONE}), NEW, NEW, NEW, batches=[[2]])
SHRANK = ran(rollout("r1", NEW, NEW, {WEST: DONE}), NEW, batches=[[1]])
GREW_HALF = ran(rollout("r1", NEW, NEW, {WEST: FAILED}), NEW, NEW, None, batches=[[2]])

Row = tuple[str, list[Rollout], Sequence[SlotTarget], list[int]]
# What was rolled out, the newest first; what the slots run; those that were changed outside.
ROWS: list[Row] = [
    ("as it was applied", [THROUGH], [NEW, NEW], []),
    ("another release in one slot", [THROUGH], [NEW, OTHER], [1]),
    ("the release before, in both", [THROUGH], [OLD, OLD], [0, 1]),
    ("another image under the label", [THROUGH], [NEW, REBUILT], [1]),
    ("the label, and no digest", [THROUGH], [NEW, BY_TAG], []),
    ("more slots than anybody knows of", [THROUGH], [NEW, NEW, OTHER], []),
    ("an apply that stopped half-way", [STOPPED], [NEW, OLD], []),
    ("another release after that", [STOPPED], [OTHER, OLD], [0]),
    ("a batch that was not begun", [FIRST_OF_TWO], [NEW, OLD], []),
    ("what was not begun, by hand", [FIRST_OF_TWO], [NEW, NEW], [1]),
    ("a region that was not begun", [UNTOUCHED], [OLD, OLD], []),
    ("the same release there, by hand", [UNTOUCHED], [NEW, OLD], [0]),
    ("a restore", [moved(THROUGH, Remedy.RESTORE, 0)], [OLD, NEW], []),
    ("a restore, and the other slot", [moved(THROUGH, Remedy.RESTORE, 0)], [OLD, OTHER], [1]),
    ("a restore that a newer one tells of", [ELSEWHERE, THROUGH], [OLD, NEW], []),
    ("a restore of a stopped apply", [moved(STOPPED, Remedy.RESTORE, 0, 1)], [OLD, OLD], []),
    ("an old one after a failed retry", [RETRIED, STOPPED], [OLD, NEW], []),
    ("an adoption", [moved(THROUGH, Remedy.ADOPT, 1)], [NEW, OTHER], []),
    ("marks that were taken off", [moved(THROUGH, Remedy.UNTAINT, 0, 1)], [NEW, NEW], []),
    ("an acceptance", [moved(STOPPED, Remedy.ACCEPT, 0)], [NEW, OLD], []),
    ("a rollback", [BACK, THROUGH], [OLD, OLD], []),
    ("forward again after it, by hand", [BACK, THROUGH], [OLD, NEW], [1]),
    ("more slots", [GREW], [NEW, NEW, NEW], []),
    ("more slots, half-way", [GREW_HALF], [NEW, NEW, NEW], []),
    ("fewer slots", [SHRANK], [NEW], []),
]


@pytest.mark.parametrize(
    ("past", "runs", "changed"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_what_was_changed_outside_the_console_is_told(
    past: list[Rollout], runs: Sequence[SlotTarget], changed: list[int]
) -> None:
    found = drift(lineage_of(WEST, past), state(*runs))

    assert [one.slot for one in found or ()] == changed
    assert all(one.runs == runs[one.slot] for one in found or ())


@pytest.mark.parametrize(
    ("past", "known"),
    [([], state(NEW)), ([rollout("r1", NEW, OLD, {EAST: DONE})], state(NEW)), ([THROUGH], None)],
    ids=["never rolled out", "rolled out elsewhere", "the state cannot be read"],
)
def test_without_a_journal_or_a_state_nobody_can_tell(
    past: list[Rollout], known: RegionState | None
) -> None:
    assert drift(lineage_of(WEST, past), known) is None


def test_an_empty_slot_and_one_without_tags_are_no_drift() -> None:
    (first, second) = state(NEW, NEW).objects
    untold = replace(state(), objects=(replace(second, target=None),))

    assert drift(lineage_of(WEST, [THROUGH]), untold) == ()
    assert drift(lineage_of(WEST, [THROUGH]), replace(state(), objects=(first,))) == ()


@pytest.mark.parametrize(
    ("past", "runs", "told"),
    [
        (THROUGH, OTHER, "slot 0 runs 0.8.9 by its tag; this console last applied 0.9.1 there"),
        (UNTOUCHED, OTHER, "slot 0 runs 0.8.9 by its tag; this console last saw 0.9.0 there"),
        (
            THROUGH,
            REBUILT,
            f"slot 0 runs 0.9.1 ({'d' * 12}) by its tag; this console last applied 0.9.1 ({HEAD})",
        ),
    ],
)
def test_it_is_told_in_the_region_s_story(past: Rollout, runs: SlotTarget, told: str) -> None:
    found = drift(lineage_of(WEST, [past]), state(runs))
    situation = replace(quiet(current(0, WORKS, str(runs.release))), drift=found)

    story = " ".join(advise(situation).happened)
    assert told in story
    assert "there: changed outside the console" in story
    assert situation.is_whole
