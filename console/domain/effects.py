"""What has to be done in the world, now that something was decided?

Every effect follows from one event, so a journal that ends with a step begun tells which effect
was under way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from console.domain.events import Event, RecoveryStarted, StepStarted, TerraformInterrupted
from console.domain.fleet import RegionName, SlotIndex, SlotTarget, UnitName
from console.domain.plan import PlanId
from console.domain.recovery.move import Move
from console.domain.release import ImageRef, ReleaseLabel
from console.domain.rollout import Rollout
from console.domain.steps import At, Step


@dataclass(frozen=True, slots=True)
class Survey:
    """Check everything that must hold before a rollout starts, and read every region."""

    at: At
    image: ImageRef | None
    accept_leftovers: bool


@dataclass(frozen=True, slots=True)
class Build:
    """Build the image, or resolve the one that was named, to a release with a digest."""

    at: At
    label: ReleaseLabel
    image: ImageRef | None


@dataclass(frozen=True, slots=True)
class Test:
    """Run the configured command in the built image."""

    __test__ = False  # the name is the step's; pytest must not collect it

    at: At
    image: ImageRef


@dataclass(frozen=True, slots=True)
class Push:
    """Make the image known to the registry under its label."""

    at: At
    image: ImageRef
    label: ReleaseLabel


@dataclass(frozen=True, slots=True)
class MarkSlots:
    """`terraform taint` the addresses, one after another; or `untaint` them again."""

    at: At
    unit: UnitName
    addresses: tuple[tuple[RegionName, int], ...]
    untaint: bool = False


@dataclass(frozen=True, slots=True)
class SwitchAlarms:
    """Mute the alarms, or let them act again."""

    at: At
    alarms: tuple[tuple[RegionName, tuple[str, ...]], ...]
    unmute: bool = False


@dataclass(frozen=True, slots=True)
class MakePlan:
    """Save a plan of the unit with these slots, read it, and look at the regions meanwhile."""

    at: At
    unit: UnitName
    slots: tuple[tuple[RegionName, tuple[SlotTarget, ...]], ...]
    replace: tuple[tuple[RegionName, int], ...]
    """Slots to pass as `-replace`; empty with `mark: taint`."""
    amis: tuple[tuple[RegionName, str], ...]
    only: tuple[tuple[RegionName, SlotIndex], ...] = ()
    """Slots that the plan is restricted to; empty for all that differs."""


@dataclass(frozen=True, slots=True)
class ApplyPlan:
    """Apply exactly this saved plan, unless the state has moved since."""

    at: At
    unit: UnitName
    plan: PlanId
    serial: int


@dataclass(frozen=True, slots=True)
class TakeCensus:
    """Read every region once more."""

    at: At


@dataclass(frozen=True, slots=True)
class Recover:
    """Look once more whether the move is still what was shown, make it, and look again."""

    at: At
    move: Move


@dataclass(frozen=True, slots=True)
class InterruptTerraform:
    """Send the one SIGINT that every running Terraform may get."""


Effect = (
    Survey
    | Build
    | Test
    | Push
    | MarkSlots
    | SwitchAlarms
    | MakePlan
    | ApplyPlan
    | TakeCensus
    | Recover
    | InterruptTerraform
)


def effects_of(event: Event, rollout: Rollout) -> Iterator[Effect]:
    """Yield what `event` sets going.

    Args:
        event: one that was just recorded.
        rollout: the rollout with `event` folded in.
    """
    match event:
        case StepStarted(at):
            yield from _of_step(at, rollout)
        case RecoveryStarted(at, move):
            yield Recover(at, move)
        case TerraformInterrupted():
            yield InterruptTerraform()
        case _:
            return


def _of_step(at: At, rollout: Rollout) -> Iterator[Effect]:
    match at.step:
        case Step.PREFLIGHT:
            yield Survey(at, rollout.request.image, rollout.request.accept_leftovers)
        case Step.BUILD:
            yield Build(at, rollout.request.label, rollout.request.image)
        case Step.TEST:
            yield Test(at, rollout.released.image)
        case Step.PUSH:
            yield Push(at, rollout.released.image, rollout.released.label)
        case Step.CENSUS:
            yield TakeCensus(at)
        case Step.VERIFY:
            return  # verify acts on samples, and takes none of its own
        case _:
            yield _of_unit(at, rollout)


def _of_unit(at: At, rollout: Rollout) -> Effect:
    assert at.unit is not None  # every step that is left belongs to a unit  # noqa: S101
    unit = rollout.unit(at.unit)
    match at.step:
        case Step.TAINT:
            return MarkSlots(at, at.unit, rollout.batch_slots(unit))
        case Step.UNTAINT:
            return MarkSlots(at, at.unit, rollout.own_marks(unit), untaint=True)
        case Step.MUTE:
            return SwitchAlarms(at, rollout.alarms_of(unit))
        case Step.UNMUTE:
            return SwitchAlarms(at, rollout.alarms_of(unit), unmute=True)
        case Step.PLAN:
            return MakePlan(
                at,
                at.unit,
                slots=tuple((name, rollout.targets(name)) for name in unit.regions),
                replace=rollout.replaced(unit),
                amis=tuple(
                    (name, ami) for name in unit.regions if (ami := rollout.region(name).ami)
                ),
                only=tuple(
                    (region.name, slot)
                    for region in rollout.regions_of(unit)
                    for slot in region.batches[unit.batch]
                )
                if rollout.request.only or rollout.request.scale
                else (),
            )
        case Step.APPLY:
            plan = rollout.planned(unit)
            return ApplyPlan(at, at.unit, plan.id, plan.serial)
        case _:
            raise AssertionError(f"{at} has no effect of a unit")
