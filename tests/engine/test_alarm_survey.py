"""Preflight looks at the alarms that the settings name before anything is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.domain.failure import Failure, FailureKind
from console.domain.fleet import Reading, RegionName
from console.engine.alarm_survey import Alarmed, look_at_alarms
from console.engine.ports import AlarmSeen, AlarmsSeen
from tests.rollout.world import START

EU = RegionName("eu-west-1")


@dataclass
class Seen:
    """Alarms as a test says that they are."""

    reading: Reading[AlarmsSeen]

    async def survey(self, region: RegionName) -> Reading[AlarmsSeen]:
        """Return what the test says."""
        return self.reading

    async def mute(self, region: RegionName, names: Sequence[str]) -> Failure | None:
        """Preflight changes nothing."""
        raise AssertionError("preflight mutes nothing")

    unmute = mute


def alarm(name: str, state: str = "OK", *, may_act: bool = True) -> AlarmSeen:
    return AlarmSeen(name, state, "1 datapoint was below 1", may_act)


async def look(**seen: object) -> Alarmed:
    value = AlarmsSeen(**{"watched": {}, **seen})  # type: ignore[arg-type]
    return await look_at_alarms(Seen(Reading(START, value)), EU)


async def test_settings_without_alarms_ask_for_nothing() -> None:
    assert await look_at_alarms(None, EU) == Alarmed()


async def test_an_alarm_that_rings_already_is_told_and_remembered_by_its_gate() -> None:
    found = await look(watched={"alarm a": (alarm("a"),), "alarm b": (alarm("b", "ALARM"),)})
    assert found.alarming == ("alarm b",)
    assert found.problems == ()
    (note,) = found.notes
    assert note.startswith(f"{EU}: the alarm b is in ALARM before the rollout")


async def test_only_alarms_that_would_wake_somebody_are_muted() -> None:
    found = await look(muted=(alarm("loud"), alarm("quiet", may_act=False)))
    assert found.to_mute == ("loud",)
    assert found.notes == (
        f"{EU}: the actions of the alarm quiet are disabled already, and stay so",
    )


async def test_an_alarm_that_there_is_not_holds_the_rollout_back() -> None:
    found = await look(missing=("gates.alarms: there is no alarm gone in eu-west-1",))
    (problem,) = found.problems
    assert problem.kind is FailureKind.REFUSED
    assert "no alarm gone" in problem.message


async def test_alarms_that_cannot_be_read_hold_the_rollout_back() -> None:
    found = await look_at_alarms(Seen(Reading(START, error="AccessDenied")), EU)
    (problem,) = found.problems
    assert problem.kind is FailureKind.REFUSED
    assert "the alarms of eu-west-1 cannot be read: AccessDenied" in problem.message
