"""What does a rollout that ends advise for each region that it leaves?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from console.domain.observations import RegionSurvey
from console.domain.outcome import RegionOutcome, RegionPhase
from console.domain.recovery.advice import Option, Standing, advise
from console.domain.recovery.assembly import situation_of
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.situation import Situation
from console.domain.recovery.typed import command_line, sentence
from console.domain.rollout import Rollout

# Another release is a decision of its own, and a region that is merely behind goes on with --auto.
_NOT_HERE = {Remedy.FINISH}


def with_advice(
    outcome: RegionOutcome, rollout: Rollout, survey: RegionSurvey, now: datetime
) -> RegionOutcome:
    """Return the outcome with what is true, and with the moves that lead on.

    A region that is whole needs none.
    """
    allowance = rollout.policy.gates.deadline
    situation = situation_of(survey, rollout, rollout.policy, now, allowance)
    if not situation.needs_somebody and outcome.phase is not RegionPhase.FAILED:
        return outcome
    advice = advise(situation)
    made = [option for option in advice.options if option.may_be_made]
    return replace(
        outcome,
        happened=advice.happened[-1:],
        next=tuple(_lines(made, situation, rollout)),
    )


def _lines(options: list[Option], situation: Situation, rollout: Rollout) -> Iterator[str]:
    for option in options:
        if option.remedy in _NOT_HERE and option.standing is not Standing.RECOMMENDED:
            continue
        line = command_line(option, situation, rollout.fleet, rollout.request.where)
        word = "recommended" if option.standing is Standing.RECOMMENDED else "or"
        yield f"{word}, {sentence(option).lower()}: {line}"
