"""How does a rollout go in a fleet that is only told?

The console's own machine decides; the world answers after as many seconds as the real one takes.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count

from console.domain import effects
from console.domain.commands import Command
from console.domain.events import Entry, Event, RolloutStarted
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName, RegionState, SlotIndex, SlotTarget, UnitName
from console.domain.machine import Decision, Input, begin, decide
from console.domain.observations import (
    Built,
    Counted,
    Done,
    Failed,
    Observation,
    Planned,
    RegionSurvey,
    Sampled,
    Surveyed,
    Ticked,
)
from console.domain.plan import Action, Change, Plan, PlanId
from console.domain.release import Release
from console.domain.rollout import Rollout
from console.engine.ports import Progress, ProgressKind
from screenshots.recording import LineTold, Recording, StateRead
from screenshots.world import PATIENCE, Region, Replacement

IDENTITY = "arn:aws:sts::123456789012:assumed-role/release/ada"
LOOK_EVERY_S = 10

Answer = Callable[[Event], "tuple[timedelta, Command] | None"]
"""What a person says to an event, and after how long; None for nothing."""


def console_output(region: str, label: str) -> str:
    """Return what a worker that cannot pull its image prints on its console."""
    return (
        "[    4.118203] cloud-init[812]: Cloud-init v. 24.4.1 running 'modules:final'\n"
        f"[    9.870112] worker[1021]: starting browser-checks-launcher {label} in {region}\n"
        "[   10.402967] worker[1021]: docker: Error response from daemon: toomanyrequests: "
        "Rate exceeded for this registry.\n"
        "[   10.403310] systemd[1]: worker.service: Main process exited, status=125\n"
        "[   15.655874] worker[1088]: docker: Error response from daemon: toomanyrequests: "
        "Rate exceeded for this registry.\n"
        "[   15.656102] systemd[1]: worker.service: Start request repeated too quickly.\n"
    )


@dataclass
class Rehearsal:
    """One rollout, from its start to its end or to where nobody answers any more."""

    regions: dict[RegionName, Region]
    release: Release
    answer: Answer
    most: timedelta
    """How long it is watched at most."""
    is_watched: bool = True
    """Whether what could be seen is recorded, and not the journal alone."""
    _now: datetime = field(init=False)
    _rollout: Rollout = field(init=False)
    _due: list[tuple[datetime, int, Input]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)
    _wanted: dict[UnitName, effects.MakePlan] = field(default_factory=dict)
    _entries: list[Entry] = field(default_factory=list)
    _lines: list[LineTold] = field(default_factory=list)
    _seen: list[Sampled] = field(default_factory=list)
    _states: dict[RegionName, list[StateRead]] = field(default_factory=dict)

    def run(self, started: RolloutStarted, at: datetime) -> Recording:
        """Begin at `at`, and return what was recorded."""
        self._now = at
        self._take(begin(started, at))
        ends = at + self.most
        while self._now < ends and not self._rollout.is_finished:
            self._now += timedelta(seconds=1)
            self._look(int((self._now - at).total_seconds()))
            self._give(Ticked())
            while self._due and self._due[0][0] <= self._now:
                self._give(heapq.heappop(self._due)[2])
        if not self.is_watched:
            return Recording(tuple(self._entries))
        return Recording(
            tuple(self._entries),
            tuple(seen.sample for seen in self._seen),
            tuple(read for reads in self._states.values() for read in reads),
            tuple(sorted(self._lines, key=lambda told: told.at)),
        )

    def _look(self, second: int) -> None:
        for name, region in self.regions.items():
            self._read(name, region.state(self._now))
            if second % 5 == 0:
                self._give(seen := Sampled(region.sample(self._now)))
                self._seen += [seen] if second % LOOK_EVERY_S == 0 else []

    def _read(self, name: RegionName, state: RegionState) -> None:
        known = self._states.setdefault(name, [])
        if not known or known[-1].state != state:
            known.append(StateRead(self._now, name, state))

    def _give(self, received: Input) -> None:
        if not self._rollout.is_finished:
            self._take(decide(self._rollout, received, self._now))

    def _take(self, decision: Decision) -> None:
        self._rollout = decision.rollout
        self._entries += decision.entries
        for entry in decision.entries:
            said = self.answer(entry.event)
            if said is not None:
                self._put(*said)
        for effect in decision.effects:
            for observation in self._do(effect):
                self._put(*observation)

    def _put(self, after: timedelta, received: Input) -> None:
        heapq.heappush(self._due, (self._now + after, next(self._order), received))

    def _do(self, effect: effects.Effect) -> Iterator[tuple[timedelta, Observation]]:  # noqa: C901
        # One arm an effect: a table, written as the language writes one.
        match effect:
            case effects.Survey():
                yield _after(4), Surveyed(tuple(self._surveys()), identity=IDENTITY)
            case effects.Build(at, label):
                self._print(_BUILD, label=label)
                yield _after(38), Built(self.release)
            case effects.Test(at):
                self._print(_TEST)
                yield _after(11), Done(at, "npm test: 48 passed")
            case effects.Push(at, image, label):
                self._lines += [
                    LineTold(self._now + timedelta(seconds=second), progress)
                    for second, progress in _pushed()
                ]
                yield _after(9), Done(at, f"{image.partition('@')[0]}:{label}")
            case effects.MarkSlots(at, _, addresses, untaint):
                for name, slot in addresses:
                    region = self.regions[name]
                    (region.untaint if untaint else region.taint)([slot], self._now)
                yield _after(len(addresses)), Done(at, f"{len(addresses)} slots")
            case effects.MakePlan():
                self._wanted[effect.unit] = effect
                yield _after(5), self._planned(effect)
            case effects.ApplyPlan():
                yield self._apply(effect)
            case effects.TakeCensus():
                yield _after(3), Counted(tuple(self._surveys()))
            case effects.InterruptTerraform():
                return

    def _surveys(self) -> Iterator[RegionSurvey]:
        for name, region in self.regions.items():
            yield RegionSurvey(name, region.state(self._now), region.sample(self._now))

    def _planned(self, effect: effects.MakePlan) -> Planned:
        changes = [
            Change(
                (found := region.current(slot, self._now)).address,
                "aws_instance",
                (Action.CREATE, Action.DELETE),
                reason="replace_because_tainted",
                region=name,
                slot=SlotIndex(slot),
                instance=found.instance,
                before=found.target,
                after=target,
                started_image=target.image,
            )
            for name, region, slot, target in self._to_change(effect)
        ]
        names = [name for name, _ in effect.slots]
        state = self.regions[names[0]].state(self._now)
        plan_id = PlanId(sha256(f"{effect.unit} {self._now}".encode()).hexdigest())
        plan = Plan(plan_id, state.serial, state.lineage, tuple(changes))
        samples = tuple(self.regions[name].sample(self._now) for name in names)
        return Planned(effect.unit, effect.at.batch, plan, samples)

    def _to_change(
        self, effect: effects.MakePlan
    ) -> Iterator[tuple[RegionName, Region, int, SlotTarget]]:
        for name, targets in effect.slots:
            region = self.regions[name]
            for slot, target in enumerate(targets):
                if region.current(slot, self._now).target != target:
                    yield name, region, slot, target

    def _apply(self, effect: effects.ApplyPlan) -> tuple[timedelta, Observation]:
        changes = list(self._to_change(self._wanted[effect.unit]))
        rolled = [(name, region.roll(slot, to, self._now)) for name, region, slot, to in changes]
        for _, replacement in rolled:
            self._narrate(effect.unit, replacement)
        ends_at = max(replacement.ends_at for _, replacement in rolled)
        broken = [(name, r) for name, r in rolled if r.proven_at is None]
        after = ends_at - self._now + timedelta(seconds=2)
        if broken:
            return after, Failed(effect.at, self._failure(effect.unit, *broken[0]))
        return after, Done(effect.at)

    def _failure(self, unit: UnitName, name: RegionName, broken: Replacement) -> Failure:
        address = _address(broken.slot)
        patience = f"{PATIENCE.total_seconds():.0f} s"
        told = console_output(name, self.release.label).rstrip().splitlines()
        return Failure(
            FailureKind.FAILED,
            f"apply of {unit}: the worker at {address} did not become ready: "
            f"no heartbeat of {broken.new} within {patience}",
            evidence="\n".join(
                (
                    f"NOT READY: no heartbeat of {broken.new} within {patience}.",
                    f"console of {broken.new} ({name} slot {broken.slot}):",
                    *(f"  {line}" for line in told),
                )
            ),
        )

    def _narrate(self, unit: UnitName, replaced: Replacement) -> None:
        address, begins = _address(replaced.slot), replaced.begins_at

        def tell(at: datetime, kind: ProgressKind, text: str) -> None:
            self._lines.append(LineTold(at, Progress(kind, text, unit, address)))

        tell(begins, ProgressKind.STARTED, f"{address}: Creating...")
        ready_at = replaced.proven_at or replaced.ends_at
        waited = timedelta(seconds=10)
        while begins + waited < ready_at:
            text = f"{address}: Still creating... [{waited.total_seconds():.0f}s elapsed]"
            tell(begins + waited, ProgressKind.RUNNING, text)
            waited += timedelta(seconds=10)
        tell(begins + timedelta(seconds=21), ProgressKind.OUTPUT, f"{address}: connected by SSH")
        if replaced.proven_at is None:
            text = f"{address}: NOT READY: no heartbeat of {replaced.new}"
            tell(replaced.ends_at, ProgressKind.OUTPUT, text)
            return
        proven = f"{address}: {replaced.new} beats with the release and has finished 1 job"
        tell(ready_at, ProgressKind.OUTPUT, proven)
        took = (ready_at - begins).total_seconds()
        text = f"{address}: Creation complete after {took:.0f}s [id={replaced.new}]"
        tell(ready_at, ProgressKind.FINISHED, text)
        old = f"{address} (deposed object {replaced.deposed_key})"
        leaves_at = ready_at + timedelta(seconds=1)
        tell(leaves_at, ProgressKind.STARTED, f"{old}: Destroying... [id={replaced.old}]")
        tell(replaced.ends_at, ProgressKind.FINISHED, f"{old}: Destruction complete after 15s")

    def _print(self, texts: Sequence[tuple[int, str]], **values: str) -> None:
        for second, text in texts:
            progress = Progress(ProgressKind.OUTPUT, text.format(**values))
            self._lines.append(LineTold(self._now + timedelta(seconds=second), progress))


def _after(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def _pushed() -> Iterator[tuple[float, Progress]]:
    """Yield what a push tells of its layers, and after how many seconds."""
    for begins, layer, size, each in _LAYERS:
        if not size:
            ended = Progress(ProgressKind.FINISHED, f"{layer} layer already exists", None, layer)
            yield begins, replace(ended, action="push")
            continue
        for tenths in range(11):
            told = f"{layer} pushing {tenths * 10}% of {size}"
            running = Progress(ProgressKind.RUNNING, told, None, layer, "push", tenths=tenths)
            yield begins + tenths * each, running
        pushed = Progress(ProgressKind.FINISHED, f"{layer} pushed", None, layer, "push")
        yield begins + 10.5 * each, pushed


def _address(slot: int) -> str:
    return f"module.workers.aws_instance.worker[{slot}]"


_BUILD = (
    (1, "Step 1/6 : FROM node:22-slim"),
    (2, "Step 2/6 : WORKDIR /app"),
    (4, "Step 3/6 : COPY package.json package-lock.json ./"),
    (5, "Step 4/6 : RUN npm ci --omit=dev"),
    (29, "added 212 packages in 23s"),
    (31, "Step 5/6 : COPY src ./src"),
    (33, 'Step 6/6 : CMD ["node", "src/launcher.js"]'),
    (37, "Successfully tagged registry.example.com/checks/browser-checks-launcher:{label}"),
)
_LAYERS = (
    (0.5, "5f70bf18a086", "3.6 kB", 0.05),
    (0.5, "c2ad2e5d8a11", "214.7 kB", 0.1),
    (0.6, "8b1e6f4a9d03", "61.3 MB", 0.6),
    (0.6, "a9f0c7715be2", "9.8 MB", 0.4),
    (0.4, "1cb2c0aa6f54", "", 0.0),
    (0.4, "d71eae0084c3", "", 0.0),
)
"""Of a push: the second in which a layer begins, its name, its size, and seconds for a tenth."""
_TEST = (
    (2, "> browser-checks-launcher@ test"),
    (9, "48 passing (7s)"),
)
