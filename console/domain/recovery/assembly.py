"""How does what was seen of a region become its situation?"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from console.domain.failure import Failure
from console.domain.fleet import RegionName, RegionSample
from console.domain.observations import RegionSurvey
from console.domain.policy import Policy
from console.domain.recovery.situation import Situation
from console.domain.rollout import Rollout
from console.domain.view import Health, ObjectView, RegionView, view_region


def situation_of(
    survey: RegionSurvey,
    rollout: Rollout | None,
    policy: Policy,
    now: datetime,
    boot_allowance: timedelta,
) -> Situation:
    """Put together what is true of a region and why its newest rollout stopped there.

    Args:
        survey: what was seen.
        rollout: the newest; None where there never was one.
        policy: the fleet's rules.
        now: the time.
        boot_allowance: how long a new instance may take to beat for the first time.
    """
    name, state = survey.region, survey.state
    view = view_region(
        name,
        policy.region(name).count,
        state,
        survey.sample,
        state_error=survey.state_error or None,
        silent_after=policy.silent_after,
        boot_allowance=boot_allowance,
        now=now,
    )
    return Situation(
        region=name,
        desired=view.desired,
        objects=tuple(_closely(found, survey) for found in view.objects),
        release=_release(rollout, view, name),
        before=_before(rollout, name),
        lock=view.lock,
        holder=survey.holder,
        has_errored_state=survey.has_errored_state,
        error=_unreadable(survey.state_error, survey.sample),
        cause=_cause(rollout, name),
        proof=policy.gates.completions_min or 0,
    )


# A worker that was started three times and does not beat is not merely slow.
_CRASHES = 3


def _closely(found: ObjectView, survey: RegionSurvey) -> ObjectView:
    """Return the object with what a closer look at its instance showed."""
    closer = next((seen for seen in survey.closer if seen.instance == found.id), None)
    if closer is None:
        return found
    is_sick = found.health in {Health.SILENT, Health.BOOTING}
    health = Health.CRASHING if is_sick and closer.starts >= _CRASHES else found.health
    return replace(found, user_data=closer.started, health=health)


def _unreadable(state_error: str, sample: RegionSample) -> str:
    """Return why nobody can tell what is true; queues that do not answer hide no instance."""
    errors = (state_error, sample.instances.error, sample.heartbeats.error)
    return "; ".join(dict.fromkeys(error for error in errors if error))


def _release(rollout: Rollout | None, view: RegionView, name: RegionName) -> str:
    """Return what the region shall run: what the newest rollout ships, or what most tags say.

    A rollout of other regions says nothing about this one.
    """
    if rollout is not None and any(region.name == name for region in rollout.regions):
        return rollout.request.label
    tags = Counter(found.tag for found in view.objects if found.tag is not None)
    return tags.most_common(1)[0][0] if tags else ""


def _before(rollout: Rollout | None, name: RegionName) -> str:
    """Return what the region ran before, as far as a rollback could lead there again."""
    if rollout is None or rollout.request.rolls_back:
        return ""
    found = next((region.found for region in rollout.regions if region.name == name), ())
    labels = Counter(target.release for target in found if target is not None)
    return labels.most_common(1)[0][0] if labels else ""


def _cause(rollout: Rollout | None, name: RegionName) -> Failure | None:
    """Return why the newest rollout stopped in the region; None where it did not."""
    region = next((r for r in rollout.regions if r.name == name), None) if rollout else None
    if rollout is None or region is None:
        return None
    if region.failure is not None:
        return region.failure
    halt = rollout.halt
    stopped_here = halt is not None and (halt.region == name or halt.at.unit == region.unit)
    return halt.failure if halt is not None and stopped_here else None
