"""A fleet on paper, for tests of pure logic: answers effects at once, and remembers them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from console.domain import effects
from console.domain.commands import Approve, Close
from console.domain.events import ApprovalRequested, Event, RolloutHalted, RolloutStarted
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import (
    Heartbeat,
    Instance,
    InstanceId,
    QueueSample,
    Reading,
    RegionName,
    RegionSample,
    RegionState,
    SlotIndex,
    SlotTarget,
    StateObject,
    UnitName,
)
from console.domain.machine import Decision, Input, begin, decide
from console.domain.observations import (
    Built,
    Counted,
    Done,
    Failed,
    Observation,
    Planned,
    Recovered,
    RegionSurvey,
    Sampled,
    Surveyed,
    Ticked,
)
from console.domain.plan import Action, Change, Plan, PlanId
from console.domain.policy import GateRules, Policy, RegionSpec, Unit
from console.domain.release import Digest, ImageRef, Release, ReleaseLabel
from console.domain.rollout import Rollout

START = datetime(2026, 1, 2, 17, 0, tzinfo=UTC)


def image(seed: str) -> ImageRef:
    """Return an image reference whose digest repeats `seed`, a hexadecimal digit."""
    return ImageRef(f"repo/worker@sha256:{seed * 64}")


OLD = SlotTarget(ReleaseLabel("0.9.0"), image("a"))
NEW = SlotTarget(ReleaseLabel("0.9.1"), image("b"))


def policy(**regions: int) -> Policy:
    """Return a policy with a region a wave; names with `_` for `-`."""
    names = [RegionName(name.replace("_", "-")) for name in regions]
    specs = tuple(
        RegionSpec(name, count, wave)
        for wave, (name, count) in enumerate(zip(names, regions.values(), strict=True), start=1)
    )
    units = tuple(Unit(UnitName(spec.name), spec.wave, (spec.name,)) for spec in specs)
    return Policy(specs, units, gates=GateRules(completions_min=1))


def started(rules: Policy, **changes: object) -> RolloutStarted:
    """Return the start of a rollout of 0.9.1."""
    return replace(
        RolloutStarted("r1", "checks", "test", ReleaseLabel("0.9.1"), None, rules, "ada@host"),
        **changes,  # type: ignore[arg-type]
    )


@dataclass
class PaperWorld:
    """Regions with their slots, and every effect that was asked for."""

    slots: dict[str, list[SlotTarget | None]]
    failures: dict[type, Failure] = field(default_factory=dict)
    """What an effect of this type answers with instead of doing anything."""
    sick: set[str] = field(default_factory=set)
    """Regions whose workers beat and finish nothing."""
    tainted: set[tuple[str, int]] = field(default_factory=set)
    unproven: set[str] = field(default_factory=set)
    """Regions in which the gates of what runs there never passed."""
    asked: list[effects.Effect] = field(default_factory=list)
    serial: int = 1
    wanted: dict[UnitName, tuple[tuple[RegionName, tuple[SlotTarget, ...]], ...]] = field(
        default_factory=dict
    )
    """What each unit's newest plan makes of its regions."""
    now: datetime = START
    events: list[Event] = field(default_factory=list)

    def instance(self, region: str, slot: int) -> InstanceId:
        """Return the id of the slot's instance, which tells what it runs."""
        target = self.slots[region][slot]
        return InstanceId(f"i-{region}-{slot}-{target.release if target else 'none'}")

    def sample(self, region: RegionName) -> RegionSample:
        """Look at a region in which everything runs that the slots say."""
        filled = [(i, target) for i, target in enumerate(self.slots[region]) if target]
        return RegionSample(
            region,
            self.now,
            Reading(
                self.now,
                tuple(
                    Instance(self.instance(region, i), "running", SlotIndex(i), target)
                    for i, target in filled
                ),
            ),
            Reading(
                self.now,
                tuple(
                    Heartbeat(
                        self.instance(region, i),
                        target.release,
                        self.now,
                        runs=0 if region in self.sick else 20,
                    )
                    for i, target in filled
                ),
            ),
            Reading(self.now, QueueSample(3, 1, 0)),
        )

    def state(self, region: str) -> RegionState:
        """Return the region's part of the state."""
        return RegionState(
            self.serial,
            "lineage",
            tuple(
                StateObject(
                    f"aws_instance.worker[{i}]",
                    SlotIndex(i),
                    self.instance(region, i),
                    target,
                    is_tainted=(region, i) in self.tainted,
                )
                for i, target in enumerate(self.slots[region])
                if target
            ),
        )

    def answer(self, effect: effects.Effect) -> Observation | None:  # noqa: C901 - a table
        """Do an effect and return what came of it."""
        self.asked.append(effect)
        if isinstance(effect, effects.InterruptTerraform):
            return None
        if (failure := self.failures.get(type(effect))) is not None:
            return Failed(effect.at, failure)
        match effect:
            case effects.Survey():
                return Surveyed(tuple(self.surveys()))
            case effects.Build():
                return Built(Release(ReleaseLabel("0.9.1"), NEW.image))
            case effects.MarkSlots(_, _, addresses, untaint):
                change = self.tainted.difference_update if untaint else self.tainted.update
                change(set(addresses))
                return Done(effect.at)
            case effects.MakePlan():
                return self._planned(effect)
            case effects.ApplyPlan():
                return self._apply(effect)
            case effects.TakeCensus():
                return Counted(tuple(self.surveys()))
            case effects.Recover():
                return self._recovered(effect)
            case _:
                return Done(effect.at)

    def surveys(self) -> list[RegionSurvey]:
        """Look at every region as preflight and census do."""
        return [
            RegionSurvey(
                RegionName(name),
                self.state(name),
                self.sample(RegionName(name)),
                is_unproven=name in self.unproven,
            )
            for name in self.slots
        ]

    def _planned(self, effect: effects.MakePlan) -> Planned:
        self.wanted[effect.unit] = effect.slots
        changes = tuple(
            Change(
                f"{region}.aws_instance.worker[{i}]",
                "aws_instance",
                (Action.CREATE, Action.DELETE) if i < len(self.slots[region]) else (Action.CREATE,),
                region=region,
                slot=SlotIndex(i),
                instance=self.instance(region, i) if i < len(self.slots[region]) else None,
                after=target,
            )
            for region, targets in effect.slots
            for i, target in enumerate(targets)
            if i >= len(self.slots[region])
            or self.slots[region][i] != target
            or (region, i) in self.tainted
            or (region, i) in effect.replace
        )
        changes += tuple(
            Change(
                f"{region}.aws_instance.worker[{i}]",
                "aws_instance",
                (Action.DELETE,),
                region=region,
                slot=SlotIndex(i),
                instance=self.instance(region, i),
            )
            for region, targets in effect.slots
            for i in range(len(targets), len(self.slots[region]))
        )
        plan = Plan(PlanId(f"plan-{len(self.asked)}"), self.serial, "lineage", changes)
        samples = tuple(self.sample(region) for region, _ in effect.slots)
        return Planned(effect.unit, effect.at.batch, plan, samples)

    def _recovered(self, effect: effects.Recover) -> Recovered:
        """Make the slots of a move whole again, with the old worker: what a restore does."""
        region, slots = effect.move.region, effect.move.slots
        self.serial += 1
        for slot in slots:
            self.slots[region][slot] = OLD
        self.tainted -= {(region, slot) for slot in slots}
        return Recovered(effect.at, "as promised")

    def _apply(self, effect: effects.ApplyPlan) -> Done:
        self.serial += 1
        for region, targets in self.wanted[effect.unit]:
            self.slots[region] = list(targets)
            self.tainted = {(name, slot) for name, slot in self.tainted if name != region}
        return Done(effect.at)


