"""By which rules does the fleet roll out, and what proves that a region is good?"""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from console.domain.policy import Approve, OnFailure, Pace, Share
from console.settings.alarms import AlarmName
from console.settings.fields import (
    Duration,
    Flag,
    Parallelism,
    Part,
    Positive,
    Ratio,
    Section,
    Span,
    Text,
    Whole,
)


class Rollout(Section):
    """In which order and how many at once, and what happens between."""

    waves: tuple[tuple[Text, ...], ...] = Field(examples=[[["us-east-1"], ["us-west-1"]]])
    """Regions that change together, wave after wave; the first wave is the canary. Every region
    stands in exactly one wave."""
    max_parallel: Parallelism = None
    """Regions that change at once. auto follows this machine: four for each core and one for
    each 0.9 GiB of memory, the smaller of the two."""
    batch: Part = Share(percent=100)
    """Part of a region's slots that is replaced at once: a percentage or a count."""
    min_healthy: Part = Share(percent=100)
    """Part of a region's workers that stays healthy at any moment: a percentage or a count."""
    bake: Duration = timedelta(0)
    """How long a wave must stay good before the next may start."""
    watch_after: Duration = timedelta(0)
    """How long every region must stay good, once the last wave is through, before the rollout
    counts as completed."""
    on_failure: OnFailure = OnFailure.STOP
    """What follows when a region fails. stop: nothing more is started. continue: the other regions
    go on; a failed canary always stops. rollback: with --auto, what was changed is rolled back, the
    last wave first, where its state is known; nothing is ever rolled back on missing data."""
    approve: Approve = Approve.EACH_STEP
    """How often a person is asked: each-step, each-wave or once."""
    mute_alarms: tuple[AlarmName, ...] = Field(
        default=(), examples=[["browser-check-worker-nothing-happens-{region}"]]
    )
    """CloudWatch alarms that wake nobody while their region is applied and verified: their actions
    are disabled then, those that were enabled, and enabled again whatever happens."""
    sample_every: Span | None = None
    """How often the fleet is looked at; by default at every heartbeat, between 1s and 10s."""


class Readiness(Section):
    """What a new instance must show before the one that it replaces may go."""

    ssh: Flag = True
    """The worker's process must be seen over SSH."""
    heartbeat: Flag = True
    """The instance must beat with the new release."""
    completions: Whole = 1
    """Jobs that the instance must have finished; 0 asks for none. Needs heartbeat: true, since
    finished jobs are counted from heartbeats."""
    within: Span = timedelta(minutes=5)
    """Time that the instance has for all of this."""


class Paced(Section):
    """How often a gate is asked, and how many of its answers decide."""

    consecutive: Positive = 1
    """Passes in a row before the gate passes."""
    failures_allowed: Whole = 0
    """Failures that decide nothing yet, in all from the apply to the end of the bake."""
    errors_allowed: Whole | None = None
    """Looks in a row without data that decide nothing yet; by default all until the deadline."""
    initial_delay: Duration = timedelta(0)
    """Time after the apply before the gate is asked for the first time."""
    interval: Duration = timedelta(0)
    """Time between two looks that count; 0 for every look at the region."""
    dry_run: Flag = False
    """The gate is measured and shown, and decides nothing."""

    def pace(self, deadline: timedelta | None = None) -> Pace:
        """Return it as a rule.

        Args:
            deadline: by when the gate must have passed; None for what all gates have.
        """
        return Pace(
            consecutive=self.consecutive,
            failures_allowed=self.failures_allowed,
            errors_allowed=self.errors_allowed,
            initial_delay=self.initial_delay,
            interval=self.interval,
            deadline=deadline,
            dry_run=self.dry_run,
        )


class Timed(Paced):
    """A gate with a deadline of its own."""

    deadline: Span | None = None
    """Time after the apply by which the gate must have passed; by default the longest that any
    gate has."""

    def timed(self) -> Pace:
        """Return it as a rule."""
        return self.pace(self.deadline)


class HeartbeatGate(Paced):
    """Every new instance beats with the new release."""

    within: Span = timedelta(minutes=5)
    """Time that they have for it."""


class BacklogGate(Timed):
    """The queue does not run away."""

    per_worker: Positive | None = None
    """Waiting jobs for each healthy worker, at most."""
    oldest: Span | None = None
    """Age of the oldest waiting job, at most."""


class DeadLettersGate(Timed):
    """Jobs do not end in the dead-letter queue."""

    max_new: Whole = 0
    """Dead letters that may come in since the region's rollout began."""


class CompletionsGate(Paced):
    """Every new instance finishes real jobs."""

    min_per_instance: Positive = 1
    """Jobs that each new instance must finish."""
    within: Span = timedelta(minutes=5)
    """Time that they have for it."""


class FailuresGate(Timed):
    """The new release does not fail more than it may."""

    max_ratio: Ratio = Field(examples=[0.02])
    """Failed jobs among all that the new instances ran, from 0 to 1."""
    min_runs: Positive = 10
    """Fewer runs than this prove no ratio."""


class Gates(Section):
    """The checks that a region must pass after an apply. null switches a gate off."""

    heartbeat: HeartbeatGate | None = HeartbeatGate()
    """Every new instance beats with the new release. null switches the gate off."""
    backlog: BacklogGate | None = None
    """The queue does not run away. Off unless it is given."""
    dead_letters: DeadLettersGate | None = DeadLettersGate()
    """Jobs do not end in the dead-letter queue. null switches the gate off."""
    completions: CompletionsGate | None = CompletionsGate()
    """Every new instance finishes real jobs. null switches the gate off."""
    failures: FailuresGate | None = None
    """The new release does not fail more than it may. Off unless it is given."""
