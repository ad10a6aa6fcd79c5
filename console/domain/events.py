"""Which facts make up a rollout?

Events are what the journal keeps. A rollout is the fold of its events (`evolve`), and each effect
follows from one of them (`effects`), so that a journal tells what was begun and not ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.domain.baseline import Measure
from console.domain.failure import Failure
from console.domain.fleet import InstanceId, RegionName, SlotIndex, SlotTarget, UnitName
from console.domain.gates import Verdict
from console.domain.outcome import Outcome, RegionOutcome
from console.domain.plan import Plan
from console.domain.policy import Policy
from console.domain.recovery.move import Move, Promised
from console.domain.release import ImageRef, Release, ReleaseLabel
from console.domain.scaling import Scale
from console.domain.steps import At, Result, Subject


@dataclass(frozen=True, slots=True)
class RolloutStarted:
    """Somebody asked for a release to be rolled out."""

    rollout: str
    fleet: str
    environment: str
    label: ReleaseLabel
    image: ImageRef | None
    """An image that is already pushed; None where it has to be built."""
    policy: Policy
    by: str
    """`person@host`."""
    refresh: bool = False
    accept_leftovers: bool = False
    rolls_back: str = ""
    """The id of the rollout that it takes back; empty where it takes none back."""
    because: str = ""
    """Why it takes another one back; empty where a person wanted it so."""
    only: tuple[tuple[RegionName, tuple[SlotIndex, ...]], ...] = ()
    """The slots that it may touch, region by region; empty for all that do not run the release."""
    where: str = ""
    """How the settings were named on the command line, so that advice can be typed as it stands."""
    scale: Scale | None = None
    """The region that gets another number of slots; None where a release is rolled out."""
    promised: tuple[Promised, ...] = ()
    """What it shall have led to, where it was advised; empty where nobody was promised anything."""
    leaves: tuple[tuple[RegionName, str], ...] = ()
    """The regions that somebody leaves as they are, and why: the release goes on without them."""


@dataclass(frozen=True, slots=True)
class RegionSurveyed:
    """What a region ran before the rollout touched it."""

    region: RegionName
    slots: tuple[SlotTarget | None, ...]
    """By index; None for a slot that is empty or whose tags are missing."""
    unfinished: tuple[SlotIndex, ...]
    """Slots whose object is tainted or carries a deposed one."""
    dead_letters: int | None
    ami: str | None = None
    measured: Measure | None = None
    """Its numbers before the rollout; None in journals of versions that did not take them."""
    alarms: tuple[str, ...] = ()
    """Alarms that are muted while the region changes: those whose actions are enabled."""
    alarming: tuple[str, ...] = ()
    """Gates whose alarms are in ALARM before anything has changed."""
    orphans: tuple[InstanceId, ...] = ()
    """Instances that are in no state, and are left alone."""
    is_unproven: bool = False
    """Whether what it runs was applied by a rollout, and its gates never passed since."""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step has begun: its effect is under way."""

    at: At


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step has ended."""

    at: At
    result: Result
    note: str = ""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class ReleaseFixed:
    """The image is known: from here on the release cannot change.

    Told once more at the push where only the registry gives a digest.
    """

    release: Release


@dataclass(frozen=True, slots=True)
class PathChosen:
    """Which slots of which region will be replaced, batch by batch."""

    batches: tuple[tuple[RegionName, tuple[tuple[SlotIndex, ...], ...]], ...]
    """For each region, its batches of slots. A region with nothing to do has none, and one that
    runs the release and has not proven it an empty one."""


@dataclass(frozen=True, slots=True)
class PlanReady:
    """A plan is saved, and the guard found nothing against it."""

    unit: UnitName
    batch: int
    plan: Plan
    consequences: tuple[str, ...]
    """What applying it does, one sentence a region, in numbers and names."""


@dataclass(frozen=True, slots=True)
class GuardRefused:
    """The guard will not let this plan be applied."""

    unit: UnitName
    batch: int
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApprovalRequested:
    """The rollout waits for a yes."""

    subject: Subject
    question: str


@dataclass(frozen=True, slots=True)
class ApprovalGiven:
    """Somebody said yes."""

    subject: Subject
    by: str


@dataclass(frozen=True, slots=True)
class ApprovalVoid:
    """What was approved is no longer what would be done."""

    subject: Subject
    reason: str


@dataclass(frozen=True, slots=True)
class GateJudged:
    """A gate's verdict on a region has changed."""

    region: RegionName
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class BakeStarted:
    """All regions of a wave are verified; now they must stay good."""

    wave: int
    until: datetime


