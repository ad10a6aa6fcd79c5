"""What came back from an effect, or from the clock?"""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.failure import Failure
from console.domain.fleet import (
    InstanceId,
    RegionName,
    RegionSample,
    RegionState,
    SlotTarget,
    StateObject,
    UnitName,
)
from console.domain.plan import Plan
from console.domain.recovery.situation import Liveness, Serial
from console.domain.release import ImageRef, Release, ReleaseLabel
from console.domain.steps import At


@dataclass(frozen=True, slots=True)
class Closer:
    """What a closer look at one instance showed, that is not as it should be."""

    instance: InstanceId
    started: ReleaseLabel | None = None
    """The release that its user data starts; None where it does not tell."""
    restarts: int = 0
    """How often its console tells that the worker was started again."""


@dataclass(frozen=True, slots=True)
class RegionSurvey:
    """What preflight or a census found in one region."""

    region: RegionName
    state: RegionState | None
    sample: RegionSample
    ami: str | None = None
    """The machine image that new instances of this rollout take; pinned for all its batches."""
    state_error: str = ""
    """Why the state could not be read; empty where it was."""
    holder: Liveness = Liveness.UNKNOWN
    """Whether whoever holds the state lock lives."""
    serial: Serial | None = None
    """Of the state, as long as it is locked; None where nobody has looked for that."""
    has_errored_state: bool = False
    """Whether an apply could not write its state."""
    unwritten: tuple[StateObject, ...] = ()
    """What that state holds of the region."""
    closer: tuple[Closer, ...] = ()
    """Closer looks at instances that are not as they should be."""
    alarms: tuple[str, ...] = ()
    """Alarms to mute whose actions are enabled."""
    alarming: tuple[str, ...] = ()
    """Gates whose alarms are in ALARM."""
    before: SlotTarget | None = None
    """What it ran before its release was first rolled out, where only earlier rollouts tell."""
    is_unproven: bool = False
    """Whether what it runs was applied by a rollout, and its gates never passed since."""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """Preflight has looked at everything."""

    regions: tuple[RegionSurvey, ...]
    problems: tuple[Failure, ...] = ()
    """Everything that forbids the start, all of it at once."""
    notes: tuple[str, ...] = ()
    identity: str = ""
    """Who AWS says that we are."""


@dataclass(frozen=True, slots=True)
class Built:
    """The image is built, or was found; `release` has its digest, or the engine's id of it."""

    release: Release


@dataclass(frozen=True, slots=True)
class Pushed:
    """The registry has the image, and has given it its digest."""

    at: At
    image: ImageRef


@dataclass(frozen=True, slots=True)
class Done:
    """A step that has nothing more to tell went well."""

    at: At
    note: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A step had nothing to do."""

    at: At
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A step did not succeed."""

    at: At
    failure: Failure


@dataclass(frozen=True, slots=True)
class Planned:
    """A unit's plan is saved, and its regions were looked at meanwhile."""

    unit: UnitName
    batch: int
    plan: Plan
    samples: tuple[RegionSample, ...]


@dataclass(frozen=True, slots=True)
class Sampled:
    """A fresh look at one region."""

    sample: RegionSample
    untouched: tuple[RegionSample, ...] = ()
    """The newest looks at regions that are not touched yet."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The census before the end."""

    regions: tuple[RegionSurvey, ...]


@dataclass(frozen=True, slots=True)
class Recovered:
    """A move is made, or could not be."""

    at: At
    note: str = ""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has passed; `now` says how far."""


Observation = (
    Surveyed
    | Built
    | Pushed
    | Done
    | Skipped
    | Failed
    | Planned
    | Sampled
    | Counted
    | Recovered
    | Ticked
)
