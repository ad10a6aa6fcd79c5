"""What is true of a region: which instances are new, old, tainted, deposed, orphaned?"""

from __future__ import annotations

from console.domain.fleet import Instance, InstanceId, RegionSample, RegionState, StateObject
from console.domain.observations import RegionSurvey
from console.domain.outcome import RegionOutcome
from console.domain.rollout import Rollout


def count(rollout: Rollout, survey: RegionSurvey) -> RegionOutcome:
    """Return the counts of one region, from its state and from EC2."""
    region = rollout.region(survey.region)
    label = rollout.request.label
    known = RegionOutcome(region.name, region.phase, region.from_releases, label)
    if survey.state is None:
        return known
    objects = survey.state.objects
    digest = rollout.release.digest if rollout.release else None
    new = sum(o.target is not None and o.target.digest == digest for o in objects)
    instances = survey.sample.instances.value
    return RegionOutcome(
        region=region.name,
        phase=region.phase,
        from_releases=region.from_releases,
        to_release=label,
        new=new,
        old=len(objects) - new,
        tainted=sum(o.is_tainted and o.deposed_key is None for o in objects),
        deposed=sum(o.deposed_key is not None for o in objects),
        orphaned=None if instances is None else len(orphans(survey.state, survey.sample)),
        healthy=_healthy(rollout, survey.sample),
    )


def orphans(state: RegionState, sample: RegionSample) -> tuple[Instance, ...]:
    """Return the living instances with the fleet's tag that the state does not know."""
    known = {o.instance for o in state.objects}
    return tuple(i for i in sample.instances.value or () if i.is_alive and i.id not in known)


def ghosts(state: RegionState | None, sample: RegionSample) -> tuple[StateObject, ...]:
    """Return the objects of the state whose instance EC2 does not have any more."""
    if state is None or sample.instances.value is None:
        return ()
    alive = {instance.id for instance in sample.instances.value if instance.is_alive}
    return tuple(found for found in state.objects if found.instance not in alive)


def _healthy(rollout: Rollout, sample: RegionSample) -> tuple[InstanceId, ...] | None:
    if not sample.is_seen:
        return None
    return tuple(sorted(sample.healthy(rollout.policy.silent_after)))