Answer = Callable[[Event], Input | None]


def yes(event: Event) -> Input | None:
    """Approve whatever is asked for, and close a rollout that has halted."""
    match event:
        case ApprovalRequested(subject):
            return Approve(subject, "test")
        case RolloutHalted():
            return Close("test")
        case _:
            return None


def run(
    world: PaperWorld,
    start: RolloutStarted,
    answer: Answer,
    *,
    most_s: int = 2000,
) -> Rollout:
    """Run a rollout on `world` to its end, or until nothing happens for `most_s` seconds.

    Args:
        world: answers the effects.
        start: the rollout's first event.
        answer: gives the command that follows from an event, or None.
        most_s: seconds of the rollout's clock.
    """
    waiting: list[Input] = []
    rollout = _take(world, begin(start, world.now), answer, waiting)
    return go_on(world, rollout, waiting, answer, most_s=most_s)


def go_on(
    world: PaperWorld, rollout: Rollout, waiting: list[Input], answer: Answer, *, most_s: int = 2000
) -> Rollout:
    """Run a rollout from where it stands, as `run` does, with the inputs in `waiting` first."""
    for _ in range(most_s):
        while waiting and not rollout.is_finished:
            rollout = _take(world, decide(rollout, waiting.pop(0), world.now), answer, waiting)
        if rollout.is_finished:
            break
        world.now += timedelta(seconds=1)
        waiting.append(Ticked())
        waiting.extend(Sampled(world.sample(RegionName(name))) for name in world.slots)
    return rollout


def _take(world: PaperWorld, decision: Decision, answer: Answer, waiting: list[Input]) -> Rollout:
    for entry in decision.entries:
        world.events.append(entry.event)
        command = answer(entry.event)
        if command is not None:
            waiting.append(command)
    for effect in decision.effects:
        observation = world.answer(effect)
        if observation is not None:
            waiting.append(observation)
    return decision.rollout


LOCKED = Failure(FailureKind.LOCKED, "the state is locked by bob")
BROKEN = Failure(FailureKind.FAILED, "it broke")
DIGEST = Digest("sha256:" + "b" * 64)
