"""What do a region's alarms say before anything is changed?"""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName
from console.engine.ports import Alarms, AlarmSeen, AlarmsSeen


@dataclass(frozen=True, slots=True)
class Alarmed:
    """What preflight has to know of a region's alarms."""

    to_mute: tuple[str, ...] = ()
    """Those to mute while it changes: only what would wake somebody is muted, and unmuted."""
    alarming: tuple[str, ...] = ()
    """Gates whose alarms are in ALARM already."""
    problems: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()


async def look_at_alarms(alarms: Alarms | None, region: RegionName) -> Alarmed:
    """Return what a region's alarms say; nothing where the settings name none."""
    if alarms is None:
        return Alarmed()
    reading = await alarms.survey(region)
    if reading.value is None:
        return Alarmed(
            problems=(
                Failure(
                    FailureKind.REFUSED,
                    f"the alarms of {region} cannot be read: {reading.error}",
                    "release-console doctor tells what is reachable and what is not",
                ),
            )
        )
    seen = reading.value
    return Alarmed(
        to_mute=tuple(alarm.name for alarm in seen.muted if alarm.may_act),
        alarming=tuple(
            gate for gate, found in seen.watched.items() if any(map(_is_alarming, found))
        ),
        problems=tuple(
            Failure(
                FailureKind.REFUSED,
                missing,
                "create it, or take it out of the settings",
            )
            for missing in seen.missing
        ),
        notes=_notes(region, seen),
    )


def _notes(region: RegionName, seen: AlarmsSeen) -> tuple[str, ...]:
    before = {a.name: a for found in seen.watched.values() for a in found if _is_alarming(a)}
    alarming = (
        f"{region}: the alarm {alarm.name} is in ALARM before the rollout ({alarm.reason}): until "
        "it is OK once, it tells nothing of the release"
        for alarm in before.values()
    )
    silent = (
        f"{region}: the actions of the alarm {alarm.name} are disabled already, and stay so"
        for alarm in seen.muted
        if not alarm.may_act
    )
    return (*alarming, *silent)


def _is_alarming(alarm: AlarmSeen) -> bool:
    return alarm.state == "ALARM"
