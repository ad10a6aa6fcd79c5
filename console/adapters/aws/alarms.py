"""Which CloudWatch alarms do the settings name, what do they say, and may they wake anybody?

Implements `ports.Probe` and `ports.Alarms`. One DescribeAlarms answers for all alarms of a region;
which of them carry a tag is asked of the tagging API, and remembered for some minutes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from console.adapters.aws.session import AwsSession, AwsTrouble
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import Reading, RegionName
from console.domain.probe import Answer, ProbeAnswer
from console.engine.ports import AlarmSeen, AlarmsSeen, Probed

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_cloudwatch.type_defs import CompositeAlarmTypeDef, MetricAlarmTypeDef

READS = frozenset({"DescribeAlarms", "GetResources"})
"""The operations that looking takes."""
SWITCHES = frozenset({"DisableAlarmActions", "EnableAlarmActions"})
"""The operations that muting takes, on top."""

_AT_ONCE = 100
"""Names that CloudWatch takes in one call."""
_TAGS_LAST = timedelta(minutes=5)
_DEADLINE_S = 10.0

_ANSWERS: Mapping[str, Answer] = {"OK": Answer.GOOD, "ALARM": Answer.BAD}


Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AlarmChoice:
    """One alarm by its name, or all those that carry certain tags."""

    gate: str = ""
    """The name of the gate that it is for; empty for one that is only muted."""
    name: str = ""
    """{region} stands for the region's name; empty where tags choose."""
    tags: Tags = ()
    """All of which it carries; empty where it is a name that chooses."""


class TaggingClient(Protocol):
    """The part of AWS's tagging API that is used."""

    def get_resources(self, **arguments: object) -> Mapping[str, Sequence[Mapping[str, str]]]:
        """Return a page of what carries certain tags."""


