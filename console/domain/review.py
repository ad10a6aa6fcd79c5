"""May this plan be shown to a person, and what are its consequences?"""

from __future__ import annotations

from collections.abc import Callable

from console.domain.events import Event, GuardRefused, PlanReady, StepFinished
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName, RegionSample
from console.domain.guard import AnnouncedRegion, Announcement, Rule, check, consequence
from console.domain.observations import Planned
from console.domain.plan import Plan
from console.domain.rollout import Rollout, UnitRun
from console.domain.steps import At, Result, Step

Halt = Callable[[Rollout, At, RegionName | None, Failure], Event]


def review(rollout: Rollout, seen: Planned, halt: Halt) -> tuple[Event, ...]:
    """Return what follows from a saved plan: it is ready for a yes, or the guard refuses it."""
    unit = rollout.unit(seen.unit)
    at = At(Step.PLAN, seen.unit, seen.batch)
    announced = announce(rollout, unit, seen.plan, seen.samples)
    findings = check(seen.plan, announced)
    if not findings:
        consequences = tuple(
            _consequence(rollout, region, seen.plan, seen.samples)
            for region in announced.regions
            if region.slots or region.leaves
        )
        return (
            StepFinished(at, Result.OK),
            PlanReady(seen.unit, seen.batch, seen.plan, consequences),
        )
    gravest_first = sorted(findings, key=lambda finding: finding.rule not in _COSTS_A_WORKER)
    texts = tuple(finding.text for finding in gravest_first)
    failure = Failure(
        FailureKind.REFUSED,
        f"the guard refuses the plan: {texts[0]}"
        + (f" (and {len(texts) - 1} more)" if len(texts) > 1 else ""),
        _hint(rollout, unit, gravest_first[0].rule),
        "\n".join(texts),
    )
    return (
        StepFinished(at, Result.FAILED, failure=failure),
        GuardRefused(seen.unit, seen.batch, texts),
        halt(rollout, at, None, failure),
    )


# What an operator has to read first; the rest of the findings is in the evidence.
_COSTS_A_WORKER = {Rule.DEPOSED_ALONE, Rule.LONE_DESTROY, Rule.DELETE_BEFORE_CREATE}


def _hint(rollout: Rollout, unit: UnitRun, gravest: Rule) -> str:
    if gravest is not Rule.DEPOSED_ALONE:
        return "look at what else changes these addresses: terraform plan in the region's root"
    where = f"--region {unit.regions[0]} {rollout.request.where}".rstrip()
    return (
        "somebody has taken the mark off that slot (terraform untaint), or applied to it; what may "
        f"be done safely: release-console recover {where}"
    )


def announce(
    rollout: Rollout, unit: UnitRun, plan: Plan, samples: tuple[RegionSample, ...]
) -> Announcement:
    """Return what the current batch of `unit` was announced to change, and what is known of it."""
    regions = []
    for region in rollout.regions_of(unit):
        sample = next((s for s in samples if s.region == region.name), None)
        has_seen = sample is not None and sample.heartbeats.error is None
        healthy = sample.healthy(rollout.policy.silent_after) if sample and has_seen else None
        chosen, leaving = region.batches[unit.batch], rollout.leaving(region.name)
        regions.append(
            AnnouncedRegion(
                name=region.name,
                slots=frozenset(slot for slot in chosen if slot not in leaving),
                leaves=frozenset(slot for slot in chosen if slot in leaving),
                target=rollout.target_in(region.name),
                healthy=healthy,
                floor=rollout.policy.min_healthy.at_least(region.count),
            )
        )
    # The state is read once more just before the apply; here the plan is compared with itself.
    return Announcement(tuple(regions), plan.serial, rollout.policy.proves_replacements)


def _consequence(
    rollout: Rollout, region: AnnouncedRegion, plan: Plan, samples: tuple[RegionSample, ...]
) -> str:
    queue = next((s.queue.value for s in samples if s.region == region.name), None)
    going = {change.instance for change in plan.effective if region.is_left_by(change)}
    return consequence(
        region.name,
        plan,
        healthy=len((region.healthy or frozenset()) - going),
        floor=region.floor,
        backlog=queue.backlog if queue else None,
        proves_replacements=rollout.policy.proves_replacements,
    )
