"""What does the engine need of the world?

Adapters implement these. None of their calls raises for anything that the world does: a failure
is a `Failure` or a `Reading` with an error. What they raise is a bug.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from console.domain.events import Entry
from console.domain.failure import Failure
from console.domain.fleet import (
    ErroredState,
    Heartbeat,
    Instance,
    InstanceId,
    Reading,
    RegionName,
    RegionSample,
    RegionState,
    SlotIndex,
    SlotTarget,
    StateLock,
    UnitName,
)
from console.domain.plan import Plan, PlanId
from console.domain.probe import ProbeAnswer
from console.domain.recovery.situation import Liveness
from console.domain.release import ImageRef, Release, ReleaseLabel
from console.domain.vocabulary import Occasion

if TYPE_CHECKING:
    # No screen's first frame needs what is told to those who are away.
    from console.domain.notification import Message


class ProgressKind(StrEnum):
    """What a line of progress tells."""

    STARTED = "started"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    OUTPUT = "output"
    """Something that a provisioner, a build or a test printed."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One line of what a running tool tells. For eyes only: nothing is decided on it."""

    kind: ProgressKind
    message: str
    unit: UnitName | None = None
    address: str | None = None
    action: str | None = None
    """Terraform's word: create, delete, provision... Of an image: build, pull or push; `address`
    is the step or the layer then."""
    elapsed_s: int | None = None
    tenths: int | None = None
    """How much of it is done, where that is known; at most 10."""


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a plan shall be made of."""

    unit: UnitName
    slots: Mapping[RegionName, tuple[SlotTarget, ...]]
    replace: Sequence[tuple[RegionName, SlotIndex]] = ()
    """Slots to pass as `-replace`."""
    only: Sequence[tuple[RegionName, SlotIndex]] = ()
    """Slots that the plan is restricted to; empty for all that differs."""
    amis: Mapping[RegionName, str] | None = None
    """The machine image to pin, by region."""
    destination: Path = Path("plan.tfplan")
    """Where to save it; its directory is 0700."""


class Infrastructure(Protocol):
    """Terraform, unit by unit."""

    async def prepare(self, unit: UnitName) -> Failure | None:
        """Initialise the unit's working directory, unless that is done already."""

    async def read(self, unit: UnitName) -> Mapping[RegionName, RegionState] | Failure:
        """Return the part of the state that each of the unit's regions has, and its lock."""

    async def await_others(self, unit: UnitName, on_progress: OnProgress) -> None:
        """Wait while a Terraform works on `unit` that an earlier console has left running."""

    async def taint(self, unit: UnitName, region: RegionName, slot: SlotIndex) -> Failure | None:
        """Mark a slot for replacement in the state."""

    async def untaint(self, unit: UnitName, region: RegionName, slot: SlotIndex) -> Failure | None:
        """Take the mark back."""

    async def plan(self, request: PlanRequest, on_progress: OnProgress) -> Plan | Failure:
        """Save a plan and return what `show -json` says of it."""

    async def apply(self, unit: UnitName, plan: Path, on_progress: OnProgress) -> Failure | None:
        """Apply a saved plan. Never cancelled, never killed: see `interrupt`."""

    async def back_up(self, unit: UnitName) -> Path | Failure:
        """Keep the state exactly as it is, in a private file, and return that."""

    async def restore_backup(self, unit: UnitName, backup: Path) -> Failure | None:
        """Make the state what it was at `back_up`: the undo of what follows here."""

    async def promote(
        self,
        unit: UnitName,
        region: RegionName,
        slot: SlotIndex,
        instance: InstanceId,
        slots: Mapping[RegionName, tuple[SlotTarget, ...]],
    ) -> Failure | None:
        """Make `instance`, deposed until now, the one and only object of its slot.

        The others of the slot leave the state and run on, as orphans. The next plan with `slots`
        finds nothing to do there.
        """

    async def forget(self, unit: UnitName, region: RegionName, slot: SlotIndex) -> Failure | None:
        """Take all objects of a slot, deposed ones too, out of the state; they run on."""

    async def adopt(
        self,
        unit: UnitName,
        region: RegionName,
        slot: SlotIndex,
        instance: InstanceId,
        slots: Mapping[RegionName, tuple[SlotTarget, ...]],
    ) -> Failure | None:
        """Make an instance that is in no state the object of a slot that has none, deposed or not.

        Where `slots` says of the slot what the instance's user data starts, the next plan with
        them finds nothing to do there.
        """

    async def holder(self, unit: UnitName, lock: StateLock) -> Liveness:
        """Return whether the Terraform that took `lock` still lives."""

    async def unlock(self, unit: UnitName, lock_id: str) -> Failure | None:
        """Take the state lock `lock_id` from a holder that the operator knows to be dead."""

    async def errored(self, unit: UnitName) -> ErroredState | None:
        """Return the state that an apply could not write; while there is one nothing is planned."""

    async def push_errored(self, unit: UnitName) -> Failure | None:
        """Write the state that an apply could not write."""

    def interrupt(self) -> None:
        """Send one SIGINT to each Terraform that runs; a second call does nothing to it."""


