"""The regions that the advice is tried on are what a real Terraform leaves behind.

What the instances do is on paper; slots, kinds and marks are read from real states.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from console.domain import effects
from console.domain.fleet import (
    Heartbeat,
    Instance,
    InstanceId,
    QueueSample,
    Reading,
    RegionSample,
    SlotIndex,
)
from console.domain.observations import RegionSurvey
from console.domain.recovery.assembly import situation_of
from console.domain.recovery.lineage import Lineage
from console.domain.recovery.situation import Situation
from console.domain.release import ReleaseLabel
from console.domain.view import Health, ObjectView
from tests.recovery import test_advice as table
from tests.recovery.situations import WEST
from tests.rollout.world import NEW, OLD, START, PaperWorld, policy, run, started, yes

from .conftest import EU, UNIT, World
from .test_surgery import lose_current

LONG_AGO, ALLOWANCE = START - timedelta(hours=1), timedelta(minutes=5)
TARGETS = {"0.9.0": OLD, "0.9.1": NEW}


@dataclass
class Story:
    """What is done to a region's state, with the table's names for what it makes."""

    world: World
    slots: int
    names: dict[InstanceId, InstanceId] = field(default_factory=dict)

    async def run_old(self) -> None:
        """Have every slot run the release before."""
        assert await self.world.release("0.9.0", self.slots) is None
        await self.name("i-old-{}")

    async def mark(self) -> None:
        """Taint every slot, as a rollout does first."""
        for slot in range(self.slots):
            assert await self.world.client().taint(UNIT, EU, SlotIndex(slot)) is None

    async def fail(self, names: str = "i-new-{}") -> None:
        """Mark and replace every slot, with instances that do not become ready."""
        await self.mark()
        assert await self.world.release("0.9.1", self.slots, check="false") is not None
        await self.name(names)

    async def name(self, names: str) -> None:
        for found in (await self.world.state()).objects:
            self.names.setdefault(found.instance, InstanceId(names.format(found.slot)))


async def nothing_happens(story: Story) -> None:
    await story.run_old()


async def slots_are_marked_and_no_more(story: Story) -> None:
    await story.run_old()
    await story.mark()


async def new_ones_do_not_become_ready(story: Story) -> None:
    await story.run_old()
    await story.fail()


async def it_is_tried_again_in_vain(story: Story) -> None:
    await story.run_old()
    await story.fail("i-try-{}")
    await story.fail()


async def somebody_untaints_what_failed(story: Story) -> None:
    await new_ones_do_not_become_ready(story)
    assert await story.world.client().untaint(UNIT, EU, SlotIndex(0)) is None


# Terraform writes its state when anything has ended: these do so while the worker's check waits.
BESIDE = """
resource "terraform_data" "beside" {
  for_each         = toset([for n in range(20) : tostring(n)])
  triggers_replace = var.slots
  provisioner "local-exec" {
    command = var.check == "true" ? "true" : "sleep 0.${each.key}"
  }
}
"""


async def terraform_is_killed_while_it_waits(story: Story) -> None:
    """Here the state has both objects, and the new one bears no mark: nobody saw its check end."""
    world, main = story.world, story.world.root / "main.tf"
    main.write_text(main.read_text() + BESIDE)
    await story.run_old()
    await story.mark()
    busy = world.root / "busy"
    # The check is a child of Terraform's: its parent is the one to kill.
    client = world.client(check=f"echo $PPID > {busy}.part; mv {busy}.part {busy}; sleep 60")
    await world.plan(client, "0.9.1")
    applying = asyncio.create_task(world.apply(client))
    (state,) = (world.work_dir / "state").glob("*.tfstate")
    await world.until(lambda: busy.exists() and state.read_text().count('"index_key": 0,') == 2)
    os.kill(int(busy.read_text()), signal.SIGKILL)
    assert await applying is not None
    await story.name("i-new-{}")


async def the_new_one_is_in_no_state(story: Story) -> None:
    """Forget the new object: what is left of an apply that was killed before it was written."""
    await new_ones_do_not_become_ready(story)
    await lose_current(story.world.client(), 0)


def lineage(expected: Situation) -> Lineage:
    """Return where the region comes from: on paper, the rollout that stopped as it says."""
    if expected.cause is None:
        return Lineage(WEST)
    world = PaperWorld({WEST: [OLD] * expected.desired}, {effects.ApplyPlan: expected.cause})
    stopped = run(world, started(policy(us_west_1=expected.desired)), yes)
    return Lineage(WEST, stopped, OLD)


def seen(expected: Situation) -> RegionSample:
    """Return what AWS says of the instances that the table has."""
    there = [found for found in expected.objects if found.health is not Health.GONE]
    instances = tuple(
        Instance(
            found.id,
            found.state,
            None if found.slot is None else SlotIndex(found.slot),
            TARGETS[found.tag or ""],
            None if found.health is Health.BOOTING else LONG_AGO,
        )
        for found in there
    )
    beats = tuple(
        Heartbeat(found.id, ReleaseLabel(found.heartbeat), START - found.last_beat, runs=done)
        for found in there
        if found.heartbeat is not None and found.last_beat is not None
        for done in [found.completions or 0]
    )
    waiting = 1 if expected.jobs_wait else 0
    queue = Reading(START, QueueSample(waiting, in_flight=0, dead_letters=0))
    return RegionSample(WEST, START, Reading(START, instances), Reading(START, beats), queue)


def in_order(situation: Situation) -> Situation:
    """Return it with its objects by name: the order of deposed ones is Terraform's, by chance."""

    def place(found: ObjectView) -> tuple[int, str]:
        return (-1 if found.slot is None else found.slot, found.id)

    return replace(situation, objects=tuple(sorted(situation.objects, key=place)))


Happens = Callable[[Story], Awaitable[None]]
ANCHORS: list[tuple[Happens, Situation]] = [
    (nothing_happens, table.ALL_FINE),
    (slots_are_marked_and_no_more, table.MARKED_ONLY),
    (new_ones_do_not_become_ready, table.BAD_IMAGE),
    (it_is_tried_again_in_vain, table.RETRIED_ONCE),
    (somebody_untaints_what_failed, table.UNTAINTED_BY_HAND),
    (terraform_is_killed_while_it_waits, table.KILLED_UNMARKED),
    (the_new_one_is_in_no_state, table.KILLED),
]


@pytest.mark.parametrize(
    ("happens", "expected"), ANCHORS, ids=[happens.__name__ for happens, _ in ANCHORS]
)
async def test_the_table_has_what_terraform_leaves(
    happens: Happens, expected: Situation, world: World
) -> None:
    story = Story(world, expected.desired)
    await happens(story)
    state = await world.state()
    named = tuple(replace(o, instance=story.names[o.instance]) for o in state.objects)
    survey = RegionSurvey(WEST, replace(state, objects=named), seen(expected))
    rules = policy(us_west_1=expected.desired)

    found = situation_of(survey, lineage(expected), rules, START, ALLOWANCE)

    # What was changed outside the console has a table of its own.
    assert in_order(replace(found, drift=expected.drift)) == in_order(expected)
