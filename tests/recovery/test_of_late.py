"""Has an instance that once finished jobs proven itself, though it has finished none of late?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain.fleet import InstanceId, QueueSample, RegionState, SlotIndex, StateObject
from console.domain.observations import RegionSurvey
from console.domain.policy import GateRules, Policy, RegionSpec, Unit
from console.domain.recovery.assembly import situation_of
from console.domain.recovery.lineage import Lineage
from console.domain.recovery.situation import Situation
from console.domain.vocabulary import UnitName
from tests.gates.looks import EU, NEW, NOW, beat, look, machine

FULL, EMPTY = QueueSample(5, 1, 0), QueueSample(0, 1, 0)
USUAL = GateRules(completions_min=1)
"""Five minutes for the first job."""
SLOW = GateRules(completions_min=1, completions_within=timedelta(minutes=20))
QUICK = GateRules(completions_min=1, completions_within=timedelta(seconds=20))
BOOT = timedelta(minutes=2)
STATE = RegionState(9, "lineage", (StateObject("worker[0]", SlotIndex(0), InstanceId("i-0"), NEW),))


def seen(
    rules: GateRules, queue: QueueSample | str, ago: timedelta | None, boot: timedelta = BOOT
) -> Situation:
    """A region whose worker beats, and finished its newest job so long ago: or nobody tells."""
    policy = Policy((RegionSpec(EU, 1, 1),), (Unit(UnitName(EU), 1, (EU,)),), gates=rules)
    told = replace(beat("i-0"), worked_at=None if ago is None else NOW - ago)
    survey = RegionSurvey(EU, STATE, look((machine("i-0", 0),), (told,), queue))
    return situation_of(survey, Lineage(EU), policy, NOW, boot)


MINUTES = [timedelta(minutes=number) for number in range(20)]


@pytest.mark.parametrize(
    ("situation", "is_proven"),
    [
        (seen(USUAL, FULL, MINUTES[4]), True),
        (seen(USUAL, FULL, MINUTES[14]), False),
        (seen(USUAL, "Throttling", MINUTES[14]), False),
        (seen(USUAL, EMPTY, MINUTES[14]), True),
        (seen(SLOW, FULL, MINUTES[14]), True),
        (seen(USUAL, FULL, MINUTES[14], boot=MINUTES[15]), True),
        (seen(replace(USUAL, completions_min=None), FULL, MINUTES[14]), True),
        (seen(USUAL, FULL, None), True),
        (seen(QUICK, FULL, timedelta(seconds=50), boot=timedelta(seconds=20)), True),
    ],
    ids=[
        "a while ago",
        "long ago, and jobs wait",
        "long ago, and nobody can tell whether jobs wait",
        "long ago, and none waits",
        "the gate waits as long",
        "readiness waits as long",
        "a heartbeat is enough",
        "the source tells no times",
        "no source tells times so exactly",
    ],
)
def test_who_has_worked_of_late_is_proven(situation: Situation, *, is_proven: bool) -> None:
    (found,) = situation.objects
    assert situation.is_proven(found) is is_proven
