"""Instances: they boot from their user data, do real jobs, and stop as they are told."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import psutil
import pytest

from console.sandbox.access_log import calls_in
from console.sandbox.books import read_books
from console.sandbox.credentials import SECRET, access_key_of
from console.sandbox.leftovers import INSTANCE_MARK, find_marked
from tests.sandbox.conftest import REGIONS, eventually

if TYPE_CHECKING:
    from tests.sandbox.conftest import Operator

REGION = "eu-west-1"


def calls(operator: Operator, action: str) -> list[dict[str, str]]:
    return [call for call in calls_in(operator.layout.access_log) if call["action"] == action]


def launchers(instance: str) -> list[psutil.Process]:
    return find_marked(INSTANCE_MARK, instance)


@pytest.fixture
def idle_queues(operator: Operator, request: pytest.FixtureRequest) -> dict[str, str]:
    """Queues that the producer does not know."""
    return operator.make_queues(REGION, prefix=f"{request.node.name[-60:]}-")


def context_of(directory: Path, script: str) -> Path:
    (directory / "launcher.sh").write_text(script)
    (directory / "Dockerfile").write_text('FROM busybox\nENTRYPOINT ["sh", "launcher.sh"]\n')
    return directory


def test_the_fleet_does_its_jobs_and_the_books_say_so(operator: Operator) -> None:
    def complete() -> bool:
        books = read_books(operator.world.directory)
        return books is not None and books.done >= 20 and books.min_healthy == REGIONS

    eventually(complete, "every region complete and twenty jobs done")
    books = read_books(operator.world.directory)
    assert books is not None
    assert (books.lost, books.duplicated, books.dead) == (0, 0, 0)
    assert books.by_release == {"0.9.0": books.done}
    assert books.sent >= books.done
    assert books.wait_p50_s is not None
    assert 0.1 <= books.wait_p50_s < 5


def test_the_access_log_tells_which_instance_beats(operator: Operator) -> None:
    instance = operator.run_instance("us-east-1", "#cloud-config\n")
    operator.terminate("us-east-1", instance)
    assert calls(operator, "TerminateInstances")[-1]["access_key"] == "AKIATESTOPERATOR0000"
    beats = eventually(lambda: calls(operator, "PutMetricData"), "a beat")
    running = operator.ec2("us-east-1").describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["running"]}]
    )
    worker = running["Reservations"][0]["Instances"][0]["InstanceId"]
    assert access_key_of(worker) in {call["access_key"] for call in beats}
    assert {call["service"] for call in beats} == {"cloudwatch"}


def test_the_same_queue_name_in_two_regions_is_two_queues(operator: Operator) -> None:
    for region in REGIONS:
        url = operator.sqs(region).create_queue(QueueName="apart")["QueueUrl"]
        operator.sqs(region).send_message(QueueUrl=url, MessageBody=region)
    for region in REGIONS:
        messages = operator.sqs(region).receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        assert [message["Body"] for message in messages["Messages"]] == [region]


def test_rubbish_as_user_data_is_told_on_the_console_and_starts_nothing(
    operator: Operator,
) -> None:
    instance = operator.run_instance(REGION, "#!/bin/sh\necho hello\n")
    eventually(lambda: "nothing was started" in operator.console(instance), "the console's word")
    assert "not cloud-config" in operator.console(instance)
    assert launchers(instance) == []
    operator.terminate(REGION, instance)


def test_ec2_gives_the_real_console_output(
    operator: Operator, idle_queues: dict[str, str], tmp_path: Path
) -> None:
    digest = operator.build(context_of(tmp_path, "echo out of the launcher; exit 3\n"))
    instance = operator.run_instance(REGION, operator.user_data(REGION, idle_queues, digest))
    eventually(lambda: "exit code 3" in operator.console(instance), "the launcher's end")
    output = operator.ec2(REGION).get_console_output(InstanceId=instance)["Output"]
    assert "out of the launcher" in output
    assert "Linux version" in output
    assert launchers(instance) == []
    operator.terminate(REGION, instance)


def test_a_launcher_that_does_not_stop_is_killed_with_its_children(
    operator: Operator, idle_queues: dict[str, str], tmp_path: Path
) -> None:
    script = "trap '' TERM\nsetsid sleep 600 &\necho stubborn\nwhile :; do sleep 600; done\n"
    digest = operator.build(context_of(tmp_path, script))
    instance = operator.run_instance(REGION, operator.user_data(REGION, idle_queues, digest))
    eventually(lambda: "stubborn" in operator.console(instance), "the launcher's start")
    assert launchers(instance)
    operator.terminate(REGION, instance)
    eventually(lambda: "Power down" in operator.console(instance), "power down")
    assert launchers(instance) == []


def test_a_stopped_instance_boots_again_when_it_is_started(
    operator: Operator, idle_queues: dict[str, str], tmp_path: Path
) -> None:
    digest = operator.build(context_of(tmp_path, "exec sleep 600\n"))
    instance = operator.run_instance(REGION, operator.user_data(REGION, idle_queues, digest))
    eventually(lambda: launchers(instance), "the launcher")
    operator.ec2(REGION).stop_instances(InstanceIds=[instance])
    eventually(lambda: "Power down" in operator.console(instance), "power down")
    assert launchers(instance) == []
    operator.ec2(REGION).start_instances(InstanceIds=[instance])
    eventually(lambda: launchers(instance), "the launcher again")
    operator.terminate(REGION, instance)


def test_beats_are_found_by_get_metric_data_in_any_order_of_dimensions(
    operator: Operator,
) -> None:
    cloudwatch = boto3.client(
        "cloudwatch",
        region_name=REGION,
        endpoint_url=operator.world.aws_endpoint,
        aws_access_key_id="AKIATESTOPERATOR0000",
        aws_secret_access_key=SECRET,
    )
    running = operator.ec2(REGION).describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["running"]}]
    )
    instance = running["Reservations"][0]["Instances"][0]["InstanceId"]

    def beats() -> list[float]:
        now = datetime.now(UTC)
        answer = cloudwatch.get_metric_data(
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(seconds=5),
            MetricDataQueries=[
                {
                    "Id": "beats",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "checks",
                            "MetricName": "heartbeat",
                            "Dimensions": [
                                {"Name": "Release", "Value": "0.9.0"},
                                {"Name": "Fleet", "Value": operator.world.spec.fleet},
                                {"Name": "InstanceId", "Value": instance},
                            ],
                        },
                        "Period": 10,
                        "Stat": "Sum",
                    },
                }
            ],
        )
        return answer["MetricDataResults"][0]["Values"]

    assert sum(eventually(beats, "a beat")) >= 1


def test_the_oldest_message_has_an_age_in_cloudwatch(operator: Operator) -> None:
    cloudwatch = boto3.client(
        "cloudwatch",
        region_name=REGION,
        endpoint_url=operator.world.aws_endpoint,
        aws_access_key_id="AKIATESTOPERATOR0000",
        aws_secret_access_key=SECRET,
    )
    client = operator.sqs(REGION)
    url = client.create_queue(QueueName="ages")["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="x")

    def ages() -> list[float]:
        now = datetime.now(UTC)
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName="ApproximateAgeOfOldestMessage",
            Dimensions=[{"Name": "QueueName", "Value": "ages"}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(seconds=5),
            Period=60,
            Statistics=["Maximum"],
        )
        return [point["Maximum"] for point in answer["Datapoints"] if point["Maximum"] > 0]

    assert max(eventually(ages, "an age")) < 300


def test_user_data_comes_back_as_it_was_sent(operator: Operator) -> None:
    instance = operator.run_instance(REGION, "#cloud-config\n")
    answer = operator.ec2(REGION).describe_instance_attribute(
        InstanceId=instance, Attribute="userData"
    )
    assert base64.b64decode(answer["UserData"]["Value"]) == b"#cloud-config\n"
    operator.terminate(REGION, instance)
