"""CloudWatch alarms as gates, and muting them, on a real endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from console.adapters.aws.alarms import READS, SWITCHES, AlarmChoice, AwsAlarms
from console.adapters.aws.session import READS as WATCHER_READS
from console.adapters.aws.session import AwsSession
from console.domain.fleet import RegionName
from console.domain.probe import Answer
from console.domain.release import ReleaseLabel
from console.engine.ports import Probed
from tests.adapters.probes.asked import DIGEST, SINCE
from tests.adapters.probes.web import Reply, web

from .test_fleet import REGION

Client = Callable[[str], Any]
PROBED = Probed(RegionName(REGION), "checks", ReleaseLabel("0.9.1"), DIGEST, SINCE)


def put(client: Client, name: str, state: str = "OK", *, enabled: bool = True) -> None:
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        MetricName="runs",
        Namespace="checks",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
        ActionsEnabled=enabled,
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason=f"it is {state}")


def gate(name: str) -> AlarmChoice:
    return AlarmChoice(f"alarm {name}", name)


def alarms(*watched: AlarmChoice, muted: tuple[str, ...] = ()) -> AwsAlarms:
    session = AwsSession(allowed=READS | SWITCHES)
    return AwsAlarms(session, watched, [AlarmChoice(name=name) for name in muted])


@pytest.mark.parametrize(
    ("state", "answer"),
    [("OK", Answer.GOOD), ("ALARM", Answer.BAD), ("INSUFFICIENT_DATA", Answer.NO_DATA)],
)
async def test_an_alarm_answers_with_its_state(state: str, answer: Answer, client: Client) -> None:
    put(client, "quiet", state)
    (told,) = await alarms(gate("quiet")).ask(PROBED)
    assert (told.gate, told.answer, told.measured) == ("alarm quiet", answer, state)
    assert (f"quiet: it is {state}" in told.reason) == (answer is not Answer.GOOD)


async def test_all_alarms_of_a_region_are_one_call(client: Client) -> None:
    put(client, f"quiet-{REGION}")
    put(client, "late", "ALARM")
    calls: list[str] = []
    asked = alarms(gate("quiet-{region}"), gate("late"), gate("gone"))
    session: Any = asked._session
    call = session.call

    async def counted(service: str, region: str, act: Any) -> Any:
        calls.append(service)
        return await call(service, region, act)

    session.call = counted
    quiet, late, gone = await asked.ask(PROBED)
    assert calls == ["cloudwatch"]
    assert [a.answer for a in (quiet, late, gone)] == [Answer.GOOD, Answer.BAD, Answer.ERROR]
    assert gone.reason == f"there is no alarm gone in {REGION}"


async def test_an_endpoint_that_refuses_is_an_error_and_no_pass(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(client, "quiet")
    with web(Reply(403, b"<Error><Code>AccessDenied</Code></Error>")) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL", served.url)
        (told,) = await alarms(gate("quiet")).ask(PROBED)
    assert (told.answer, told.measured) == (Answer.ERROR, "no answer")
    assert REGION in told.reason


def tagged(*names: str, token: str = "") -> Reply:
    arns = [{"ResourceARN": f"arn:aws:cloudwatch:{REGION}:1:alarm:{name}"} for name in names]
    body = {"PaginationToken": token, "ResourceTagMappingList": arns}
    return Reply(200, json.dumps(body).encode())


async def test_alarms_with_a_tag_answer_together_with_the_worst(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulator's tagging API knows no alarms: one server on loopback stands for it."""
    put(client, "one:two")
    put(client, "three", "INSUFFICIENT_DATA")
    choice = AlarmChoice("alarms with team=checks", tags=(("team", "checks"),))
    with web(tagged("one:two", token="more"), tagged("three")) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API", served.url)
        asked = alarms(choice)
        (unknown,) = await asked.ask(PROBED)
        put(client, "one:two", "ALARM")
        (bad,) = await asked.ask(PROBED)
    assert (unknown.answer, unknown.measured) == (Answer.NO_DATA, "1 of 2 INSUFFICIENT_DATA")
    assert (bad.answer, bad.measured) == (Answer.BAD, "1 of 2 ALARM")
    # Which alarms carry the tag is asked once, page by page.
    assert len(served.asked) == 2


async def test_a_tag_that_no_alarm_carries_is_an_error_that_names_it(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = AlarmChoice("alarms with team=checks", tags=(("team", "checks"),))
    with web(tagged()) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API", served.url)
        (told,) = await alarms(choice).ask(PROBED)
    assert (told.answer, told.measured) == (Answer.ERROR, "no such alarm")
    assert told.reason == f"no alarm in {REGION} carries team=checks"


async def test_a_survey_tells_what_is_there_and_what_is_missing(client: Client) -> None:
    put(client, "quiet", "ALARM")
    put(client, "late", enabled=False)
    reading = await alarms(gate("quiet"), gate("gone"), muted=("late", "away")).survey(
        RegionName(REGION)
    )
    assert reading.value is not None
    (quiet,) = reading.value.watched["alarm quiet"]
    assert (quiet.state, quiet.may_act) == ("ALARM", True)
    (late,) = reading.value.muted
    assert (late.name, late.may_act) == ("late", False)
    assert reading.value.missing == (
        f"gates.alarms: there is no alarm gone in {REGION}",
        f"rollout.mute_alarms: there is no alarm away in {REGION}",
    )


def may_act(client: Client) -> dict[str, bool]:
    told = client("cloudwatch").describe_alarms()["MetricAlarms"]
    return {alarm["AlarmName"]: alarm["ActionsEnabled"] for alarm in told}


async def test_only_the_alarms_that_are_named_are_muted_and_act_again(client: Client) -> None:
    for name in ("one", "two", "other"):
        put(client, name)
    switch = alarms(muted=("one", "two"))

    assert await switch.mute(RegionName(REGION), ["one", "two"]) is None
    assert may_act(client) == {"one": False, "two": False, "other": True}

    assert await switch.unmute(RegionName(REGION), ["one", "two"]) is None
    assert may_act(client) == {"one": True, "two": True, "other": True}


async def test_a_session_that_only_looks_cannot_mute(client: Client) -> None:
    put(client, "one")
    looking = AwsAlarms(AwsSession(allowed=READS))
    failure = await looking.mute(RegionName(REGION), ["one"])
    assert failure is not None
    assert "one" in failure.message
    assert may_act(client) == {"one": True}


def test_a_watcher_may_look_at_alarms_and_switch_none() -> None:
    assert "DescribeAlarms" in WATCHER_READS
    assert not SWITCHES & WATCHER_READS
