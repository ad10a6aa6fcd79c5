"""Which rollout tells of a region, and what does a move ship there, whatever the newest one was?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from console.domain.events import Entry
from console.domain.evolve import evolve
from console.domain.fleet import (
    InstanceId,
    RegionName,
    RegionState,
    SlotIndex,
    SlotTarget,
    StateObject,
)
from console.domain.observations import RegionSurvey
from console.domain.outcome import RegionPhase
from console.domain.recovery.advice import Standing, advise
from console.domain.recovery.assembly import situation_of
from console.domain.recovery.lineage import lineage_of, lineages
from console.domain.recovery.move import Move
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.shipping import Shipment, shipment
from console.domain.release import Release, ReleaseLabel
from console.domain.rollout import Recovery, Rollout, StepRecord
from console.domain.steps import At, Result, Step
from tests.recovery.situations import SILENT, WORKS, current, deposed, region, tainted
from tests.rollout.world import NEW, OLD, START, PaperWorld, image, policy, started

EAST, WEST, EU = (RegionName(n) for n in ("us-east-1", "us-west-1", "eu-west-1"))
NEXT = SlotTarget(ReleaseLabel("0.9.2"), image("c"))
DONE, FAILED, WAITING = RegionPhase.DONE, RegionPhase.FAILED, RegionPhase.WAITING


def rollout(
    name: str,
    target: SlotTarget,
    found: SlotTarget | dict[RegionName, SlotTarget],
    phases: dict[RegionName, RegionPhase],
    *,
    unfinished: Sequence[int] = (),
    rolls_back: str = "",
) -> Rollout:
    """Return a rollout of two slots a region, in as many waves as it has regions.

    A region that still waits was looked at and never begun.
    """
    rules = policy(**{region.replace("-", "_"): 2 for region in phases})
    if rolls_back:
        rules = rules.last_wave_first()
    begun = started(
        rules, rollout=name, label=target.release, image=target.image, rolls_back=rolls_back
    )
    made = evolve(None, Entry(name, 1, START, begun))
    ran = found if isinstance(found, dict) else dict.fromkeys(phases, found)
    regions = tuple(
        replace(
            run,
            phase=phases[run.name],
            found=(ran[run.name],) * 2,
            unfinished=tuple(map(SlotIndex, unfinished)),
        )
        for run in made.regions
    )
    steps = (
        StepRecord(At(Step.TAINT, run.unit), START, START, Result.OK)
        for run in regions
        if phases[run.name] is not WAITING
    )
    released = Release(target.release, target.image)
    return replace(made, release=released, regions=regions, steps=tuple(steps))


EVERYWHERE = rollout("r1", NEW, OLD, {EAST: DONE, WEST: DONE, EU: DONE})
HALTED = rollout("r1", NEW, OLD, {EAST: DONE, WEST: FAILED, EU: WAITING})
STUCK_CANARY = rollout("r1", NEW, OLD, {EAST: FAILED, WEST: WAITING, EU: WAITING})
BACK_IN_WEST = rollout("r2", OLD, NEW, {WEST: DONE}, rolls_back="r1")
BACK_IN_EU = rollout("r3", OLD, NEW, {EU: DONE}, rolls_back="r1")
BACK_FAILED = rollout("r2", OLD, NEW, {WEST: FAILED}, rolls_back="r1")
BACK_UNFINISHED = rollout("r2", OLD, NEW, {EAST: WAITING, WEST: DONE}, rolls_back="r1")
RETRIED = rollout("r2", NEW, NEW, {WEST: FAILED}, unfinished=(0, 1))
REPLACED = rollout("r2", NEXT, NEW, {WEST: FAILED}, unfinished=(0, 1))
REPLACED_TWICE = rollout("r3", NEXT, NEXT, {WEST: FAILED}, unfinished=(0, 1))
ANOTHER = rollout("r2", NEXT, NEW, {EAST: DONE, WEST: DONE, EU: DONE})
OVER_MARKED = rollout("r2", NEXT, NEW, {WEST: FAILED}, unfinished=(0, 1))
REFRESHED = rollout("r2", NEW, NEW, {WEST: FAILED})
EAST_ALONE = rollout("r2", NEXT, NEW, {EAST: FAILED})

# What has been rolled out, the newest first; a region; a move; what it ships and takes back there.
SHIPMENTS: list[tuple[str, list[Rollout], RegionName, Remedy, SlotTarget | None, str]] = [
    ("one rollout", [EVERYWHERE], EU, Remedy.ROLLBACK, OLD, "r1"),
    ("another region was rolled back", [BACK_IN_WEST, EVERYWHERE], EU, Remedy.ROLLBACK, OLD, "r1"),
    ("and a second", [BACK_IN_EU, BACK_IN_WEST, HALTED], EAST, Remedy.ROLLBACK, OLD, "r1"),
    ("this one was rolled back", [BACK_IN_WEST, EVERYWHERE], WEST, Remedy.ROLLBACK, OLD, "r1"),
    ("a rollback that never came", [BACK_UNFINISHED, HALTED], EAST, Remedy.ROLLBACK, OLD, "r1"),
    ("a failed rollback is tried again", [BACK_FAILED, HALTED], WEST, Remedy.RETRY, OLD, "r1"),
    ("a failed retry", [RETRIED, HALTED], WEST, Remedy.ROLLBACK, OLD, "r2"),
    ("a retry of nobody knows what", [RETRIED], WEST, Remedy.ROLLBACK, None, "r2"),
    ("another release over a failed one", [REPLACED, HALTED], WEST, Remedy.ROLLBACK, OLD, "r2"),
    ("and that again", [REPLACED_TWICE, REPLACED, HALTED], WEST, Remedy.ROLLBACK, OLD, "r3"),
    ("over slots marked by hand", [OVER_MARKED, EVERYWHERE], WEST, Remedy.ROLLBACK, NEW, "r2"),
    ("the same release again", [REFRESHED, EVERYWHERE], WEST, Remedy.ROLLBACK, OLD, "r2"),
    ("two releases ago", [ANOTHER, EVERYWHERE], WEST, Remedy.ROLLBACK, NEW, "r2"),
    ("an only rollout elsewhere", [BACK_IN_EU], WEST, Remedy.ROLLBACK, None, ""),
    ("never rolled out", [], WEST, Remedy.ROLLBACK, None, ""),
    ("never rolled out", [], WEST, Remedy.RETRY, OLD, ""),
    ("it failed here", [HALTED], WEST, Remedy.RETRY, NEW, ""),
    ("it never came here", [HALTED], EU, Remedy.RETRY, OLD, ""),
    ("it never came here", [HALTED], EU, Remedy.FINISH, NEW, ""),
    ("the newest is of another region", [EAST_ALONE, EVERYWHERE], WEST, Remedy.RETRY, NEW, ""),
    ("the newest is of another region", [EAST_ALONE, HALTED], EU, Remedy.FINISH, NEW, ""),
]  # fmt: skip


def state(*targets: SlotTarget) -> RegionState:
    """Return a state with a finished object a slot."""
    return RegionState(
        1,
        "lineage",
        tuple(
            StateObject(f"a[{i}]", SlotIndex(i), InstanceId(f"i-{i}"), target)
            for i, target in enumerate(targets)
        ),
    )


@pytest.mark.parametrize(
    ("past", "region", "remedy", "ships", "rolls_back"),
    [row[1:] for row in SHIPMENTS],
    ids=[f"{row[0]}: {row[3]}" for row in SHIPMENTS],
)
def test_what_a_move_ships_is_told_by_the_region_s_own_rollout(
    past: list[Rollout],
    region: RegionName,
    remedy: Remedy,
    ships: SlotTarget | None,
    rolls_back: str,
) -> None:
    shipped = shipment(remedy, lineage_of(region, past), state(OLD, OLD), str(OLD.release))
    if ships is None:
        assert shipped is None
        return
    assert shipped == Shipment(ships.release, ships.image, remedy is not Remedy.FINISH, rolls_back)


def seen(region: RegionName, past: Sequence[Rollout], *targets: SlotTarget) -> Any:
    """Return the situation of a region that runs `targets` well."""
    world = PaperWorld({region: list(targets)})
    survey = RegionSurvey(region, world.state(region), world.sample(region))
    rules = policy(**{region.replace("-", "_"): len(targets)})
    lineage = lineage_of(region, past)
    return situation_of(survey, lineage, rules, START, rules.gates.deadline)


@pytest.mark.parametrize(
    ("past", "region", "runs", "remedy", "standing", "part"),
    [
        ([BACK_IN_WEST, EVERYWHERE], EU, NEW, Remedy.ROLLBACK, Standing.POSSIBLE, ""),
        ([BACK_IN_WEST, EVERYWHERE], WEST, OLD, Remedy.ROLLBACK, Standing.UNFIT, "as it does now"),
        ([BACK_UNFINISHED, HALTED], EAST, NEW, Remedy.ROLLBACK, Standing.POSSIBLE, ""),
        ([BACK_UNFINISHED, HALTED], EAST, NEW, Remedy.FINISH, Standing.RECOMMENDED, "speaks"),
        ([STUCK_CANARY], WEST, OLD, Remedy.FINISH, Standing.UNFIT, "us-east-1, of an earlier wave"),
        ([STUCK_CANARY], EU, OLD, Remedy.FINISH, Standing.UNFIT, "us-east-1, us-west-1, of an"),
        ([HALTED], EU, OLD, Remedy.FINISH, Standing.UNFIT, "us-west-1, of an earlier wave, is not"),
        ([EAST_ALONE, HALTED], EU, OLD, Remedy.FINISH, Standing.UNFIT, "us-east-1, us-west-1"),
    ],
)
def test_the_region_s_own_rollout_decides_which_move_fits(
    past: list[Rollout],
    region: RegionName,
    runs: SlotTarget,
    remedy: Remedy,
    standing: Standing,
    part: str,
) -> None:
    option = advise(seen(region, past, runs, runs)).option(remedy)
    assert option.standing is standing
    assert part in option.reason


def mended(remedy: Remedy) -> Rollout:
    """Return the halted rollout after a move in its stuck canary."""
    move = Recovery(At(Step.RECOVER), Move(EAST, remedy, (0,)), "ada@host")
    return replace(STUCK_CANARY, recoveries=(move,))


def left_in(remedy: Remedy) -> Rollout:
    """Return the halted rollout whose console died in a move in its stuck canary."""
    made = mended(remedy)
    return replace(made, steps=(*made.steps, StepRecord(made.recoveries[0].at, START)))


RETRIED_CANARY = rollout("r2", NEW, NEW, {EAST: DONE}, unfinished=(0, 1))
LATER_WAVE_LEFT = rollout("r1", NEW, OLD, {EAST: FAILED, WEST: WAITING})


@pytest.mark.parametrize(
    ("past", "waits_for"),
    [
        ([LATER_WAVE_LEFT], (EAST,)),
        ([RETRIED_CANARY, LATER_WAVE_LEFT], ()),
        ([rollout("r2", OLD, NEW, {EAST: DONE}, rolls_back="r1"), LATER_WAVE_LEFT], (EAST,)),
        ([mended(Remedy.ACCEPT)], ()),
        ([mended(Remedy.RESTORE)], (EAST,)),
        ([left_in(Remedy.ACCEPT)], (EAST,)),
    ],
)
def test_a_later_wave_waits_until_the_earlier_ones_have_proven_the_release(
    past: list[Rollout], waits_for: tuple[RegionName, ...]
) -> None:
    assert lineage_of(WEST, past).waits_for == waits_for


def test_a_retry_where_nothing_was_begun_promises_what_it_ships() -> None:
    option = advise(replace(seen(EU, [HALTED], OLD, OLD), desired=3)).option(Remedy.RETRY)
    new = [found.tag for found in option.prospect.objects if found.slot == 2]
    assert (option.slots, new) == ((2,), [OLD.release])


def test_no_more_of_the_journal_is_read_than_it_takes() -> None:
    read = []

    def past() -> Iterator[Rollout]:
        for one in (BACK_IN_EU, BACK_IN_WEST, HALTED, ANOTHER):
            read.append(one.id)
            yield one

    assert lineages([WEST, EU], past())[WEST].newest is BACK_IN_WEST
    assert read == ["r3", "r2"]


def test_what_a_rollback_has_begun_is_retried_and_the_rest_can_still_be_rolled_back() -> None:
    """Slot 0 was rolled back and failed, slot 1 was not reached."""
    began = tainted(0, SILENT, "0.9.0")
    left = region(
        began, deposed(0, WORKS, "0.9.1"), current(1, WORKS, "0.9.1"),
        desired=2, release="0.9.0", before="0.9.0",
    )  # fmt: skip
    back = advise(left).option(Remedy.ROLLBACK)
    assert (back.standing, back.slots) == (Standing.POSSIBLE, (1,))
    whole = replace(left, objects=left.objects[:2], desired=1)
    assert advise(whole).option(Remedy.ROLLBACK).standing is Standing.UNFIT
    assert advise(whole).option(Remedy.RETRY).standing is Standing.POSSIBLE
    assert advise(whole).option(Remedy.RESTORE).standing is Standing.RECOMMENDED
