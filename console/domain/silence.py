"""Does anything happen in a region?

Asked at every look, in a rollout and between rollouts. A look that could not be made decides
nothing: "cannot be seen" is another sentence than "nothing happens", and neither starts an incident
nor ends one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from console.domain.counted import counted
from console.domain.fleet import Heartbeat, RegionName, RegionSample
from console.domain.sentence import Sentence, Tone


@dataclass(frozen=True, slots=True)
class SilenceRules:
    """When nothing happens in a region."""

    beats_within: timedelta
    """No worker of the region has beaten for longer than this."""
    work_within: timedelta | None
    """Jobs wait, and none has been finished for longer than this; None does not ask."""
    boot_allowance: timedelta
    """How long a new instance may take to beat for the first time."""


class Stillness(StrEnum):
    """What a region was found to be doing."""

    WORKS = "works"
    UNSEEN = "unseen"
    """AWS did not answer: nobody can tell."""
    SILENT = "silent"
    """No worker beats."""
    IDLE = "idle"
    """Workers beat, jobs wait, and none is finished."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a region from all the looks at it."""

    region: RegionName
    state: Stillness = Stillness.WORKS
    since: datetime | None = None
    """Since when it is so; None where that is longer ago than anybody has looked back."""
    incident: datetime | None = None
    """When it was first noticed that nothing happens; None while something does."""
    still_since: datetime | None = None
    """Since when nothing happens; kept while the region cannot be seen."""
    last_beat: datetime | None = None
    """The newest of all its workers."""
    worked_at: datetime | None = None
    """When a job was last finished."""
    waiting_since: datetime | None = None
    """Since when jobs wait at every look; None while none does."""
    workers: int = 0
    """Instances that run."""
    backlog: int | None = None
    error: str = ""
    """Why it cannot be seen."""


def look(before: Standing | None, sample: RegionSample, rules: SilenceRules) -> Standing:
    """Return what is known of a region after one more look.

    Args:
        before: what was known; None before the first look.
        sample: what was seen.
        rules: when nothing happens.
    """
    known = before or Standing(sample.region)
    error = sample.instances.error or sample.heartbeats.error
    if error is not None:
        since = known.since if known.state is Stillness.UNSEEN else sample.at
        return replace(known, state=Stillness.UNSEEN, since=since, error=error)
    seen = _noted(known, sample)
    if _is_silent(seen, sample, rules):
        return _still(seen, Stillness.SILENT, seen.last_beat, sample.at)
    if _is_idle(seen, sample, rules):
        started = max(filter(None, (seen.worked_at, seen.waiting_since)))
        return _still(seen, Stillness.IDLE, started, sample.at)
    is_same = known.state is Stillness.WORKS
    since = known.since if is_same and before is not None else sample.at
    works = Stillness.WORKS
    return replace(seen, state=works, since=since, incident=None, still_since=None)


def has_begun(before: Standing | None, now: Standing) -> bool:
    """Return whether nothing happens since the last look, and somebody has to be told."""
    return now.incident is not None and (before is None or before.incident is None)


def has_ended(before: Standing | None, now: Standing) -> bool:
    """Return whether something happens again."""
    return before is not None and before.incident is not None and now.incident is None


def tell(standing: Standing) -> Sentence:
    """Say what a region is doing."""
    where, since = standing.region, _since(standing.since)
    waiting = f"; {counted(standing.backlog, 'job')} waiting" if standing.backlog else ""
    match standing.state:
        case Stillness.UNSEEN:
            text = f"{where} cannot be seen{since}: {standing.error}"
            return Sentence(text, Tone.BAD if standing.incident else Tone.WARN)
        case Stillness.SILENT:
            who = f"none of its {counted(standing.workers, 'running instance')} beats"
            why = who if standing.workers else "no instance runs"
            return Sentence(f"nothing happens in {where}{since}: {why}{waiting}", Tone.BAD)
        case Stillness.IDLE:
            why = f"{counted(standing.workers, 'instance')} up, and no job is finished"
            return Sentence(f"nothing happens in {where}{since}: {why}{waiting}", Tone.BAD)
        case Stillness.WORKS:
            return Sentence(f"{where} works", Tone.GOOD)


def tell_of_end(before: Standing, now: Standing) -> Sentence:
    """Say that something happens again, and for how long nothing did."""
    began = before.still_since or before.incident
    if began is None or now.since is None:
        return Sentence(f"{now.region} works again", Tone.GOOD)
    seconds = max(timedelta(0), now.since - began).total_seconds()
    text = f"{now.region} works again: nothing happened there for {seconds:.0f} s"
    return Sentence(text, Tone.GOOD)


def _noted(known: Standing, sample: RegionSample) -> Standing:
    """Return what is known with what this look has shown, not judged yet."""
    beats = sample.heartbeats.value or ()
    queue = sample.queue.value if sample.queue.error is None else None
    waiting_since = known.waiting_since
    if queue is not None:
        waiting_since = (waiting_since or sample.at) if queue.backlog else None
    return replace(
        known,
        last_beat=_newest(known.last_beat, *(beat.last_at for beat in beats)),
        worked_at=_newest(known.worked_at, *(_worked_at(beat, sample.at) for beat in beats)),
        waiting_since=waiting_since,
        workers=sum(instance.is_running for instance in sample.instances.value or ()),
        backlog=queue.backlog if queue is not None else None,
        error="",
    )


def _worked_at(beat: Heartbeat, now: datetime) -> datetime | None:
    """When it last finished a job; now, where a source counts jobs and tells no times."""
    return beat.worked_at if beat.worked_at is not None or not beat.completions else now


def _newest(*times: datetime | None) -> datetime | None:
    return max((time for time in times if time is not None), default=None)


def _is_silent(seen: Standing, sample: RegionSample, rules: SilenceRules) -> bool:
    if seen.last_beat is not None:
        return sample.at - seen.last_beat > rules.beats_within
    # A first worker may need a while to boot.
    booted = sample.at - rules.boot_allowance
    return not any(
        instance.is_alive and instance.launched_at is not None and instance.launched_at > booted
        for instance in sample.instances.value or ()
    )


def _is_idle(seen: Standing, sample: RegionSample, rules: SilenceRules) -> bool:
    if rules.work_within is None or seen.waiting_since is None or not seen.backlog:
        return False
    started = max(filter(None, (seen.worked_at, seen.waiting_since)))
    return sample.at - started > rules.work_within


def _still(
    seen: Standing, state: Stillness, since: datetime | None, noticed_at: datetime
) -> Standing:
    incident = seen.incident or noticed_at
    return replace(seen, state=state, since=since, still_since=since, incident=incident)


def _since(at: datetime | None) -> str:
    return f" since {at:%H:%M:%S} UTC" if at is not None else ""
