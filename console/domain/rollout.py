"""Where does a rollout stand?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from console.domain.baseline import Measure
from console.domain.failure import Failure
from console.domain.fleet import InstanceId, RegionName, SlotIndex, SlotTarget, UnitName
from console.domain.gates import Verdict
from console.domain.outcome import Outcome, RegionOutcome, RegionPhase
from console.domain.plan import Plan
from console.domain.policy import Mark, Policy
from console.domain.recovery.move import Move, Promised
from console.domain.release import ImageRef, Release, ReleaseError, ReleaseLabel
from console.domain.scaling import Scale, leaving
from console.domain.steps import At, Result, Step, Subject


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for."""

    label: ReleaseLabel
    image: ImageRef | None
    refresh: bool
    accept_leftovers: bool
    rolls_back: str = ""
    """The id of the rollout that it takes back; empty where it takes none back."""
    because: str = ""
    """Why it takes another one back; empty where a person wanted it so."""
    only: tuple[tuple[RegionName, tuple[SlotIndex, ...]], ...] = ()
    """The slots that it may touch, region by region; empty for all that do not run the release."""
    where: str = ""
    """The options that name the settings, as they were typed: `--config FILE`, or nothing."""
    scale: Scale | None = None
    """The region that gets another number of slots; None where a release is rolled out."""
    promised: tuple[Promised, ...] = ()
    """What it shall have led to, where it was advised; empty where nobody was promised anything."""
    leaves: tuple[tuple[RegionName, str], ...] = ()
    """The regions that somebody leaves as they are, and why: the release goes on without them."""

    @property
    def ships_nothing(self) -> bool:
        """Whether no new instance is made, so that no image is needed."""
        return self.scale is not None and not self.scale.adds


class UnitPhase(StrEnum):
    """Where a unit stands with its current batch."""

    WAITING = "waiting"
    MARKED = "marked"
    PLANNED = "planned"
    APPLIED = "applied"
    VERIFIED = "verified"
    """Its last batch is good."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class UnitRun:
    """One unit's way through the rollout."""

    name: UnitName
    wave: int
    regions: tuple[RegionName, ...]
    batches: int = 0
    """How many batches it has; 0 where nothing is to be done."""
    batch: int = 0
    phase: UnitPhase = UnitPhase.WAITING
    plan: Plan | None = None
    consequences: tuple[str, ...] = ()
    replans: int = 0
    is_marked: bool = False
    """Whether slots of the current batch are tainted by this rollout and not yet applied."""
    is_muted: bool = False
    """Whether alarms of its regions are muted by this rollout, or may be."""
    unmute_tries: int = 0
    """How often it failed to let them act again."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be started for it."""
        return self.phase in {UnitPhase.VERIFIED, UnitPhase.FAILED}

    @property
    def has_begun(self) -> bool:
        """Whether any step of it was started."""
        return self.phase is not UnitPhase.WAITING or self.batch > 0


@dataclass(frozen=True, slots=True)
class RegionRun:
    """One region's way through the rollout."""

    name: RegionName
    wave: int
    unit: UnitName
    count: int
    phase: RegionPhase = RegionPhase.WAITING
    slots: tuple[SlotTarget | None, ...] = ()
    """What each slot runs: as surveyed, and as applied since."""
    found: tuple[SlotTarget | None, ...] = ()
    """What each slot ran when the rollout began."""
    unfinished: tuple[SlotIndex, ...] = ()
    batches: tuple[tuple[SlotIndex, ...], ...] = ()
    dead_letters_before: int | None = None
    ami: str | None = None
    before: Measure | None = None
    """Its numbers before the rollout."""
    untouched: Measure | None = None
    """Its numbers when the gates of the wave began to look elsewhere, and it was not touched."""
    alarms: tuple[str, ...] = ()
    """Alarms that are muted while it changes."""
    alarming: tuple[str, ...] = ()
    """Gates whose alarms were in ALARM before anything has changed."""
    orphans: tuple[InstanceId, ...] = ()
    """Instances that were in no state before it, and that it leaves alone."""
    is_unproven: bool = False
    """Whether what it ran was applied by a rollout, and its gates never passed since."""
    applied_at: datetime | None = None
    """When its first batch was applied."""
    verify_since: datetime | None = None
    """When the batch that is being verified was applied."""
    verdicts: tuple[Verdict, ...] = ()
    failure: Failure | None = None

    @property
    def from_releases(self) -> tuple[ReleaseLabel, ...]:
        """The releases that it ran before, each once, in the order of the slots."""
        return tuple(dict.fromkeys(slot.release for slot in self.found if slot is not None))