class Fleet(Protocol):
    """AWS, region by region, read only."""

    async def identity(self) -> Reading[str]:
        """Return the ARN that AWS knows us by, with the account in it."""

    async def sample(self, region: RegionName, releases: Sequence[ReleaseLabel]) -> RegionSample:
        """Look at a region's instances, heartbeats (of these releases too) and queues."""

    async def ami(self, region: RegionName) -> Reading[str | None]:
        """Return the machine image that new instances take today; None where nothing is to pin."""

    async def console_output(self, region: RegionName, instance: InstanceId) -> Reading[str]:
        """Return the last lines of an instance's console."""

    async def user_data(
        self, region: RegionName, instance: InstanceId
    ) -> Reading[SlotTarget | None]:
        """Return what an instance's user data starts; None where it does not tell."""


class HeartbeatSource(Protocol):
    """Where the heartbeats of instances are kept."""

    name: str
    """As people call it."""

    async def read(
        self,
        region: RegionName,
        instances: Sequence[Instance],
        releases: Sequence[ReleaseLabel],
        at: datetime,
    ) -> Reading[tuple[Heartbeat, ...]]:
        """Return what the living of `instances` did as the releases of their tags, and as others.

        One that never beat has an entry too, without a time: nobody has to register an instance.

        Args:
            region: where they are.
            instances: those that are there.
            releases: what they may run besides what their tags say.
            at: the time of the question.
        """


class Hands(Protocol):
    """What the console changes in AWS without Terraform: orphans, which are in no state."""

    async def terminate(self, region: RegionName, instance: InstanceId) -> Failure | None:
        """Terminate an instance of the fleet; done once EC2 says that it is going or gone."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe is asked about."""

    region: RegionName
    fleet: str
    release: ReleaseLabel
    digest: str
    """Of the release in that region; empty where nobody knows it."""
    since: datetime
    """When the rollout began."""


class Probe(Protocol):
    """Something outside that says whether a region is good."""

    @property
    def gates(self) -> tuple[str, ...]:
        """The names of the gates that one answer of it is for."""

    async def ask(self, probed: Probed) -> tuple[ProbeAnswer, ...]:
        """Ask it once, and return one answer a gate. Cancelled, it leaves nothing running."""


@dataclass(frozen=True, slots=True)
class AlarmSeen:
    """A CloudWatch alarm as it is now."""

    name: str
    state: str
    """CloudWatch's word: OK, ALARM or INSUFFICIENT_DATA."""
    reason: str
    """Foreign text: what CloudWatch says of its state."""
    may_act: bool
    """Whether its actions are enabled: whether it would wake anybody."""


@dataclass(frozen=True, slots=True)
class AlarmsSeen:
    """What a region has of the alarms that the settings name."""

    watched: Mapping[str, tuple[AlarmSeen, ...]]
    """Those that gates look at, by the gate's name."""
    muted: tuple[AlarmSeen, ...] = ()
    """Those that are muted while the region changes."""
    missing: tuple[str, ...] = ()
    """Those that there are not, each with what asks for it, as a sentence's beginning."""


