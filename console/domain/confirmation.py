"""What does a person say yes to, in numbers and names?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from console.domain.counted import counted
from console.domain.fleet import RegionName
from console.domain.header import is_production
from console.domain.plan import Action as PlanAction
from console.domain.plan import Change, Plan
from console.domain.rollout import Rollout
from console.domain.steps import Asks, Subject


@dataclass(frozen=True, slots=True)
class SlotChange:
    """One line of a plan review."""

    where: str
    """`slot 0`, with its region where there are several, or the address of what is no worker."""
    verb: str
    instance: str
    """The instance that goes; empty where none does."""
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A question with its consequences."""

    title: str
    question: str
    consequences: tuple[str, ...]
    yes: str
    """The button's word."""
    changes: tuple[SlotChange, ...] = ()
    guard: str = ""
    """What the guard has to say."""
    raw: tuple[str, ...] = ()
    """The plan as the console read it, change by change."""
    typed: str | None = None
    """What has to be typed for a yes; None where a key is enough."""

    @property
    def is_dangerous(self) -> bool:
        """Whether a key alone is no yes."""
        return self.typed is not None


def confirmation(rollout: Rollout, subject: Subject) -> Confirmation | None:
    """Return what `subject` asks; None where it is not asked any more.

    Args:
        rollout: where it stands now.
        subject: what the yes would be for.
    """
    question = next((text for asked, text in rollout.questions if asked == subject), None)
    if question is None:
        return None
    match subject.asks:
        case Asks.START:
            return _start(rollout, question)
        case Asks.BUILD:
            lines = ("The image is built here. No region changes, nothing is pushed.",)
            return Confirmation(f"Build {rollout.request.label}", question, lines, "Build")
        case Asks.PUSH:
            return _push(rollout, question)
        case Asks.WAVE:
            return _wave(rollout, subject, question)
        case Asks.TAINT:
            return _taint(rollout, subject, question)
        case Asks.APPLY:
            return _apply(rollout, subject, question)


def is_dangerous(rollout: Rollout, subject: Subject) -> bool:
    """Return whether a yes to `subject` takes the fleet's name, typed.

    In production that is the start and every apply; elsewhere an apply that destroys workers
    whose replacements prove nothing first, and whatever leaves less than half of a region.
    """
    scale = rollout.request.scale
    if scale is not None and scale.is_dangerous:
        return subject.asks in {Asks.START, Asks.APPLY}
    if is_production(rollout.environment):
        return subject.asks in {Asks.START, Asks.APPLY}
    return subject.asks is Asks.APPLY and not rollout.policy.proves_replacements


def _typed(rollout: Rollout, subject: Subject) -> str | None:
    return rollout.fleet if is_dangerous(rollout, subject) else None


def _start(rollout: Rollout, question: str) -> Confirmation:
    typed = _typed(rollout, Subject(Asks.START))
    if (scale := rollout.request.scale) is not None:
        workers = counted(abs(scale.to - scale.before), "worker")
        told = (
            f"{workers} will go, the highest slots first."
            if scale.is_down
            else f"{workers} of {rollout.request.label} will come."
        )
        title = f"Scale {scale.told} ({rollout.fleet}, {rollout.environment})"
        return Confirmation(title, question, (told, _ASKED_AGAIN), "Scale", typed=typed)
    waves = range(1, rollout.policy.waves + 1)
    lines = (
        *(f"wave {wave}: {', '.join(_preview(rollout, wave))}" for wave in waves),
        _ASKED_AGAIN
        if rollout.policy.approve.value == "each-step"
        else f"Approvals are asked {rollout.policy.approve.value}.",
    )
    title = f"Ship {rollout.request.label} to {rollout.fleet} ({rollout.environment})"
    return Confirmation(title, question, lines, "Ship", typed=typed)


_ASKED_AGAIN = "Nothing changes in a region before its own question is answered."


def _preview(rollout: Rollout, wave: int) -> Iterator[str]:
    for region in rollout.regions:
        if region.wave == wave:
            before = ", ".join(region.from_releases) or "nothing"
            count = len(region.slots) or region.count
            yield f"{region.name} ({count} at {before})"


def _push(rollout: Rollout, question: str) -> Confirmation:
    release = rollout.released
    if release.is_pushed:
        told = f"The registry will know {release.label} as {release.digest}."
    else:
        told = (
            f"The registry gets what the engine calls {release.digest}, under the label "
            f"{release.label}; the digest that it answers with is what every region will run."
        )
    lines = (
        told,
        "A label never moves: another build needs another one. No region changes yet.",
    )
    return Confirmation(f"Push {rollout.request.label}", question, lines, "Push")


