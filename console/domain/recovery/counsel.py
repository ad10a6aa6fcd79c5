"""What does a rollout that ends advise for each region that it leaves?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from console.domain.events import Noticed
from console.domain.observations import RegionSurvey
from console.domain.outcome import RegionOutcome, RegionPhase
from console.domain.recovery.advice import Advice, Standing, advise
from console.domain.recovery.assembly import situation_of
from console.domain.recovery.lineage import lineage_of
from console.domain.recovery.next_step import again
from console.domain.recovery.promise import compared, is_kept
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.situation import Situation, Slot
from console.domain.recovery.typed import command_line, sentence
from console.domain.rollout import Rollout
from console.domain.view import Health

# Another release is a decision of its own, and a region that is merely behind goes on with --auto.
_NOT_HERE = {Remedy.FINISH}


def with_advice(
    outcome: RegionOutcome, rollout: Rollout, survey: RegionSurvey, now: datetime
) -> RegionOutcome:
    """Return the outcome with what is true, and with the moves that lead on.

    A region that is whole needs none.
    """
    situation = _situation(rollout, survey, now)
    if not situation.needs_somebody and outcome.phase is not RegionPhase.FAILED:
        return outcome
    advice = advise(situation)
    lines = (
        *_moves(advice, situation, rollout),
        *_later(advice, situation, rollout),
        *_elsewhere(situation, rollout),
    )
    return replace(outcome, happened=advice.happened[-1:], next=lines)


def against_promise(rollout: Rollout, survey: RegionSurvey, now: datetime) -> Iterator[Noticed]:
    """Yield what is true of a region that the rollout was advised for, beside what was promised.

    Nothing where it has changed nothing: then the region is as it was.
    """
    promised = next((p for p in rollout.request.promised if p.region == survey.region), None)
    if promised is None or not rollout.has_changed:
        return
    situation = _situation(rollout, survey, now)
    text = f"{survey.region}: {compared(promised, situation)}"
    if is_kept(promised, situation):
        yield Noticed(text, survey.region, is_good=True)
    else:
        look = f"release-console recover --region {survey.region} {rollout.request.where}".rstrip()
        yield Noticed(f"{text}; what may be done: {look}", survey.region)


def _situation(rollout: Rollout, survey: RegionSurvey, now: datetime) -> Situation:
    told = lineage_of(survey.region, [rollout])
    lineage = replace(told, before=survey.before or told.before)
    allowance = rollout.policy.gates.deadline
    return situation_of(survey, lineage, rollout.policy, now, allowance)


def _moves(advice: Advice, situation: Situation, rollout: Rollout) -> Iterator[str]:
    """Yield what may be done now, and only this: the recommended move first."""
    for option in advice.options:
        is_best = option.standing is Standing.RECOMMENDED
        if not option.may_be_made or (option.remedy in _NOT_HERE and not is_best):
            continue
        line = command_line(option, situation, rollout.fleet, rollout.request.where)
        yield f"{'recommended' if is_best else 'or'}, {sentence(option).lower()}: {line}"


def _later(advice: Advice, situation: Situation, rollout: Rollout) -> Iterator[str]:
    """Yield what may be done as soon as something else is true."""
    where, region = rollout.request.where, situation.region
    if situation.error:
        look = f"release-console recover --region {region} {where}".rstrip()
        yield f"once {region} can be read again, this tells which move leads on: {look}"
    accept = advice.option(Remedy.ACCEPT)
    waited_for = [slot for slot in situation.slots if slot.index in accept.slots]
    if accept.standing is Standing.FORBIDDEN and any(_may_be_slow(slot) for slot in waited_for):
        line = command_line(accept, situation, rollout.fleet, where)
        yield f"or, if the new ones are only slow, as soon as they have finished jobs: {line}"


def _may_be_slow(slot: Slot) -> bool:
    """Whether nobody can tell yet that the slot's new instance is a bad one: it never beat."""
    found = slot.current
    return found is not None and found.health in _NOT_YET and found.last_beat is None


_NOT_YET = {Health.BOOTING, Health.SILENT}


def _elsewhere(situation: Situation, rollout: Rollout) -> Iterator[str]:
    """Yield what goes on where a gate has failed and no instance has."""
    if rollout.request.scale is not None:
        return  # it has shipped nothing, and no other region waits for it
    if situation.is_whole and situation.healthy >= situation.desired:
        yield (
            f"or, where {rollout.request.label} is not to blame, nothing has to be mended in "
            f"{situation.region}; the regions that do not have it: {again(rollout)}"
        )
