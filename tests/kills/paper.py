"""A rollout on paper whose journal is a real file, and which can be left at any position."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from console.domain import effects
from console.domain.commands import Approve, Close, TakeUp
from console.domain.evolve import replay
from console.domain.fleet import (
    Instance,
    InstanceId,
    Reading,
    RegionName,
    RegionSample,
    RegionState,
    UnitName,
)
from console.domain.machine import Decision, Input, begin, decide
from console.domain.observations import Done, Observation, Planned, RegionSurvey, Sampled, Ticked
from console.domain.policy import GateRules, Policy, RegionSpec, Unit
from console.domain.reconciliation import ApplyEnd, reconcile
from console.domain.rollout import Rollout
from console.domain.steps import At, Step
from console.journal.fenced import FencedJournal
from console.journal.lease import Lease, LeaseDesk
from console.journal.local import LocalJournal
from tests.rollout.world import OLD, PaperWorld, started

FLEET = "checks"
WAVES = (("us-east-1",), ("us-west-1", "eu-west-1"))
_MOST_ROUNDS = 400


class InFlight(StrEnum):
    """How far everything had come that was under way when the console died."""

    NEVER_BEGUN = "never begun"
    UNSEEN = "finished unseen"
    UNKNOWN = "made an instance that no state knows"
    PARTLY = "replaced one slot of two"


def policy() -> Policy:
    """Return three regions of two slots, in two waves."""
    specs = tuple(
        RegionSpec(RegionName(name), 2, wave)
        for wave, names in enumerate(WAVES, start=1)
        for name in names
    )
    units = tuple(Unit(UnitName(spec.name), spec.wave, (spec.name,)) for spec in specs)
    return Policy(
        specs,
        units,
        max_parallel=2,
        bake=timedelta(seconds=20),
        gates=GateRules(completions_min=1),
    )


@dataclass
class Fleet(PaperWorld):
    """A paper world whose applies can be cut short."""

    unknown: dict[str, InstanceId] = field(default_factory=dict)
    """An instance by region that runs and is in no state."""
    serials: dict[str, int] = field(default_factory=dict)
    """Each region has a state of its own."""

    def state(self, region: str) -> RegionState:
        """Return the region's state."""
        return replace(super().state(region), serial=self.serials.get(region, 1))

    def answer(self, effect: effects.Effect) -> Observation | None:
        """Do an effect and return what came of it."""
        answer = super().answer(effect)
        match answer:
            case Planned(unit=unit, plan=plan):
                serial = self.serials.get(unit, 1)
                return replace(answer, plan=replace(plan, serial=serial))
            case Done(At(step=Step.APPLY | Step.TAINT | Step.UNTAINT, unit=str(unit))):
                self.move(unit)
        return answer

    def move(self, region: str) -> None:
        """Let the state be written once more."""
        self.serials[region] = self.serials.get(region, 1) + 1

    def sample(self, region: RegionName) -> RegionSample:
        """Look at a region; what no state knows is seen too."""
        seen = super().sample(region)
        if region not in self.unknown:
            return seen
        found = (*(seen.instances.value or ()), Instance(self.unknown[region], "running"))
        return replace(seen, instances=Reading(seen.at, found))

    def cut_short(self, effect: effects.Effect, how: InFlight) -> None:
        """Do `effect`, or a part of it, and answer nobody."""
        if how is InFlight.NEVER_BEGUN:
            return
        match effect:
            case effects.ApplyPlan(unit=unit) if how is InFlight.UNKNOWN:
                self.asked.append(effect)
                self.unknown[unit] = InstanceId(f"i-unknown-{unit}")
            case effects.ApplyPlan(unit=unit) if how is InFlight.PARTLY:
                self.asked.append(effect)
                self.move(unit)
                for region, targets in self.wanted[unit]:
                    self.slots[region][0] = targets[0]
                    self.tainted.discard((region, 0))
            case effects.MarkSlots(addresses=addresses, untaint=False) if how is InFlight.PARTLY:
                self.tainted.add(addresses[0])
                self.move(addresses[0][0])
            case _:
                self.answer(effect)