def _wave(rollout: Rollout, subject: Subject, question: str) -> Confirmation:
    regions = (region for region in rollout.regions if region.wave == subject.wave)
    lines = tuple(
        f"{region.name}: {changed} of {counted(region.count, 'slot')} replaced"
        for region in regions
        for changed in [sum(map(len, region.batches))]
    )
    title = f"Go on with wave {subject.wave} of {rollout.policy.waves}"
    return Confirmation(title, question, lines, "Go on")


def _taint(rollout: Rollout, subject: Subject, question: str) -> Confirmation:
    assert subject.unit is not None  # a mark belongs to a unit  # noqa: S101
    unit = rollout.unit(subject.unit)
    slots = rollout.batch_slots(unit)
    lines = (
        *(f"{region} slot {slot} is tainted in the Terraform state" for region, slot in slots),
        "No instance changes yet. Until the apply, anybody else's plan would replace them too.",
        "An abort takes the marks back.",
    )
    title = f"Mark {counted(len(slots), 'slot')} in {', '.join(unit.regions)}"
    return Confirmation(title, question, lines, "Mark")


def _apply(rollout: Rollout, subject: Subject, question: str) -> Confirmation:
    assert subject.unit is not None  # an apply belongs to a unit  # noqa: S101
    unit = rollout.unit(subject.unit)
    plan = rollout.planned(unit)
    proof = (
        "No replacement comes. Each worker that goes finishes or gives back its jobs."
        if rollout.request.ships_nothing
        else "An old worker goes only after its replacement has proven itself."
        if rollout.policy.proves_replacements
        else "Old workers go without a proof of their replacements."
    )
    return Confirmation(
        title=f"Apply to {', '.join(unit.regions)}",
        question=question,
        consequences=(
            *(_consequence(text, plan, unit.regions) for text in unit.consequences),
            _capacity(rollout, plan, unit.regions),
            proof,
        ),
        yes="Apply",
        changes=slot_changes(plan),
        guard="the guard found nothing that was not announced",
        raw=tuple(raw_plan(plan)),
        typed=_typed(rollout, subject),
    )


def _consequence(text: str, plan: Plan, regions: tuple[RegionName, ...]) -> str:
    """Leave out what the lines of the changes say: the instances, and the one region's name."""
    for region in regions:
        mine = (c for c in plan.effective if c.region == region and c.destroys and c.instance)
        text = text.replace(f" ({', '.join(str(c.instance) for c in mine)})", "")
    if len(regions) > 1:
        return text
    text = text.removeprefix(f"{regions[0]}: ")
    return f"{text[:1].upper()}{text[1:]}."


def _capacity(rollout: Rollout, plan: Plan, regions: tuple[RegionName, ...]) -> str:
    created = sum(change.creates for change in plan.effective)
    now = sum(len(rollout.region(name).found) for name in regions)
    most = counted(now + created, "instance")
    return f"While it runs there are up to {most}, {created} more than now."


_VERBS = {
    (PlanAction.CREATE, PlanAction.DELETE): "replace, new first",
    (PlanAction.DELETE, PlanAction.CREATE): "replace, old first",
    (PlanAction.CREATE,): "create",
    (PlanAction.DELETE,): "destroy",
    (PlanAction.UPDATE,): "change in place",
    (PlanAction.FORGET,): "forget",
}


def slot_changes(plan: Plan) -> tuple[SlotChange, ...]:
    """Return a line for each change of a plan that does something."""
    is_one = len({change.region for change in plan.effective}) == 1
    return tuple(_slot_change(change, names_region=not is_one) for change in plan.effective)


def _slot_change(change: Change, *, names_region: bool) -> SlotChange:
    region = f"{change.region} " if names_region else ""
    where = change.address if change.slot is None else f"{region}slot {change.slot}"
    deposed = f" deposed {change.deposed_key}" if change.deposed_key else ""
    verb = _VERBS.get(change.actions, " and ".join(a.value for a in change.actions))
    return SlotChange(
        where + deposed,
        verb,
        str(change.instance or ""),
        change.before.release if change.before else "",
        change.after.release if change.after else "",
    )


def raw_plan(plan: Plan) -> Iterator[str]:
    """Yield the plan as it was read: every change that does something, with all that it says."""
    yield f"plan {plan.id}"
    yield f"made from serial {plan.serial} of {plan.lineage}"
    for change in plan.effective:
        yield ""
        yield f"{change.address}" + (
            f" (deposed {change.deposed_key})" if change.deposed_key else ""
        )
        yield f"  {change.resource_type}: {' then '.join(a.value for a in change.actions)}"
        if change.reason:
            yield f"  because: {change.reason}"
        if change.instance:
            yield f"  there is: {change.instance}"
        for word, target in (("before", change.before), ("after", change.after)):
            if target is not None:
                yield f"  {word}: {target.release} {target.image}"
        if change.started_image is not None:
            yield f"  user data starts: {change.started_image}"
    for name in plan.output_changes:
        yield f"output {name} changes"
