"""Preflight looks at everything, and tells all that is wrong in one list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.domain import effects
from console.domain.events import Entry
from console.domain.evolve import replay
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import (
    Instance,
    InstanceId,
    Reading,
    RegionName,
    RegionSample,
    RegionState,
    SlotIndex,
    StateLock,
    StateObject,
    UnitName,
)
from console.domain.machine import begin, decide
from console.domain.observations import Failed, Surveyed
from console.domain.outcome import RegionPhase
from console.domain.plan import Plan, PlanId
from console.domain.policy import Policy
from console.domain.release import ImageRef, Release, ReleaseLabel
from console.domain.rollout import Rollout
from console.domain.steps import At, Step
from console.engine.performer import WorldPerformer
from console.engine.ports import JournalError, OnProgress, PlanRequest
from console.engine.preflight import Preflight
from console.engine.remedies import Remedies
from console.engine.stream import Stream
from console.engine.surveying import Surveyor
from tests.rollout.world import NEW, OLD, START, PaperWorld, policy, run, started, yes

from .unrepaired import Unrepaired

EAST, WEST, EU = (RegionName(n) for n in ("us-east-1", "us-west-1", "eu-west-1"))
BROKEN = Failure(FailureKind.FAILED, "terraform init failed", "look at the log")
LOCK = StateLock("id-7", "bob@host", "apply", START)


@dataclass
class Ports(Unrepaired):
    """Terraform, AWS and the registry, as a test says that they are."""

    world: PaperWorld
    states: dict[str, RegionState | Failure] = field(default_factory=dict)
    samples: dict[str, RegionSample] = field(default_factory=dict)
    unprepared: dict[str, Failure] = field(default_factory=dict)
    identity_: Reading[str] = field(default_factory=lambda: Reading(START, "arn:aws:sts::1:ada"))
    ami_: Reading[str | None] = field(default_factory=lambda: Reading(START, "ami-1"))
    image: Failure | None = None
    applied: Failure | None = None
    calls: list[str] = field(default_factory=list)

    async def identity(self) -> Reading[str]:
        return self.identity_

    async def sample(self, region: RegionName, releases: Sequence[ReleaseLabel]) -> RegionSample:
        return self.samples.get(region) or self.world.sample(region)

    async def ami(self, region: RegionName) -> Reading[str | None]:
        return self.ami_

    async def console_output(self, region: RegionName, instance: InstanceId) -> Reading[str]:
        self.calls.append(f"console {instance}")
        return Reading(START, "\n".join(f"line {i}" for i in range(40)))

    async def prepare(self, unit: UnitName) -> Failure | None:
        return self.unprepared.get(unit)

    async def read(self, unit: UnitName) -> Mapping[RegionName, RegionState] | Failure:
        found = self.states.get(unit) or self.world.state(unit)
        return found if isinstance(found, Failure) else {RegionName(unit): found}

    async def await_others(self, unit: UnitName, on_progress: OnProgress) -> None:
        raise AssertionError("preflight waits for nobody")

    async def taint(self, unit: UnitName, region: RegionName, slot: SlotIndex) -> Failure | None:
        self.calls.append(f"taint {region} {slot}")
        return BROKEN if slot == 1 else None

    async def untaint(self, unit: UnitName, region: RegionName, slot: SlotIndex) -> Failure | None:
        return None

    async def plan(self, request: PlanRequest, on_progress: OnProgress) -> Plan | Failure:
        return BROKEN

    async def apply(self, unit: UnitName, plan: Path, on_progress: OnProgress) -> Failure | None:
        self.calls.append(f"apply {plan.name}")
        return self.applied

    def interrupt(self) -> None:
        self.calls.append("interrupt")

    async def resolve(self, image: ImageRef, label: ReleaseLabel) -> Release | Failure:
        return self.image or Release(label, image)

    async def check(self, label: ReleaseLabel) -> Failure | None:
        return self.image

    async def build(self, label: ReleaseLabel, on_progress: OnProgress) -> Release | Failure:
        return self.image or Release(label, NEW.image)

    async def test(self, image: ImageRef, on_progress: OnProgress) -> str | Failure | None:
        return self.image

    async def push(
        self, image: ImageRef, label: ReleaseLabel, on_progress: OnProgress
    ) -> ImageRef | Failure:
        return self.image or image


def three_regions() -> tuple[Ports, Policy]:
    world = PaperWorld({"us-east-1": [OLD], "us-west-1": [OLD], "eu-west-1": [OLD, OLD]})
    return Ports(world), policy(us_east_1=1, us_west_1=1, eu_west_1=2)


def begun(rules: Policy) -> Rollout:
    rollout = replay([Entry("r1", 1, START, started(rules))])
    assert rollout is not None
    return rollout


async def survey(
    ports: Ports, rules: Policy, *, image: ImageRef | None = None, accept_leftovers: bool = False
) -> Surveyed:
    effect = effects.Survey(At(Step.PREFLIGHT), image, accept_leftovers)
    return await Preflight(ports, ports, ports).survey(effect, begun(rules))


def messages(seen: Surveyed) -> list[str]:
    return [problem.message for problem in seen.problems]


async def test_a_fleet_that_is_well_has_no_problems() -> None:
    ports, rules = three_regions()

    seen = await survey(ports, rules)

    assert messages(seen) == []
    assert [s.region for s in seen.regions] == [EAST, WEST, EU]
    assert (seen.identity, seen.regions[0].ami) == ("arn:aws:sts::1:ada", "ami-1")


async def test_it_knows_where_the_gates_of_what_runs_never_passed() -> None:
    ports, rules = three_regions()
    ports.world.sick = {"us-east-1"}
    before = run(ports.world, started(rules), yes)
    assert before.region(EAST).phase is RegionPhase.FAILED
    effect = effects.Survey(At(Step.PREFLIGHT), None, accept_leftovers=False)

    preflight = Preflight(ports, ports, ports, past=lambda: [before])
    seen = await preflight.survey(effect, begun(rules))

    assert [s.region for s in seen.regions if s.is_unproven] == [EAST]


async def test_a_journal_that_cannot_be_read_makes_no_region_unproven() -> None:
    def unreadable() -> list[Rollout]:
        raise JournalError("the disk is gone")

    ports, rules = three_regions()
    effect = effects.Survey(At(Step.PREFLIGHT), None, accept_leftovers=False)

    seen = await Preflight(ports, ports, ports, past=unreadable).survey(effect, begun(rules))

    assert [s for s in seen.regions if s.is_unproven] == []


async def test_all_problems_are_told_at_once_each_with_its_region_and_a_way_on() -> None:
    ports, rules = three_regions()
    ports.image = Failure(FailureKind.REFUSED, "the registry refuses us", "docker login")
    ports.states["us-east-1"] = replace(ports.world.state("us-east-1"), lock=LOCK)
    tainted = replace(ports.world.state("eu-west-1").objects[0], is_tainted=True)
    deposed = StateObject("a[1]", SlotIndex(1), InstanceId("i-dep"), OLD, "9348ee3e")
    ports.states["eu-west-1"] = RegionState(1, "lineage", (tainted, deposed))
    eu = ports.world.sample(EU)
    orphan = Instance(InstanceId("i-lost"), "running", SlotIndex(0), NEW)
    ports.samples["eu-west-1"] = replace(
        eu, instances=Reading(START, (*(eu.instances.value or ()), orphan))
    )
    ports.samples["us-west-1"] = replace(
        ports.world.sample(WEST), heartbeats=Reading(START, error="Throttling")
    )

    seen = await survey(ports, rules)

    told = "\n".join(messages(seen))
    for phrase in (
        "the registry refuses us",
        "the Terraform state of us-east-1 is locked by bob@host (apply",
        "the heartbeats of us-west-1 cannot be read: Throttling",
        f"eu-west-1 slot 0: {tainted.instance} is tainted",
        "eu-west-1 slot 1: i-dep is a deposed object",
        "eu-west-1: i-lost carries the fleet's tag and is in no Terraform state",
    ):
        assert phrase in told
    assert all(problem.hint for problem in seen.problems)

    rollout = decide(begin(started(rules), START).rollout, seen, START).rollout
    assert rollout.halt is not None
    for message in messages(seen):
        assert message in rollout.halt.failure.message


async def test_what_goes_over_leftovers_leaves_an_orphan_alone_and_says_so() -> None:
    ports, rules = three_regions()
    east = ports.world.sample(EAST)
    orphan = Instance(InstanceId("i-lost"), "running", SlotIndex(0), OLD)
    ports.samples["us-east-1"] = replace(
        east, instances=Reading(START, (*(east.instances.value or ()), orphan))
    )

    refused = await survey(ports, rules)
    seen = await survey(ports, rules, accept_leftovers=True)

    assert len(messages(refused)) == 1
    assert messages(seen) == []
    (note,) = seen.notes
    assert note.startswith("us-east-1: i-lost carries the fleet's tag")
    assert note.endswith(
        "it is left alone; afterwards adopt or terminate it: "
        "release-console recover --region us-east-1"
    )


async def test_over_leftovers_the_same_is_shipped_to_the_same_regions() -> None:
    ports, rules = three_regions()
    east = ports.world.state("us-east-1").objects[0]
    ports.states["us-east-1"] = RegionState(1, "lineage", (replace(east, is_tainted=True),))
    partial = replace(rules, is_partial=True)
    rollout = begun(partial)
    request = replace(rollout.request, image=NEW.image, where="--config c.yaml")
    effect = effects.Survey(At(Step.PREFLIGHT), NEW.image, accept_leftovers=False)

    seen = await Preflight(ports, ports, ports).survey(effect, replace(rollout, request=request))

    (problem,) = seen.problems
    assert problem.hint.endswith(
        f"release-console recover retry --yes --release 0.9.1 --image {NEW.image} "
        "--regions us-east-1,us-west-1,eu-west-1 --config c.yaml"
    )


async def test_without_credentials_only_the_credentials_are_told() -> None:
    ports, rules = three_regions()
    ports.identity_ = Reading(START, error="ExpiredToken")
    ports.image = BROKEN

    seen = await survey(ports, rules)

    assert messages(seen) == ["AWS was asked who we are: ExpiredToken"]
    assert "release-console doctor" in seen.problems[0].hint


async def test_a_region_that_cannot_be_prepared_hides_no_other() -> None:
    ports, rules = three_regions()
    ports.unprepared["us-east-1"] = BROKEN
    ports.states["eu-west-1"] = Failure(FailureKind.FAILED, "no such bucket")

    seen = await survey(ports, rules)

    assert messages(seen) == ["terraform init failed", "no such bucket"]
    assert [s.region for s in seen.regions] == [WEST]


@pytest.mark.parametrize("source", ["instances", "heartbeats", "queue"])
async def test_a_source_that_does_not_answer_forbids_the_start(source: str) -> None:
    ports, rules = three_regions()
    denied: dict[str, Any] = {source: Reading(START, error="AccessDenied")}
    silent = replace(ports.world.sample(EU), **denied)
    ports.samples["eu-west-1"] = silent

    (message,) = messages(await survey(ports, rules))

    assert "eu-west-1 cannot be read: AccessDenied" in message


async def test_a_region_that_cannot_be_reached_does_not_hold_the_others_back() -> None:
    ports, rules = three_regions()
    lost: Reading[Any] = Reading(START, error="connection refused")
    ports.samples["us-west-1"] = replace(
        ports.world.sample(WEST), instances=lost, heartbeats=lost, queue=lost
    )

    hints = {problem.hint for problem in (await survey(ports, rules)).problems}

    (hint,) = hints  # told once, whatever could not be read
    way = "release-console --auto --release 0.9.1 --regions us-east-1,eu-west-1"
    assert hint.endswith(f"without us-west-1: {way}")


async def test_a_machine_image_that_cannot_be_read_forbids_the_start() -> None:
    ports, rules = three_regions()
    ports.ami_ = Reading(START, error="ParameterNotFound")

    assert len(messages(await survey(ports, rules))) == 3


async def test_a_region_without_a_fleet_is_no_region_to_release_to() -> None:
    ports, rules = three_regions()
    ports.states["eu-west-1"] = RegionState(0, "")

    (message,) = messages(await survey(ports, rules))

    assert "eu-west-1 has no workers" in message


async def test_more_slots_than_wanted_are_kept_and_told() -> None:
    ports, rules = three_regions()
    ports.world.slots["us-west-1"] = [OLD, OLD]

    seen = await survey(ports, rules)

    assert messages(seen) == []
    (note,) = seen.notes
    assert "us-west-1 has 2 slots and the settings want 1" in note


async def test_an_image_that_is_named_must_be_one_that_can_be_shipped() -> None:
    ports, rules = three_regions()
    ports.image = Failure(FailureKind.REFUSED, "repo:tag names no digest")

    assert messages(await survey(ports, rules, image=ImageRef("repo:tag"))) == [
        "repo:tag names no digest"
    ]


class Stopped:
    """A clock that stands still."""

    def now(self) -> datetime:
        return START


def performer(ports: Ports, tmp_path: Path) -> WorldPerformer:
    rules = three_regions()[1]
    surveyor = Surveyor(ports, ports, rules, Stopped(), boot_allowance=timedelta(minutes=5))
    remedies = Remedies(ports, ports, surveyor, lambda _: None, tmp_path)
    return WorldPerformer(ports, ports, ports, Stream(), tmp_path, remedies)


def apply_of_east(serial: int = 1) -> effects.ApplyPlan:
    unit = UnitName("us-east-1")
    return effects.ApplyPlan(At(Step.APPLY, unit), unit, PlanId("plan"), serial)


@pytest.mark.parametrize(
    ("state", "kind", "phrase"),
    [
        (RegionState(2, "lineage"), FailureKind.STALE, "from serial 1 to 2"),
        (RegionState(1, "lineage", lock=LOCK), FailureKind.LOCKED, "locked by bob@host"),
        (RegionState(2, "lineage", lock=LOCK), FailureKind.LOCKED, "locked by bob@host"),
        (BROKEN, FailureKind.REFUSED, "terraform init failed"),
    ],
)
async def test_a_plan_is_not_applied_to_a_state_that_is_not_the_one_it_was_made_from(
    state: RegionState | Failure, kind: FailureKind, phrase: str, tmp_path: Path
) -> None:
    ports, rules = three_regions()
    ports.states["us-east-1"] = state

    answer = await performer(ports, tmp_path).perform(apply_of_east(), begun(rules))

    assert isinstance(answer, Failed)
    assert (answer.failure.kind, ports.calls) == (kind, [])
    assert phrase in answer.failure.message


async def test_a_failed_apply_brings_the_console_of_the_new_instances_along(
    tmp_path: Path,
) -> None:
    ports, rules = three_regions()
    ports.applied = Failure(FailureKind.FAILED, "apply failed", evidence="Error: timeout")
    new = StateObject("a[0]", SlotIndex(0), InstanceId("i-new"), NEW, is_tainted=True)
    old = StateObject("a[0]", SlotIndex(0), InstanceId("i-old"), OLD, "9348ee3e")
    ports.states["us-east-1"] = RegionState(1, "lineage", (new, old))
    rollout = replace(begun(rules), release=Release(NEW.release, NEW.image))

    answer = await performer(ports, tmp_path).perform(apply_of_east(), rollout)

    assert isinstance(answer, Failed)
    assert answer.failure.evidence.startswith("Error: timeout\nconsole of i-new")
    assert answer.failure.evidence.endswith("line 39")
    assert "line 27" not in answer.failure.evidence  # a dozen lines, not the whole console
    assert ports.calls == ["apply us-east-1-1.tfplan", "console i-new"]


async def test_marks_are_set_one_after_another_until_one_fails(tmp_path: Path) -> None:
    ports, rules = three_regions()
    addresses = tuple((EU, slot) for slot in range(3))
    effect = effects.MarkSlots(At(Step.TAINT, UnitName(EU)), UnitName(EU), addresses)

    answer = await performer(ports, tmp_path).perform(effect, begun(rules))

    assert answer == Failed(effect.at, BROKEN)
    assert ports.calls == ["taint eu-west-1 0", "taint eu-west-1 1"]
