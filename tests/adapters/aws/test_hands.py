"""The one change that the console makes in AWS by itself, and what holds it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from console.adapters.aws.hands import ALLOWED, AwsHands
from console.adapters.aws.session import READS, AwsSession, AwsTrouble
from console.domain.failure import FailureKind
from console.domain.fleet import InstanceId

from .test_fleet import REGION, launch, make_fleet

Client = Callable[[str], Any]


@pytest.fixture
def session() -> AwsSession:
    return AwsSession(allowed=ALLOWED)


@pytest.fixture
def hands(session: AwsSession) -> AwsHands:
    return AwsHands("checks", session)


def state_of(client: Client, instance: str) -> str:
    told = client("ec2").describe_instances(InstanceIds=[instance])
    return str(told["Reservations"][0]["Instances"][0]["State"]["Name"])


async def test_an_instance_of_the_fleet_is_terminated(client: Client, hands: AwsHands) -> None:
    mine, other = launch(client), launch(client)

    assert await hands.terminate(REGION, InstanceId(mine)) is None

    assert state_of(client, mine) in {"shutting-down", "terminated"}
    assert state_of(client, other) == "running"


async def test_terminating_what_is_gone_already_succeeds(client: Client, hands: AwsHands) -> None:
    instance = InstanceId(launch(client))
    await hands.terminate(REGION, instance)
    assert await hands.terminate(REGION, instance) is None


@pytest.mark.parametrize("fleet", ["another", "checks-2", ""])
async def test_an_instance_of_another_fleet_is_refused_and_runs_on(
    fleet: str, client: Client, hands: AwsHands
) -> None:
    instance = launch(client, fleet=fleet)

    failure = await hands.terminate(REGION, InstanceId(instance))

    assert failure is not None
    assert failure.kind is FailureKind.REFUSED
    assert "Fleet=checks" in failure.message
    assert state_of(client, instance) == "running"


async def test_an_instance_without_tags_is_refused(client: Client, hands: AwsHands) -> None:
    told = client("ec2").run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)
    instance = told["Instances"][0]["InstanceId"]

    failure = await hands.terminate(REGION, InstanceId(instance))

    assert failure is not None
    assert failure.kind is FailureKind.REFUSED
    assert state_of(client, instance) == "running"


async def test_an_instance_that_ec2_does_not_know_is_a_failure(aws: str, hands: AwsHands) -> None:
    failure = await hands.terminate(REGION, InstanceId("i-0123456789abcdef0"))
    assert failure is not None
    assert "EC2 does not know that instance" in failure.message


async def test_an_instance_that_is_protected_is_a_failure(client: Client, hands: AwsHands) -> None:
    instance = launch(client)
    client("ec2").modify_instance_attribute(
        InstanceId=instance, DisableApiTermination={"Value": True}
    )

    failure = await hands.terminate(REGION, InstanceId(instance))

    assert failure is not None
    assert failure.kind is FailureKind.FAILED
    assert instance in failure.message


def test_the_hands_can_do_two_things() -> None:
    assert sorted(ALLOWED) == ["DescribeInstances", "TerminateInstances"]
    assert list(ALLOWED - READS) == ["TerminateInstances"]


async def test_another_change_is_not_sent(client: Client, session: AwsSession) -> None:
    instance = launch(client)
    answer = await session.call(
        "ec2", REGION, lambda ec2: ec2.stop_instances(InstanceIds=[instance])
    )
    assert isinstance(answer, AwsTrouble)
    assert "StopInstances is not on the list" in answer.message
    assert state_of(client, instance) == "running"


async def test_user_data_tells_what_it_starts(client: Client) -> None:
    image = f"repo@sha256:{'b' * 64}"
    instance = launch(
        client,
        release="1",
        user_data=f"#cloud-config\n    content: |\n      RELEASE=2\n      IMAGE={image}\n",
    )
    reading = await make_fleet().user_data(REGION, InstanceId(instance))
    assert reading.value is not None
    # The tags say 1: what boots is what counts.
    assert (reading.value.release, reading.value.image) == ("2", image)


@pytest.mark.parametrize("text", ["", "#!/bin/sh\nexit\n", "RELEASE=2\n", "\x00\xff"])
async def test_user_data_that_tells_nothing_starts_nothing_known(text: str, client: Client) -> None:
    instance = launch(client, user_data=text)
    reading = await make_fleet().user_data(REGION, InstanceId(instance))
    assert (reading.value, reading.error) == (None, None)


async def test_user_data_that_cannot_be_read_is_an_error(aws: str) -> None:
    reading = await make_fleet().user_data(REGION, InstanceId("i-0123456789abcdef0"))
    assert reading.error is not None