class Alarms(Protocol):
    """CloudWatch's alarms that the settings name, region by region."""

    async def survey(self, region: RegionName) -> Reading[AlarmsSeen]:
        """Look at all of them."""

    async def mute(self, region: RegionName, names: Sequence[str]) -> Failure | None:
        """Keep the alarms from acting: their states go on changing, and nobody is woken."""

    async def unmute(self, region: RegionName, names: Sequence[str]) -> Failure | None:
        """Let the alarms act again."""


class Drain(Protocol):
    """What has a worker finish its jobs before its instance goes."""

    async def drain(
        self, region: RegionName, instance: Instance, on_progress: OnProgress
    ) -> Failure | None:
        """Return when nothing is in flight on `instance`, or why nobody can say so."""


class Images(Protocol):
    """Where releases come from."""

    async def resolve(self, image: ImageRef, label: ReleaseLabel) -> Release | Failure:
        """Return the release that an image already pushed is."""

    async def check(self, label: ReleaseLabel) -> Failure | None:
        """Say whether building could work at all: the context, the tool, the registry."""

    async def build(self, label: ReleaseLabel, on_progress: OnProgress) -> Release | Failure:
        """Build the image from the configured context.

        Its `image` has a digest only where one is known before the push.
        """

    async def test(self, image: ImageRef, on_progress: OnProgress) -> str | Failure | None:
        """Run the configured command in the image; None where none is configured."""

    async def push(
        self, image: ImageRef, label: ReleaseLabel, on_progress: OnProgress
    ) -> ImageRef | Failure:
        """Make the image known under its label, which never moves; return it by its digest."""


@runtime_checkable
class Interruptible(Protocol):
    """Images whose building, testing or pushing can be given up in the middle."""

    def interrupt(self) -> None:
        """Give up what is under way: it ends as a failure, soon."""


@runtime_checkable
class Catalogue(Protocol):
    """Images that can tell which releases are pushed already."""

    def labels(self) -> Sequence[str]:
        """Return the labels of the repository, the newest first."""


class Journal(Protocol):
    """The append-only record of facts."""

    def append(self, entries: Sequence[Entry]) -> None:
        """Make `entries` durable, all or none.

        Raises:
            JournalError: when that cannot be done; nothing of them is kept then.
        """


class JournalError(Exception):
    """The journal could not be written or read; the message says what to do."""


class TakenOverError(JournalError):
    """The fleet is no longer ours: nothing was written, and nothing may be done any more."""


class Clock(Protocol):
    """The time. The domain never asks; the engine tells it."""

    def now(self) -> datetime:
        """Return the time now, aware, in UTC."""


def plan_file(directory: Path, unit: UnitName, batch: int) -> Path:
    """Return where the plan of a unit's batch is kept until it was applied."""
    return directory / f"{unit}-{batch + 1}.tfplan"


__all__ = [
    "AlarmSeen",
    "Alarms",
    "AlarmsSeen",
    "Catalogue",
    "Clock",
    "Drain",
    "Fleet",
    "Hands",
    "HeartbeatSource",
    "Images",
    "Infrastructure",
    "Interruptible",
    "Journal",
    "JournalError",
    "OnProgress",
    "PlanId",
    "PlanRequest",
    "Probe",
    "Probed",
    "Progress",
    "ProgressKind",
    "TakenOverError",
    "plan_file",
]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is told."""

    name: str
    """What it is called in messages: its place in the settings and its service, no secret."""
    occasions: frozenset[Occasion]
    """What it wants to be told of."""


class Notifications(Protocol):
    """Tells people who do not sit before the console."""

    @property
    def recipients(self) -> Sequence[Recipient]:
        """Who is told, in the order of the settings."""

    async def send(self, index: int, message: Message) -> str | None:
        """Tell one recipient; return why that failed, without its address. Takes seconds."""


class Incidents(Protocol):
    """Remembers, for all consoles of a fleet, in which regions nothing happens."""

    def begin(self, region: RegionName) -> bool:
        """Note that nothing happens there; return whether nobody had noted it before."""

    def end(self, region: RegionName) -> bool:
        """Note that something happens again; return whether nobody had noted that before."""
