"""Does this plan do what was announced, and nothing else?

The guard reads the saved plan as `terraform show -json` gives it. It knows nothing of why a plan
came about: whatever Terraform, an operator or another tool did to the state before, a plan is
applied only when every one of its changes was announced and no worker goes before its replacement
has proven itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from console.domain.counted import counted
from console.domain.fleet import InstanceId, RegionName, SlotTarget
from console.domain.plan import Action, Change, Plan


class Rule(StrEnum):
    """What a plan can break; each is one sentence in `Finding.text`."""

    INCOMPLETE = "incomplete"
    STALE = "stale"
    UNANNOUNCED = "unannounced"
    DELETE_BEFORE_CREATE = "delete-before-create"
    LONE_DESTROY = "lone-destroy"
    DEPOSED_ALONE = "deposed-alone"
    IN_PLACE = "in-place"
    OTHER_DIGEST = "other-digest"
    MISSING = "missing"
    FLOOR = "floor"
    UNKNOWN_HEALTH = "unknown-health"


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason not to apply a plan."""

    rule: Rule
    text: str
    """A sentence for an operator, naming region, slot and instance."""


@dataclass(frozen=True, slots=True)
class AnnouncedRegion:
    """What the console told its operator about one region."""

    name: RegionName
    slots: frozenset[int]
    """The slots that will be replaced, or filled."""
    target: SlotTarget
    """What these slots shall run."""
    healthy: frozenset[InstanceId] | None
    """Instances with a fresh heartbeat; None where nobody could tell."""
    floor: int
    """Healthy workers that must be left at every moment."""
    leaves: frozenset[int] = frozenset()
    """The slots that go and get no replacement."""

    def is_left_by(self, change: Change) -> bool:
        """Whether `change` is nothing but the announced end of one of the slots that go."""
        return (
            change.region == self.name
            and change.slot in self.leaves
            and change.deposed_key is None
            and change.actions == (Action.DELETE,)
        )


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the console told its operator about one plan."""

    regions: tuple[AnnouncedRegion, ...]
    serial: int
    """The serial of the state as it is now."""
    proves_replacements: bool
    """Whether the apply itself waits for a new worker's proof before it destroys the old one."""

    def region(self, name: RegionName | None) -> AnnouncedRegion | None:
        """Return what was announced for `name`, or None where nothing was."""
        return next((region for region in self.regions if region.name == name), None)


def check(plan: Plan, announced: Announcement) -> tuple[Finding, ...]:
    """Return everything in `plan` that was not announced; nothing means that it may be applied."""
    return (
        *_of_plan(plan, announced),
        *(finding for change in plan.effective for finding in _of_change(change, plan, announced)),
        *(finding for region in announced.regions for finding in _of_region(region, plan)),
        *(f for region in announced.regions for f in _of_capacity(region, plan, announced)),
    )


def _of_plan(plan: Plan, announced: Announcement) -> Iterator[Finding]:
    if not plan.is_complete:
        yield Finding(
            Rule.INCOMPLETE, "Terraform could not finish this plan, so nobody knows all it would do"
        )
    if plan.serial != announced.serial:
        yield Finding(
            Rule.STALE,
            f"the state has moved from serial {plan.serial} to {announced.serial} since this plan "
            "was made; it needs a fresh one",
        )


def _of_change(change: Change, plan: Plan, announced: Announcement) -> Iterator[Finding]:
    region = announced.region(change.region)
    if region is not None and region.is_left_by(change):
        return
    if region is None or change.slot not in region.slots:
        yield Finding(Rule.UNANNOUNCED, f"{_subject(change)} was not announced: {_verb(change)}")
    if not change.is_worker:
        return
    if change.deposed_key is not None:
        yield from _of_deposed(change, plan)
    else:
        yield from _of_current(change)
    if change.creates and region is not None:
        yield from _of_target(change, region.target)


def _of_deposed(change: Change, plan: Plan) -> Iterator[Finding]:
    """A deposed object may go only where its slot gets a new one in the same plan."""
    if Action.FORGET in change.actions:
        yield _forgotten(change)
    if change.destroys and not _is_paired(change, plan):
        yield Finding(
            Rule.DEPOSED_ALONE,
            f"{_subject(change)} is the slot's old worker, kept because its replacement failed; "
            "this plan destroys it and creates nothing in its place",
        )


