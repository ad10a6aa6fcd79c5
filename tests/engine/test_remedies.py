"""A move reads what every slot of its unit runs, also where a killed Terraform left gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from console.domain.failure import Failure
from console.domain.fleet import (
    Heartbeat,
    Instance,
    InstanceId,
    Reading,
    RegionName,
    RegionSample,
    RegionState,
    SlotIndex,
    SlotTarget,
    StateObject,
    UnitName,
)
from console.domain.plan import Plan
from console.domain.policy import Unit
from console.domain.recovery.advice import Standing, advise
from console.domain.recovery.move import Move
from console.domain.recovery.remedies import Remedy
from console.engine.ports import OnProgress, PlanRequest
from console.engine.remedies import Made, Remedies
from console.engine.surveying import Surveyor
from tests.rollout.world import NEW, OLD, START, PaperWorld, policy

from .test_preflight import BROKEN, Ports, Stopped

EAST, EU = RegionName("us-east-1"), RegionName("eu-west-1")


@dataclass
class Theatre(Ports):
    """A unit whose state can be repaired, and that tells which plan was asked for."""

    state: dict[RegionName, RegionState] = field(default_factory=dict)
    planned: list[PlanRequest] = field(default_factory=list)
    gone: list[InstanceId] = field(default_factory=list)

    async def read(self, unit: UnitName) -> Mapping[RegionName, RegionState] | Failure:
        return dict(self.state)

    async def back_up(self, unit: UnitName) -> Path | Failure:
        return Path("backup.tfstate")

    async def promote(
        self,
        unit: UnitName,
        region: RegionName,
        slot: SlotIndex,
        instance: InstanceId,
        slots: Mapping[RegionName, tuple[SlotTarget, ...]],
    ) -> Failure | None:
        held = self.state[region].objects
        (chosen,) = (o for o in held if o.instance == instance)
        assert slots[region][slot] == chosen.target
        others = tuple(o for o in held if o.slot != slot)
        promoted = replace(chosen, deposed_key=None)
        self.state[region] = replace(self.state[region], objects=(*others, promoted))
        return None

    async def plan(self, request: PlanRequest, on_progress: OnProgress) -> Plan | Failure:
        self.planned.append(request)
        return BROKEN

    async def terminate(self, region: RegionName, instance: InstanceId) -> Failure | None:
        self.gone.append(instance)
        return None


def held(slot: int, target: SlotTarget, deposed: str | None) -> StateObject:
    name = InstanceId(f"i-{target.release}-{slot}")
    return StateObject(f"worker[{slot}]", SlotIndex(slot), name, target, deposed)


def theatre(*objects: StateObject, beside: tuple[RegionName, ...] = ()) -> Theatre:
    """Return a region with these objects, all of which work, in a unit with empty regions."""
    found = tuple(Instance(o.instance, "running", o.slot, o.target) for o in objects)
    beats = tuple(
        Heartbeat(o.instance, o.target.release, START, runs=20) for o in objects if o.target
    )
    made = Theatre(PaperWorld({name: [] for name in (EAST, *beside)}))
    queue = made.world.sample(EAST).queue
    made.samples[EAST] = RegionSample(
        EAST, START, Reading(START, found), Reading(START, beats), queue
    )
    made.state[EAST] = RegionState(7, "lineage", objects)
    made.state |= {name: RegionState(7, "lineage", ()) for name in beside}
    return made


async def recommended(ports: Theatre, remedy: Remedy) -> tuple[Remedies, Move]:
    """Return what makes moves there, and the one that is recommended."""
    rules = policy(us_east_1=2, eu_west_1=1)
    unit = Unit(UnitName("everywhere"), 1, tuple(ports.state))
    rules = replace(rules, units=(unit,))
    rules = replace(rules, regions=tuple(replace(r, wave=1) for r in rules.regions))
    allowance = timedelta(minutes=5)
    surveyor = Surveyor(ports, ports, rules, Stopped(), boot_allowance=allowance, past=tuple)
    (seen,) = await surveyor.look(None, [EAST])
    option = advise(seen.situation).option(remedy)
    assert option.standing is Standing.RECOMMENDED, option
    remedies = Remedies(ports, ports, surveyor, lambda _: None, Path("plans"))
    return remedies, option.move(seen.situation)


async def test_two_slots_that_have_only_their_old_workers_are_both_restored() -> None:
    ports = theatre(held(0, OLD, "d3ad"), held(1, OLD, "b33f"))
    remedies, move = await recommended(ports, Remedy.RESTORE)
    assert move.slots == (0, 1)

    made = await remedies.make(move, None)

    assert isinstance(made, Made), made
    assert [o.deposed_key for o in ports.state[EAST].objects] == [None, None]
    assert made.note.startswith("as promised")


async def test_a_new_worker_is_accepted_beside_a_slot_that_has_only_its_old_one() -> None:
    new, old = held(0, NEW, None), held(0, OLD, "d3ad")
    ports = theatre(replace(new, is_tainted=True), old, held(1, OLD, "b33f"))
    remedies, move = await recommended(ports, Remedy.ACCEPT)
    assert move.slots == (0,)

    answer = await remedies.make(move, None)

    (request,) = ports.planned
    assert answer == BROKEN
    assert request.slots == {EAST: (NEW, OLD)}
    assert request.only == ((EAST, 0),)


async def test_a_region_of_the_same_unit_may_have_nothing_at_all() -> None:
    ports = theatre(held(0, OLD, "d3ad"), held(1, OLD, "b33f"), beside=(EU,))
    remedies, move = await recommended(ports, Remedy.RESTORE)

    assert isinstance(await remedies.make(move, None), Made)
