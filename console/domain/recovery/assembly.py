"""How does what was seen of a region become its situation?"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from console.domain.failure import Failure
from console.domain.fleet import RegionName, RegionSample
from console.domain.observations import RegionSurvey
from console.domain.policy import Policy
from console.domain.recovery.drift import drift
from console.domain.recovery.lineage import Lineage
from console.domain.recovery.situation import Situation
from console.domain.view import Health, ObjectView, RegionView, view_region


def situation_of(
    survey: RegionSurvey,
    lineage: Lineage,
    policy: Policy,
    now: datetime,
    boot_allowance: timedelta,
) -> Situation:
    """Put together what is true of a region and why its newest rollout stopped there.

    Args:
        survey: what was seen.
        lineage: which rollout tells of the region, and what it ran before.
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
    situation = Situation(
        region=name,
        desired=view.desired,
        objects=view.objects,
        release=_release(lineage, view),
        before=lineage.before.release if lineage.before is not None else "",
        is_untouched=lineage.newest is not None and not lineage.has_begun,
        waits_for=lineage.waits_for,
        lock=view.lock,
        holder=survey.holder,
        serial=survey.serial,
        has_errored_state=survey.has_errored_state,
        unwritten=survey.unwritten,
        error=_unreadable(survey.state_error, survey.sample),
        cause=_cause(lineage, name),
        proof=policy.gates.completions_min or 0,
        work_within=_work_within(policy, boot_allowance),
        drift=drift(lineage, state),
        jobs_wait=view.queue is None or view.queue.backlog > 0,
    )
    return replace(
        situation, objects=tuple(_closely(found, survey, situation) for found in view.objects)
    )


# No source tells when a job was finished to more than half a minute.
_LEAST = timedelta(minutes=1)


def _work_within(policy: Policy, boot_allowance: timedelta) -> timedelta:
    """Return how long a worker may finish nothing while jobs wait.

    As long as the settings give a new one for its first jobs: so a fleet whose jobs are long has
    said so itself. And a beat may be late that tells of them.
    """
    longest = max(policy.gates.completions_within, boot_allowance, _LEAST)
    return longest + policy.silent_after


# A worker that was started three times and does not beat is not merely slow.
_RESTARTS = 2


def _closely(found: ObjectView, survey: RegionSurvey, situation: Situation) -> ObjectView:
    """Return the object with what a closer look at its instance showed."""
    closer = next((seen for seen in survey.closer if seen.instance == found.id), None)
    if closer is None:
        return found
    crashes = closer.restarts >= _RESTARTS and _may_crash(found, situation)
    health = Health.CRASHING if crashes else found.health
    return replace(found, user_data=closer.started, health=health)


def _may_crash(found: ObjectView, situation: Situation) -> bool:
    """Whether restarts on an instance's console tell of what it does now.

    A console keeps its lines for as long as the instance runs. So they say nothing of one that
    counts as a worker, nor of one that has finished jobs; a beat alone may come between two
    crashes.
    """
    if found.health is Health.HEALTHY:
        return not (found.completions or situation.works(found))
    return found.health in {Health.SILENT, Health.BOOTING}


def _unreadable(state_error: str, sample: RegionSample) -> str:
    """Return why nobody can tell what is true; queues that do not answer hide no instance."""
    errors = (state_error, sample.instances.error, sample.heartbeats.error)
    return "; ".join(dict.fromkeys(error for error in errors if error))


def _release(lineage: Lineage, view: RegionView) -> str:
    """Return what the region shall run: what its newest rollout ships, or what most tags say."""
    if lineage.newest is not None:
        return lineage.newest.request.label
    tags = Counter(found.tag for found in view.objects if found.tag is not None)
    return tags.most_common(1)[0][0] if tags else ""


def _cause(lineage: Lineage, name: RegionName) -> Failure | None:
    """Return why the newest rollout stopped in the region; None where it did not."""
    rollout = lineage.newest
    if rollout is None:
        return None
    region = rollout.region(name)
    if region.failure is not None:
        return region.failure
    halt = rollout.halt
    stopped_here = halt is not None and (halt.region == name or halt.at.unit == region.unit)
    return halt.failure if halt is not None and stopped_here else None