def _of_current(change: Change) -> Iterator[Finding]:
    match change.actions:
        case (Action.DELETE, Action.CREATE):
            yield Finding(
                Rule.DELETE_BEFORE_CREATE,
                f"{_subject(change)} would be destroyed before its replacement is created",
            )
        case (Action.DELETE,) | (Action.FORGET,):
            yield Finding(
                Rule.LONE_DESTROY,
                f"{_subject(change)} would be given up and nothing created in its place",
            )
        case _ if Action.FORGET in change.actions:
            yield _forgotten(change)
        case (Action.UPDATE,):
            yield Finding(
                Rule.IN_PLACE,
                f"{_subject(change)} would be changed in place and not replaced: a tag would claim "
                "a release that it does not run, anything else may restart it",
            )
        case _:
            return


def _forgotten(change: Change) -> Finding:
    return Finding(
        Rule.UNANNOUNCED,
        f"{_subject(change)}: {_verb(change)}, so its old worker would run on in no state",
    )


def _of_target(change: Change, target: SlotTarget) -> Iterator[Finding]:
    if change.after != target:
        told = "nothing" if change.after is None else f"{change.after.release}"
        yield Finding(
            Rule.OTHER_DIGEST,
            f"{_subject(change)} would be tagged {told} "
            f"({change.after.image if change.after else 'no image'}), announced was "
            f"{target.release} ({target.image})",
        )
    if change.started_image is not None and change.started_image != target.image:
        yield Finding(
            Rule.OTHER_DIGEST,
            f"the user data of {_subject(change)} starts {change.started_image}, announced was "
            f"{target.image}",
        )


def _of_region(region: AnnouncedRegion, plan: Plan) -> Iterator[Finding]:
    """Every announced slot is in the plan."""
    left = {c.slot for c in plan.effective if region.is_left_by(c)}
    for slot in sorted(region.leaves - left):
        yield Finding(
            Rule.MISSING, f"{region.name} slot {slot} was announced to go and this plan keeps it"
        )
    created = {c.slot for c in plan.effective if c.region == region.name and c.creates}
    for slot in sorted(region.slots - created):
        yield Finding(
            Rule.MISSING, f"{region.name} slot {slot} was announced and this plan leaves it alone"
        )


def _of_capacity(region: AnnouncedRegion, plan: Plan, announced: Announcement) -> Iterator[Finding]:
    """At every moment enough healthy workers are left."""
    gone = [c for c in plan.effective if c.region == region.name and c.is_worker and c.destroys]
    if not gone:
        return
    if region.healthy is None:
        yield Finding(
            Rule.UNKNOWN_HEALTH,
            f"{region.name}: nobody can tell which workers are healthy, so none may be destroyed",
        )
        return
    lost = {
        change.instance
        for change in gone
        if change.instance in region.healthy
        and not (announced.proves_replacements and _is_paired(change, plan))
    }
    left = len(region.healthy) - len(lost)
    if lost and left < region.floor:
        names = ", ".join(sorted(map(str, lost)))
        yield Finding(
            Rule.FLOOR,
            f"{region.name}: {counted(left, 'healthy worker')} would be left, at least "
            f"{region.floor} must stay (destroyed without proof of a replacement: {names})",
        )


def _is_paired(change: Change, plan: Plan) -> bool:
    """Whether the plan creates an object in the change's slot before it destroys this one."""
    return any(
        other.address == change.address
        and other.deposed_key is None
        and other.actions in {(Action.CREATE,), (Action.CREATE, Action.DELETE)}
        for other in plan.effective
    )


def _subject(change: Change) -> str:
    if change.slot is None:
        return change.address
    which = "deposed object of slot" if change.deposed_key else "slot"
    instance = f" ({change.instance})" if change.instance else ""
    return f"{change.region} {which} {change.slot}{instance}"


def _verb(change: Change) -> str:
    return "the plan would " + " and ".join(action.value for action in change.actions) + " it"


def consequence(
    region: RegionName,
    plan: Plan,
    *,
    healthy: int,
    floor: int,
    backlog: int | None,
    proves_replacements: bool,
) -> str:
    """Return what applying `plan` does to `region`, in numbers and names.

    Args:
        region: whose changes are told.
        plan: a plan that the guard let pass.
        healthy: workers that beat now.
        floor: healthy workers that must stay.
        backlog: jobs waiting now; None where nobody could count them.
        proves_replacements: whether old workers go only after a proof.
    """
    mine = [change for change in plan.effective if change.region == region]
    creates = sum(change.creates for change in mine)
    destroyed = [str(c.instance) for c in mine if c.destroys and c.instance]
    names = f" ({', '.join(destroyed)})" if destroyed else ""
    stay = healthy if proves_replacements else floor
    healthy_ones = f"{counted(stay, 'worker')} {'stays' if stay == 1 else 'stay'}"
    waiting = "an unknown number of jobs" if backlog is None else counted(backlog, "job")
    return (
        f"{region}: create {creates}, destroy {len(destroyed)}{names}, "
        f"at least {healthy_ones} healthy, {waiting} waiting"
    )