@dataclass(frozen=True)
class Left:
    """Everything that there is at one position, before its effects have begun."""

    rollout: Rollout
    world: Fleet
    in_flight: tuple[effects.Effect, ...]
    store: Path
    """A journal of its own."""
    lease: Lease

    @property
    def told(self) -> str:
        """Where that is."""
        doing = ", ".join(str(step.at) for step in self.rollout.running)
        return doing or "nothing under way"

    @property
    def is_applying(self) -> bool:
        """Whether an apply was under way."""
        return any(isinstance(effect, effects.ApplyPlan) for effect in self.in_flight)


class Console:
    """An engine without a loop: whatever it is told, it decides, records, and does."""

    def __init__(self, world: Fleet, store: Path, who: str) -> None:
        self.world = world
        self.file = LocalJournal(store, FLEET)
        self.lease = LeaseDesk(self.file).claim(who, "1", "on paper", world.now)
        self.journal = FencedJournal(self.file, self.lease)
        self.in_flight: list[effects.Effect] = []
        self.rollout: Rollout | None = None

    @property
    def now(self) -> Rollout:
        """The rollout as it is."""
        assert self.rollout is not None
        return self.rollout

    def begin(self) -> None:
        """Start a rollout."""
        self.take(begin(started(policy(), fleet=FLEET), self.world.now))

    def send(self, received: Input) -> None:
        """Take an input."""
        self.take(decide(self.now, received, self.world.now))

    def take(self, decision: Decision) -> None:
        """Record, then do."""
        if decision.entries:
            self.journal.append(decision.entries)
        self.rollout = decision.rollout
        self.in_flight += decision.effects

    def go_on(self) -> Iterator[None]:
        """Go to the end as `--auto` does; yield at each position before the next is reached."""
        for _ in range(_MOST_ROUNDS):
            yield
            if self.now.is_finished:
                return
            self.step()
        raise AssertionError(f"no end: {self.now.running}, waiting for {self.now.waiting_for}")

    def step(self) -> None:
        """Let one thing happen: somebody says yes, an effect ends, or time passes."""
        if self.now.waiting_for:
            self.send(Approve(self.now.waiting_for[0], "--auto"))
        elif self.in_flight:
            answer = self.world.answer(self.in_flight.pop(0))
            assert answer is not None
            self.send(answer)
        elif self.now.halt is not None and self.now.stop is None:
            self.send(Close("--auto"))
        else:
            self.world.now += timedelta(seconds=10)
            self.send(Ticked())
            for region in self.now.regions:
                self.send(Sampled(self.world.sample(region.name)))


def fleet(sick: frozenset[str] = frozenset()) -> Fleet:
    """Return a fleet of the old release.

    Args:
        sick: regions whose workers finish nothing, so that their verification halts the rollout.
    """
    return Fleet({name: [OLD, OLD] for wave in WAVES for name in wave}, sick=set(sick))


def positions(world: Fleet, place: Path) -> Iterator[Left]:
    """Run a rollout, and yield what there is at every position of its journal.

    Args:
        world: where.
        place: an empty directory, for the journals.
    """
    console = Console(world, place / "whole", "ada@host")
    console.begin()
    seen = 0
    for _ in console.go_on():
        if console.now.seq == seen or console.now.is_finished:
            continue
        seen = console.now.seq
        store = place / f"at-{seen}"
        shutil.copytree(place / "whole", store)
        yield Left(
            console.now, copy.deepcopy(world), tuple(console.in_flight), store, console.lease
        )


def take_up(left: Left, how: InFlight) -> Console:
    """Return another console that has taken over, with what was under way having come so far.

    It knows the file and what the world shows, and nothing else.
    """
    world = copy.deepcopy(left.world)
    for effect in left.in_flight:
        world.cut_short(effect, how)
    store = left.store.with_name(f"{left.store.name}-{how.name}")
    shutil.copytree(left.store, store)
    LeaseDesk(LocalJournal(store, FLEET)).release(left.lease)
    console = Console(world, store, "bob@host")
    console.rollout = replay(console.file.read(left.rollout.id))
    assert console.rollout == left.rollout
    applies = [s.at for s in console.now.running if s.at.step is Step.APPLY]
    ends = tuple(_look(world, console.now, at) for at in applies)
    console.send(TakeUp("bob@host", ends))
    return console


def _look(world: Fleet, rollout: Rollout, at: At) -> ApplyEnd:
    assert at.unit is not None
    names = rollout.unit(at.unit).regions
    seen = [RegionSurvey(name, world.state(name), world.sample(name)) for name in names]
    return reconcile(rollout, at, seen)