@dataclass(frozen=True, slots=True)
class Stop:
    """Why nothing new is started."""

    by: str
    exit_code: int
    finishes_regions: bool


@dataclass(frozen=True, slots=True)
class Halt:
    """Why it stopped itself."""

    region: RegionName | None
    at: At
    failure: Failure


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step that was begun, and how it ended."""

    at: At
    started_at: datetime
    finished_at: datetime | None = None
    result: Result | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Recovery:
    """A move that was made after the rollout had halted or ended."""

    at: At
    move: Move
    by: str
    note: str = ""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Rollout:
    """The fold of a rollout's events; nothing in it comes from anywhere else."""

    id: str
    fleet: str
    environment: str
    request: Request
    policy: Policy
    by: str
    started_at: datetime
    seq: int = 0
    """Of the last event folded in."""
    release: Release | None = None
    units: tuple[UnitRun, ...] = ()
    regions: tuple[RegionRun, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    is_surveyed: bool = False
    is_path_chosen: bool = False
    wave: int = 1
    """The wave that is under way."""
    bake_until: datetime | None = None
    watch_until: datetime | None = None
    """When the last watch over all regions ends; None before it has begun, and after it."""
    is_watched_over: bool = False
    """Whether that watch has ended well."""
    waiting_for: tuple[Subject, ...] = ()
    questions: tuple[tuple[Subject, str], ...] = ()
    approved: frozenset[Subject] = field(default_factory=frozenset)
    paused_by: str | None = None
    stop: Stop | None = None
    halt: Halt | None = None
    has_changed: bool = False
    """Whether an apply was started anywhere, or a region that was applied before is verified again.

    Until then a refusal has changed nothing.
    """
    is_interrupted: bool = False
    """Whether Terraform got its one SIGINT."""
    outcome: Outcome | None = None
    exit_code: int | None = None
    reason: str = ""
    next: str = ""
    outcomes: tuple[RegionOutcome, ...] = ()
    recoveries: tuple[Recovery, ...] = ()

    @property
    def released(self) -> Release:
        """The release, once its digest is known.

        Raises:
            ReleaseError: before that.
        """
        if self.release is None:
            raise ReleaseError("the digest of this release is not known yet")
        return self.release

    def target_in(self, region: RegionName) -> SlotTarget:
        """Return what every slot of `region` shall run in the end."""
        return SlotTarget(self.released.label, self.released.image_in(region))

    @property
    def is_finished(self) -> bool:
        """Whether it has come to its end."""
        return self.outcome is not None

    @property
    def is_at_rest(self) -> bool:
        """Whether it has come to its end, and no move is under way after that."""
        return self.is_finished and not self.running

    @property
    def starts_nothing(self) -> bool:
        """Whether new work is held back: paused, stopped or halted."""
        return bool(self.paused_by or self.stop or self.halt)

    def is_canary(self, wave: int) -> bool:
        """Whether `wave` is there to keep the release from the others, should it fail.

        The first wave of a rollback proves nothing: the others have run the release before.
        """
        return wave == 1 and not self.request.rolls_back

    def unit(self, name: UnitName) -> UnitRun:
        """Return the unit called `name`."""
        return next(u for u in self.units if u.name == name)

    def region(self, name: RegionName) -> RegionRun:
        """Return the region called `name`."""
        return next(r for r in self.regions if r.name == name)

    def regions_of(self, unit: UnitRun) -> tuple[RegionRun, ...]:
        """Return the regions of `unit` that have slots in its current batch."""
        return tuple(r for r in self.regions if r.unit == unit.name and len(r.batches) > unit.batch)

    def step(self, at: At) -> StepRecord | None:
        """Return the newest record of the step at `at`, or None where it was never begun."""
        return next((s for s in reversed(self.steps) if s.at == at), None)

    def has_touched(self, region: RegionName) -> bool:
        """Whether a step of it was begun in `region`."""
        units = {run.unit for run in self.regions if run.name == region}
        return any(step.at.unit in units for step in self.steps)

    def has_tried(self, at: At) -> bool:
        """Whether the step at `at` was begun, and its console did not die in it."""
        record = self.step(at)
        return record is not None and record.result is not Result.LOST

    def has_done(self, step: Step) -> bool:
        """Whether the rollout's own `step` ended well, or had nothing to do."""
        record = self.step(At(step))
        return record is not None and record.result in {Result.OK, Result.SKIPPED}

    @property
    def running(self) -> tuple[StepRecord, ...]:
        """The steps that have begun and not ended."""
        return tuple(s for s in self.steps if s.finished_at is None)

    @property
    def open_moves(self) -> tuple[Recovery, ...]:
        """The moves that have begun and not ended: nobody knows yet what they have come to."""
        running = {step.at for step in self.running}
        return tuple(made for made in self.recoveries if made.at in running)

    def is_running(self, unit: UnitName) -> bool:
        """Whether a step of `unit` is under way."""
        return any(s.at.unit == unit for s in self.running)

    def batch_slots(self, unit: UnitRun) -> tuple[tuple[RegionName, int], ...]:
        """Return the slots of the unit's current batch that have an object to replace."""
        return tuple(
            (region.name, slot)
            for region in self.regions_of(unit)
            for slot in region.batches[unit.batch]
            if slot < len(region.found)
            and region.found[slot] is not None
            and slot not in self.leaving(region.name)
        )

    def only_verifies(self, unit: UnitRun) -> bool:
        """Whether the unit's current batch replaces nothing: its regions run the release."""
        return not any(region.batches[unit.batch] for region in self.regions_of(unit))

    def alarms_of(self, unit: UnitRun) -> tuple[tuple[RegionName, tuple[str, ...]], ...]:
        """Return the alarms to mute while `unit` changes, region by region."""
        return tuple(
            (region.name, region.alarms)
            for region in self.regions
            if region.unit == unit.name and region.batches and region.alarms
        )

    def leaving(self, name: RegionName) -> frozenset[SlotIndex]:
        """Return the slots of a region that go and get no replacement."""
        found = self.region(name).found
        filled = (index for index, slot in enumerate(found) if slot is not None)
        return leaving(self.request.scale, name, filled)

    def own_marks(self, unit: UnitRun) -> tuple[tuple[RegionName, int], ...]:
        """Return the slots of the current batch that bear a mark only because of this rollout.

        The mark of a slot that was unfinished before stays: without it, the next plan would be
        nothing but the destruction of the old worker that hangs on it.
        """
        unfinished = {(run.name, int(slot)) for run in self.regions for slot in run.unfinished}
        return tuple(slot for slot in self.batch_slots(unit) if slot not in unfinished)

    def replaced(self, unit: UnitRun) -> tuple[tuple[RegionName, int], ...]:
        """Return the slots to pass as `-replace` when the unit is planned."""
        return self.batch_slots(unit) if self.policy.mark is Mark.REPLACE else ()

    def targets(self, name: RegionName) -> tuple[SlotTarget, ...]:
        """Return what the region's slots shall run after the current batch, by index.

        Slots of later batches keep what they run. Slots beyond the settings' count stay: scaling
        down is never a side effect of a release. Where it is asked for, the highest slots go first,
        so that what is left is a list without gaps.
        """
        region = self.region(name)
        batch = self.unit(region.unit).batch
        chosen = {slot for slots in region.batches[: batch + 1] for slot in slots}
        target, gone = self.target_in(name), chosen & self.leaving(name)
        return tuple(
            target if index in chosen or slot is None else slot
            for index, slot in enumerate(region.slots)
            if index not in gone
        )

    def planned(self, unit: UnitRun) -> Plan:
        """Return the unit's plan, which there is between plan and apply."""
        assert unit.plan is not None  # only asked for once PlanReady was folded in  # noqa: S101
        return unit.plan
