"""A row of the guard's table: a plan, what was announced, and what the guard says to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from console.domain.fleet import InstanceId, RegionName, RegionState, SlotTarget
from console.domain.guard import AnnouncedRegion, Announcement, Finding, Rule, check
from console.domain.plan import Plan
from console.domain.release import ImageRef, ReleaseLabel

EU = RegionName("eu-west-1")
REPOSITORY = "registry.example.com/checks"
OLD = SlotTarget(ReleaseLabel("0.9.0"), ImageRef(f"{REPOSITORY}@sha256:{'a' * 64}"))
NEW = SlotTarget(ReleaseLabel("0.9.1"), ImageRef(f"{REPOSITORY}@sha256:{'b' * 64}"))
OTHER = SlotTarget(ReleaseLabel("0.9.1"), ImageRef(f"{REPOSITORY}@sha256:{'c' * 64}"))

Healthy = frozenset[InstanceId] | None
WhoIsHealthy = Callable[[RegionState], Healthy]


def the_old_ones(state: RegionState) -> Healthy:
    """Say that whatever runs the old release beats, deposed or not, and that nothing else does."""
    return frozenset(found.instance for found in state.objects if found.target == OLD)


def nobody_knows(_: RegionState) -> Healthy:
    """Say that the heartbeats could not be read."""
    return None


@dataclass(frozen=True)
class Announced:
    """What the operator was told."""

    slots: tuple[int, ...]
    target: SlotTarget = NEW
    floor: int = 3
    who_is_healthy: WhoIsHealthy = the_old_ones
    proves: bool = True
    leaves: tuple[int, ...] = ()
    """The slots that go and get no replacement."""
    serial_ahead: int = 0
    """How far the state has moved since the plan was made."""


def verdict(plan: Plan, state: RegionState, announced: Announced) -> tuple[Finding, ...]:
    """Return what the guard finds in `plan`, which was made from `state`."""
    region = AnnouncedRegion(
        name=EU,
        slots=frozenset(announced.slots),
        target=announced.target,
        healthy=announced.who_is_healthy(state),
        floor=announced.floor,
        leaves=frozenset(announced.leaves),
    )
    serial = plan.serial + announced.serial_ahead
    return check(plan, Announcement((region,), serial, announced.proves))


def assert_says(findings: tuple[Finding, ...], rules: set[Rule], phrases: tuple[str, ...]) -> None:
    """Check that exactly these rules are broken, in words that an operator can read."""
    told = "\n".join(finding.text for finding in findings)
    assert {finding.rule for finding in findings} == rules, told
    for phrase in phrases:
        assert phrase in told
