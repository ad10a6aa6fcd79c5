"""By which rules does a rollout go?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from console.domain.draining import DrainRules
from console.domain.vocabulary import RegionName, UnitName


class Mark(StrEnum):
    """How a slot is marked for replacement."""

    TAINT = "taint"
    """`terraform taint`: written to the state before the plan."""
    REPLACE = "replace"
    """`-replace` at plan time: nothing is written before the apply."""


class OnFailure(StrEnum):
    """What follows when a region fails. A failed canary never lets the others go on."""

    STOP = "stop"
    CONTINUE = "continue"
    ROLLBACK = "rollback"
    """Nothing more is started, and what was changed is rolled back, if its state is known."""


class Approve(StrEnum):
    """How often a person is asked."""

    EACH_STEP = "each-step"
    EACH_WAVE = "each-wave"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a region's slots: a percentage or a count."""

    percent: int | None = None
    count: int | None = None

    def at_most(self, total: int) -> int:
        """Return the share of `total` slots, rounded down, at least 1."""
        if self.count is not None:
            return max(1, min(self.count, total))
        return max(1, total * (self.percent or 0) // 100)

    def at_least(self, total: int) -> int:
        """Return the share of `total` slots, rounded up, at most `total`."""
        if self.count is not None:
            return min(self.count, total)
        return -(-total * (self.percent or 0) // 100)

    def __str__(self) -> str:
        """Return it as it stands in the settings."""
        return f"{self.percent}%" if self.count is None else str(self.count)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a gate is asked, and how many of its answers decide.

    The counts begin with the apply of a region's batch and go on through its bake.
    """

    consecutive: int = 1
    """Passes in a row before the gate passes."""
    failures_allowed: int = 0
    """Failures in all, from the apply to the end of the bake, that decide nothing yet."""
    errors_allowed: int | None = None
    """Looks in a row that bring no data and decide nothing yet; None for all until the deadline."""
    initial_delay: timedelta = timedelta(0)
    """Time after the apply before the gate is asked for the first time."""
    interval: timedelta = timedelta(0)
    """Time between two looks that count; 0 for every look."""
    deadline: timedelta | None = None
    """Time after the apply by which the gate must have passed; None for what all gates have."""
    dry_run: bool = False
    """Whether it is measured and shown and decides nothing."""


EVERY_LOOK = Pace()
"""The pace of a gate of which nothing else is said."""


@dataclass(frozen=True, slots=True)
class ProbeRule:
    """A gate that asks something outside: an alarm, a command, a web address, an error tracker.

    What it asks, and with which secrets, stands in the settings alone.
    """

    gate: str
    """Such as `alarm checks-nothing-happens`."""
    threshold: str
    """What is wanted, in words."""


@dataclass(frozen=True, slots=True)
class GateRules:
    """The thresholds that a region must meet after an apply. None switches a gate off."""

    heartbeat_within: timedelta | None = timedelta(minutes=5)
    completions_min: int | None = 1
    """Jobs that each new instance must have finished."""
    completions_within: timedelta = timedelta(minutes=5)
    backlog_per_worker: int | None = None
    oldest: timedelta | None = None
    dead_letters_max_new: int | None = 0
    failures_max_ratio: float | None = None
    failures_min_runs: int = 10
    """Fewer runs than this prove no ratio."""
    probes: tuple[ProbeRule, ...] = ()
    """The gates that ask something outside, in the order in which they are shown."""
    paces: tuple[tuple[str, Pace], ...] = ()
    """The pace of each gate that has one of its own, by the gate's name."""

    @property
    def deadline(self) -> timedelta:
        """How long verify may take before its verdicts count as they are."""
        own = (pace.deadline for _, pace in self.paces if pace.deadline is not None)
        return max(self.heartbeat_within or timedelta(0), self.completions_within, *own)

    def pace(self, gate: str) -> Pace:
        """Return how often the gate called `gate` is asked, and what its answers decide."""
        return next((pace for name, pace in self.paces if name == gate), EVERY_LOOK)


@dataclass(frozen=True, slots=True)
class RegionSpec:
    """A region as the settings want it."""

    name: RegionName
    count: int
    """Slots that it shall have."""
    wave: int
    """Counted from 1; wave 1 is the canary."""
    on_failure: OnFailure | None = None
    """What follows when this region fails; None for what the rollout's own rule says."""
    in_settings: int | None = None
    """What the settings say, where a scale has given the region another `count`; else None."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The regions that one Terraform run covers."""

    name: UnitName
    wave: int
    regions: tuple[RegionName, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one rollout, fixed when it starts."""

    regions: tuple[RegionSpec, ...]
    units: tuple[Unit, ...]
    max_parallel: int = 2
    """Regions that may change at the same time."""
    batch: Share = field(default_factory=lambda: Share(percent=100))
    min_healthy: Share = field(default_factory=lambda: Share(percent=100))
    bake: timedelta = timedelta(0)
    watch_after: timedelta = timedelta(0)
    """How long every region must stay good once the last wave is through."""
    on_failure: OnFailure = OnFailure.STOP
    approve: Approve = Approve.EACH_STEP
    mark: Mark = Mark.TAINT
    gates: GateRules = field(default_factory=GateRules)
    silent_after: timedelta = timedelta(seconds=60)
    window: timedelta = timedelta(minutes=15)
    """The time before a look whose runs and failures it counts."""
    sample_every: timedelta = timedelta(seconds=5)
    proves_replacements: bool = True
    """Whether an apply waits until a new instance has proven itself before the old one goes."""
    max_replans: int = 3
    """How often a plan that went stale is made afresh before the unit halts."""
    is_partial: bool = False
    """Whether the fleet has more regions than these."""
    drain: DrainRules = field(default_factory=DrainRules)

    @property
    def waves(self) -> int:
        """How many waves there are."""
        return max((u.wave for u in self.units), default=0)

    def on_failure_in(self, region: str | None) -> OnFailure:
        """Return what follows when `region` fails; None for a failure of no region's own."""
        own = next((r.on_failure for r in self.regions if r.name == region), None)
        return own or self.on_failure

    def last_wave_first(self) -> Policy:
        """Return the same rules with the waves the other way round, for a rollback."""
        last = self.waves + 1
        return replace(
            self,
            regions=tuple(replace(r, wave=last - r.wave) for r in self.regions),
            units=tuple(replace(u, wave=last - u.wave) for u in self.units),
        )

    def region(self, name: RegionName) -> RegionSpec:
        """Return the region called `name`."""
        return next(r for r in self.regions if r.name == name)

    def unit(self, name: UnitName) -> Unit:
        """Return the unit called `name`."""
        return next(u for u in self.units if u.name == name)

    def units_of(self, wave: int) -> tuple[Unit, ...]:
        """Return the units of `wave`, in the order of the settings."""
        return tuple(u for u in self.units if u.wave == wave)