@dataclass(frozen=True, slots=True)
class RegionMeasured:
    """A region that is not touched yet was measured when a wave's gates began to look."""

    region: RegionName
    measured: Measure


@dataclass(frozen=True, slots=True)
class WatchStarted:
    """Every wave is through; now all regions must stay good for a last time."""

    until: datetime


@dataclass(frozen=True, slots=True)
class WatchFinished:
    """All regions stayed good."""

    regions: int
    """How many they are."""


@dataclass(frozen=True, slots=True)
class WaveFinished:
    """A wave is through."""

    wave: int


@dataclass(frozen=True, slots=True)
class Paused:
    """A person stopped it."""

    by: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """A person let it go on."""

    by: str


@dataclass(frozen=True, slots=True)
class TakenUp:
    """Another console goes on with it, because its own is gone.

    Plans that were not applied yet are void with it, and so are the questions that were open: they
    are asked again, of whoever sits there now.
    """

    by: str
    lost: tuple[At, ...]
    """Steps that were under way and whose end nobody saw; they are done again."""


@dataclass(frozen=True, slots=True)
class StopRequested:
    """A person or a signal wants the rollout to end."""

    by: str
    exit_code: int
    """7 for an abort, 128 + the signal's number for an interrupt."""
    finishes_regions: bool
    """Whether regions that have begun are taken to their end first."""


@dataclass(frozen=True, slots=True)
class TerraformInterrupted:
    """A second signal: every running Terraform gets its one SIGINT."""

    signal: int


@dataclass(frozen=True, slots=True)
class RolloutHalted:
    """It stopped itself."""

    region: RegionName | None
    at: At
    failure: Failure


@dataclass(frozen=True, slots=True)
class RegionLeft:
    """A region failed and is left as it is; the others go on (`on_failure: continue`)."""

    region: RegionName
    at: At
    failure: Failure


@dataclass(frozen=True, slots=True)
class Skipped:
    """A person leaves the region that halted the rollout as it is; the others go on."""

    by: str


@dataclass(frozen=True, slots=True)
class RecoveryStarted:
    """Somebody makes a move that leads a region on."""

    at: At
    move: Move
    consequence: str
    """What was said yes to, in numbers and names."""
    by: str


@dataclass(frozen=True, slots=True)
class RecoveryFinished:
    """The move is made, or could not be made, and the region was looked at again."""

    at: At
    move: Move
    note: str = ""
    """What is true now, against what was promised."""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class RegionCounted:
    """What the census found in a region."""

    counted: RegionOutcome


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something that an operator should know and that stops nothing."""

    text: str
    region: RegionName | None = None
    is_good: bool = False
    """Whether it is what was hoped for."""


@dataclass(frozen=True, slots=True)
class RolloutFinished:
    """The end; nothing follows it."""

    outcome: Outcome
    exit_code: int
    reason: str
    next: str
    """The exact command that leads on; empty where nothing is left to do."""
    regions: tuple[RegionOutcome, ...] = ()


Event = (
    RolloutStarted
    | RegionSurveyed
    | StepStarted
    | StepFinished
    | ReleaseFixed
    | PathChosen
    | PlanReady
    | GuardRefused
    | ApprovalRequested
    | ApprovalGiven
    | ApprovalVoid
    | GateJudged
    | RegionMeasured
    | BakeStarted
    | WatchStarted
    | WatchFinished
    | WaveFinished
    | Paused
    | Resumed
    | TakenUp
    | StopRequested
    | TerraformInterrupted
    | RolloutHalted
    | RegionLeft
    | Skipped
    | RecoveryStarted
    | RecoveryFinished
    | RegionCounted
    | Noticed
    | RolloutFinished
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event with its place in the journal."""

    rollout: str
    seq: int
    """Counted from 1 within the rollout, without a gap."""
    at: datetime
    event: Event