class AwsAlarms:
    """The alarms that the settings name, region by region."""

    def __init__(
        self,
        session: AwsSession,
        watched: Sequence[AlarmChoice] = (),
        muted: Sequence[AlarmChoice] = (),
    ) -> None:
        """Ask nothing yet.

        Args:
            session: one that is allowed `READS`, and `SWITCHES` where something shall be muted.
            watched: the alarms that gates look at.
            muted: the alarms that are muted while a region changes.
        """
        self._session = session
        self._watched = tuple(watched)
        self._muted = tuple(muted)
        self._tagged: dict[tuple[RegionName, Tags], tuple[float, tuple[str, ...]]] = {}

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates that it answers for, in the order of the settings."""
        return tuple(choice.gate for choice in self._watched)

    async def ask(self, probed: Probed) -> tuple[ProbeAnswer, ...]:
        """Look at the alarms of every gate, all of them in one call."""
        asked_at = datetime.now(UTC)
        try:
            async with asyncio.timeout(_DEADLINE_S):
                found = await self._look(probed.region, self._watched)
        except TimeoutError:
            found = AwsTrouble(f"cloudwatch in {probed.region} did not answer in {_DEADLINE_S:g} s")
        if isinstance(found, AwsTrouble):
            return tuple(
                ProbeAnswer(choice.gate, asked_at, Answer.ERROR, "no answer", found.text)
                for choice in self._watched
            )
        return tuple(_judged(choice, found[choice], probed, asked_at) for choice in self._watched)

    async def survey(self, region: RegionName) -> Reading[AlarmsSeen]:
        """Look at all of them, those to mute included."""
        at = datetime.now(UTC)
        found = await self._look(region, (*self._watched, *self._muted))
        if isinstance(found, AwsTrouble):
            return Reading(at, error=found.text)
        missing = (
            f"gates.alarms: {_absent(choice, region)}"
            for choice in self._watched
            if not found[choice]
        )
        missing_muted = (
            f"rollout.mute_alarms: {_absent(choice, region)}"
            for choice in self._muted
            if not found[choice]
        )
        muted = {alarm.name: alarm for choice in self._muted for alarm in found[choice]}
        return Reading(
            at,
            AlarmsSeen(
                {choice.gate: found[choice] for choice in self._watched},
                tuple(muted.values()),
                (*missing, *missing_muted),
            ),
        )

    async def mute(self, region: RegionName, names: Sequence[str]) -> Failure | None:
        """Keep the alarms from acting: their states go on changing, and nobody is woken."""
        return await self._switch(
            region,
            names,
            "muted",
            lambda client, some: client.disable_alarm_actions(AlarmNames=some),
        )

    async def unmute(self, region: RegionName, names: Sequence[str]) -> Failure | None:
        """Let the alarms act again."""
        return await self._switch(
            region,
            names,
            "unmuted",
            lambda client, some: client.enable_alarm_actions(AlarmNames=some),
        )

    async def _switch(
        self,
        region: RegionName,
        names: Sequence[str],
        done: str,
        act: Callable[[CloudWatchClient, list[str]], object],
    ) -> Failure | None:
        def switch(client: CloudWatchClient) -> None:
            for some in _portions(names):
                act(client, some)

        answer = await self._session.call("cloudwatch", region, switch)
        if not isinstance(answer, AwsTrouble):
            return None
        listed = ", ".join(names)
        message = f"alarms of {region} were not {done} ({listed}): {answer.message}"
        return Failure(FailureKind.FAILED, message, answer.hint)

    async def _look(
        self, region: RegionName, choices: Sequence[AlarmChoice]
    ) -> Mapping[AlarmChoice, tuple[AlarmSeen, ...]] | AwsTrouble:
        names: dict[AlarmChoice, tuple[str, ...]] = {}
        for choice in choices:
            chosen = await self._names(region, choice)
            if isinstance(chosen, AwsTrouble):
                return chosen
            names[choice] = chosen
        wanted = tuple(dict.fromkeys(name for some in names.values() for name in some))
        found = await self._session.call(
            "cloudwatch", region, lambda client: _describe(client, wanted)
        )
        if isinstance(found, AwsTrouble):
            return found
        return {
            choice: tuple(found[name] for name in some if name in found)
            for choice, some in names.items()
        }

    async def _names(self, region: RegionName, choice: AlarmChoice) -> tuple[str, ...] | AwsTrouble:
        tags = choice.tags
        if not tags:
            return (choice.name.replace("{region}", region),)
        known = self._tagged.get((region, tags))
        if known is not None and time.monotonic() - known[0] < _TAGS_LAST.total_seconds():
            return known[1]
        found = await self._session.call(
            "resourcegroupstaggingapi", region, lambda client: _tagged(client, tags)
        )
        if not isinstance(found, AwsTrouble):
            self._tagged[region, tags] = (time.monotonic(), found)
        return found


def _judged(
    choice: AlarmChoice, alarms: tuple[AlarmSeen, ...], probed: Probed, asked_at: datetime
) -> ProbeAnswer:
    """Return what the alarms of one gate say together: the worst of them."""

    def answer(what: Answer, measured: str, which: Iterable[AlarmSeen] = ()) -> ProbeAnswer:
        # Of one alarm the gate's own name tells which; a {region} in it is told all the same.
        reason = "; ".join(f"{alarm.name}: {alarm.reason}" for alarm in which)
        return ProbeAnswer(choice.gate, asked_at, what, measured, reason)

    if not alarms:
        absent = _absent(choice, probed.region)
        return ProbeAnswer(choice.gate, asked_at, Answer.ERROR, "no such alarm", absent)
    alarming = [alarm for alarm in alarms if _ANSWERS.get(alarm.state) is Answer.BAD]
    unknown = [alarm for alarm in alarms if alarm.state not in _ANSWERS]
    if alarming:
        return answer(Answer.BAD, _measured(alarming, alarms), alarming)
    if unknown:
        return answer(Answer.NO_DATA, _measured(unknown, alarms), unknown)
    return answer(Answer.GOOD, "OK" if len(alarms) == 1 else f"{len(alarms)} OK")


def _measured(some: Sequence[AlarmSeen], alarms: Sequence[AlarmSeen]) -> str:
    state = some[0].state
    return state if len(alarms) == 1 else f"{len(some)} of {len(alarms)} {state}"


def _absent(choice: AlarmChoice, region: str) -> str:
    if choice.tags:
        told = ", ".join(f"{key}={value}" for key, value in choice.tags)
        return f"no alarm in {region} carries {told}"
    return f"there is no alarm {choice.name.replace('{region}', region)} in {region}"


def _describe(client: CloudWatchClient, names: Sequence[str]) -> Mapping[str, AlarmSeen]:
    """Return the alarms with these names, those that there are.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    """
    found: dict[str, AlarmSeen] = {}
    for some in _portions(names):
        told = client.describe_alarms(
            AlarmNames=some, AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=_AT_ONCE
        )
        alarms: list[MetricAlarmTypeDef | CompositeAlarmTypeDef] = [
            *told.get("MetricAlarms", []),
            *told.get("CompositeAlarms", []),
        ]
        for alarm in alarms:
            found[alarm.get("AlarmName", "")] = AlarmSeen(
                alarm.get("AlarmName", ""),
                alarm.get("StateValue", "INSUFFICIENT_DATA"),
                alarm.get("StateReason", ""),
                alarm.get("ActionsEnabled", True),
            )
    return found


def _tagged(client: TaggingClient, tags: Tags) -> tuple[str, ...]:
    """Return the names of the alarms that carry all the tags.

    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
    """
    names: list[str] = []
    token = ""
    while True:
        told = client.get_resources(
            TagFilters=[{"Key": key, "Values": [value]} for key, value in tags],
            ResourceTypeFilters=["cloudwatch:alarm"],
            ResourcesPerPage=_AT_ONCE,
            **({"PaginationToken": token} if token else {}),
        )
        # arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME, and a name may have colons in it.
        arns = (found["ResourceARN"].split(":", 6) for found in told["ResourceTagMappingList"])
        names += [parts[6] for parts in arns if len(parts) == 7]
        token = str(told.get("PaginationToken") or "")
        if not token:
            return tuple(names)


def _portions(names: Sequence[str]) -> Iterable[list[str]]:
    return (list(names[first : first + _AT_ONCE]) for first in range(0, len(names), _AT_ONCE))
