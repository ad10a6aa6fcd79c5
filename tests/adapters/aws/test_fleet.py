"""What AWS shows of a fleet, on an emulator's real protocol."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.adapters.aws.fleet import AwsFleet, FleetSpec
from console.adapters.aws.metrics import Workers
from console.adapters.aws.queues import QueueNames, Queues, QueueUrls
from console.adapters.aws.session import AwsSession, AwsTrouble
from console.adapters.heartbeats.cloudwatch import CloudWatchHeartbeats
from console.domain.failure import Failure
from console.domain.fleet import InstanceId, RegionName
from console.domain.release import ReleaseLabel

REGION = RegionName("eu-west-1")
DIGEST = f"sha256:{'a' * 64}"
IMAGE = f"repo@{DIGEST}"
SPEC = FleetSpec(fleet="checks", home=REGION)

Client = Callable[[str], Any]


def make_fleet(spec: FleetSpec = SPEC, dead_letter: str | None = "work-dlq") -> AwsFleet:
    session = AwsSession()
    workers = Workers("heartbeats", "checks")
    heartbeats = CloudWatchHeartbeats(
        session, workers, timedelta(seconds=10), window=timedelta(minutes=5)
    )
    queues = Queues(session, QueueNames("work", "results", dead_letter))
    return AwsFleet(spec, session, queues, heartbeats)


def launch(
    client: Client,
    *,
    release: str = "1",
    slot: int = 0,
    fleet: str = "checks",
    user_data: str = "",
) -> str:
    ec2 = client("ec2")
    tags = {"Fleet": fleet, "Slot": str(slot), "Version": release, "Image": IMAGE}
    told = ec2.run_instances(
        ImageId="ami-12c6146b",  # one that the emulator knows
        MinCount=1,
        MaxCount=1,
        UserData=user_data,
        TagSpecifications=[
            {
                "ResourceType": "instance",
                "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            }
        ],
    )
    return str(told["Instances"][0]["InstanceId"])


def beat(
    client: Client, instance: str, release: str, *, ago: float = 1, runs: int = 0, failures: int = 0
) -> None:
    put(client, instance, release, {"heartbeat": 1, "runs": runs, "failures": failures}, ago=ago)


def put(
    client: Client,
    instance: str,
    release: str,
    values: dict[str, int],
    *,
    ago: float,
    digest: str | None = None,
) -> None:
    whose = {"Fleet": "checks", "InstanceId": instance, "Release": release}
    if digest is not None:
        whose["Digest"] = digest
    client("cloudwatch").put_metric_data(
        Namespace="heartbeats",
        MetricData=[
            {
                "MetricName": name,
                "Value": value,
                "StorageResolution": 1,
                "Timestamp": datetime.now(UTC) - timedelta(seconds=ago),
                "Dimensions": [{"Name": key, "Value": text} for key, text in whose.items()],
            }
            for name, value in values.items()
        ],
    )


def make_queues(client: Client) -> dict[str, str]:
    sqs = client("sqs")
    return {
        name: sqs.create_queue(QueueName=name)["QueueUrl"]
        for name in ("work", "results", "work-dlq")
    }


async def test_instances_are_told_with_slot_and_tags(client: Client) -> None:
    mine = launch(client, release="1", slot=3)
    launch(client, fleet="another")
    (found,) = (await make_fleet().sample(REGION, ())).instances.value or ()
    assert (found.id, found.state, found.slot) == (mine, "running", 3)
    assert found.target is not None
    assert (found.target.release, found.target.image) == ("1", IMAGE)
    assert found.launched_at is not None
    assert found.private_address


async def test_a_terminated_instance_is_none_of_them(client: Client) -> None:
    instance = launch(client)
    client("ec2").terminate_instances(InstanceIds=[instance])
    assert (await make_fleet().sample(REGION, ())).instances.value == ()


async def test_a_tag_that_is_no_number_is_no_slot(client: Client) -> None:
    instance = launch(client)
    client("ec2").create_tags(Resources=[instance], Tags=[{"Key": "Slot", "Value": "[/]x"}])
    (found,) = (await make_fleet().sample(REGION, ())).instances.value or ()
    assert found.slot is None


async def test_a_heartbeat_counts_the_jobs_of_the_window(client: Client) -> None:
    instance = launch(client, release="1")
    for ago in (40, 30, 20):
        beat(client, instance, "1", ago=ago, runs=5, failures=1)
    sample = await make_fleet().sample(REGION, ())
    (found,) = sample.heartbeats.value or ()
    assert (found.instance, found.release, found.runs, found.failures) == (instance, "1", 15, 3)
    assert found.completions == 12
    assert found.last_at is not None
    assert timedelta(seconds=19) <= sample.at - found.last_at <= timedelta(seconds=41)


async def test_the_jobs_of_the_last_minute_are_told_apart(client: Client) -> None:
    working, stopped = launch(client, release="1"), launch(client, release="1")
    for instance in (working, stopped):
        beat(client, instance, "1", ago=240, runs=40)
    beat(client, working, "1", ago=45, runs=5, failures=1)
    beat(client, working, "1", ago=5, runs=3)
    beat(client, stopped, "1", ago=5)
    beats = (await make_fleet().sample(REGION, ())).heartbeats.value or ()
    found = {b.instance: (b.completions, b.last_minute) for b in beats}
    assert found == {working: (47, 7), stopped: (40, 0)}


async def test_a_worker_that_reports_its_digest_is_known_by_it(client: Client) -> None:
    whole, whole_alone, head_alone, other, is_silent = (
        launch(client, slot=slot) for slot in range(5)
    )
    for instance in (whole, whole_alone, head_alone, other, is_silent):
        beat(client, instance, "1")
    for instance in (whole, head_alone):
        for _ in range(2):  # what two beats report is not to be summed up
            put(client, instance, "1", {"digest": 0xAAAAAAAAAAAA}, ago=1)
    put(client, other, "1", {"digest": 0x0FFEDCBA9876}, ago=1)
    for instance in (whole, whole_alone):
        put(client, instance, "1", {"heartbeat": 1}, ago=1, digest=DIGEST)
    put(client, other, "1", {"heartbeat": 1}, ago=1, digest=f"sha256:0ffedcba9876{'0' * 52}")
    sample = await make_fleet().sample(REGION, [ReleaseLabel("1")])
    digests = {found.instance: found.digest for found in sample.heartbeats.value or ()}
    assert digests == {
        whole: DIGEST,
        whole_alone: DIGEST,
        head_alone: "a" * 12,
        other: "0ffedcba9876",
        is_silent: None,
    }


async def test_a_digest_that_was_replaced_by_hand_is_not_hidden_by_earlier_beats(
    client: Client,
) -> None:
    instance = launch(client)
    put(client, instance, "1", {"heartbeat": 1, "digest": 0xAAAAAAAAAAAA}, ago=70)
    put(client, instance, "1", {"heartbeat": 1}, ago=70, digest=DIGEST)
    put(client, instance, "1", {"heartbeat": 1, "digest": 0x0FFEDCBA9876}, ago=1)
    (found,) = (await make_fleet().sample(REGION, ())).heartbeats.value or ()
    assert found.digest == "0ffedcba9876"


async def test_what_lies_before_the_window_is_not_counted(client: Client) -> None:
    instance = launch(client)
    beat(client, instance, "1", ago=1200, runs=100)
    beat(client, instance, "1", ago=5, runs=1)
    (found,) = (await make_fleet().sample(REGION, ())).heartbeats.value or ()
    assert found.runs == 1


async def test_an_instance_is_asked_for_other_releases_than_its_tag_says(client: Client) -> None:
    instance = launch(client, release="2")
    beat(client, instance, "1")
    sample = await make_fleet().sample(REGION, [ReleaseLabel("1"), ReleaseLabel("2")])
    beats = {found.release: found.last_at is not None for found in sample.beats_of(instance)}
    assert beats == {"2": False, "1": True}


async def test_later_looks_add_what_is_new_and_count_nothing_twice(client: Client) -> None:
    instance = launch(client)
    for ago in (100, 50, 10):
        beat(client, instance, "1", ago=ago, runs=1)
    fleet = make_fleet()
    await fleet.sample(REGION, ())
    beat(client, instance, "1", ago=0, runs=5)
    for _ in range(3):
        (found,) = (await fleet.sample(REGION, ())).heartbeats.value or ()
        assert found.runs == 8


async def test_a_new_instance_is_seen_at_the_next_look(client: Client) -> None:
    launch(client)
    fleet = make_fleet()
    await fleet.sample(REGION, ())
    newer = launch(client, slot=1)
    beat(client, newer, "1", ago=90, runs=2)
    sample = await fleet.sample(REGION, ())
    assert [found.runs for found in sample.beats_of(newer)] == [2]


async def test_a_worker_that_fell_silent_is_remembered(client: Client) -> None:
    instance = launch(client)
    before = datetime.now(UTC)
    beat(client, instance, "1", ago=200)
    after = datetime.now(UTC)
    sample = await make_fleet().sample(REGION, ())
    (found,) = sample.heartbeats.value or ()
    assert found.last_at is not None
    ago = timedelta(seconds=200)
    # What CloudWatch gives is the start of the half minute.
    assert before - ago - timedelta(seconds=30) <= found.last_at <= after - ago
    assert instance not in sample.healthy(timedelta(seconds=60))


async def test_a_fresh_heartbeat_makes_a_healthy_instance(client: Client) -> None:
    instance = launch(client)
    beat(client, instance, "1")
    assert (await make_fleet().sample(REGION, ())).healthy(timedelta(seconds=30)) == {instance}


async def test_more_pairs_than_one_call_takes_are_asked_in_several(client: Client) -> None:
    instance = launch(client)
    beat(client, instance, "199")
    releases = [ReleaseLabel(str(number)) for number in range(200)]
    beats = (await make_fleet().sample(REGION, releases)).heartbeats.value or ()
    assert len(beats) == 200
    assert [found.release for found in beats if found.last_at] == ["199"]


async def test_queues_are_counted(client: Client) -> None:
    urls = make_queues(client)
    sqs = client("sqs")
    for number in range(4):
        sqs.send_message(QueueUrl=urls["work"], MessageBody=json.dumps({"id": number}))
    sqs.receive_message(QueueUrl=urls["work"])
    sqs.send_message(QueueUrl=urls["work-dlq"], MessageBody="{}")
    queue = (await make_fleet().sample(REGION, ())).queue.value
    assert queue is not None
    assert (queue.backlog, queue.in_flight, queue.dead_letters) == (3, 1, 1)
    assert queue.oldest is None


async def test_the_age_of_the_oldest_job_comes_from_cloudwatch(client: Client) -> None:
    make_queues(client)
    client("cloudwatch").put_metric_data(
        Namespace="AWS/SQS",
        MetricData=[
            {
                "MetricName": "ApproximateAgeOfOldestMessage",
                "Value": 83,
                "Timestamp": datetime.now(UTC) - timedelta(seconds=30),
                "Dimensions": [{"Name": "QueueName", "Value": "work"}],
            }
        ],
    )
    queue = (await make_fleet().sample(REGION, ())).queue.value
    assert queue is not None
    assert queue.oldest == timedelta(seconds=83)


async def test_a_fleet_without_a_dead_letter_queue_has_no_dead_letters(client: Client) -> None:
    make_queues(client)
    queue = (await make_fleet(dead_letter=None).sample(REGION, ())).queue.value
    assert queue is not None
    assert queue.dead_letters == 0


async def test_the_urls_for_terraform_are_those_of_sqs(client: Client) -> None:
    urls = make_queues(client)
    queues = Queues(AwsSession(), QueueNames("work", "results"))
    assert await queues.urls(REGION) == QueueUrls(urls["work"], urls["results"])


async def test_a_queue_that_does_not_exist_is_a_failure_with_a_hint(aws: str) -> None:
    failure = await Queues(AwsSession(), QueueNames("work", "results")).urls(REGION)
    assert isinstance(failure, Failure)
    assert "there is no such queue" in failure.message
    assert "settings" in failure.hint


async def test_a_source_that_fails_hides_no_other(client: Client) -> None:
    instance = launch(client)
    beat(client, instance, "1")
    sample = await make_fleet().sample(REGION, ())
    assert sample.queue.error is not None
    assert "no such queue" in sample.queue.error
    assert sample.healthy(timedelta(seconds=30)) == {instance}


async def test_a_source_that_cannot_be_reached_is_an_error_with_a_hint(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_queues(client)
    monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:9")
    sample = await make_fleet().sample(REGION, ())
    assert sample.instances.error is not None
    assert "could not be reached" in sample.instances.error
    assert "AWS_ENDPOINT_URL" in sample.instances.error
    assert sample.heartbeats.error is not None
    assert sample.queue.error is None


async def test_a_source_that_hangs_is_given_up_at_its_deadline(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_queues(client)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", f"http://127.0.0.1:{silent.getsockname()[1]}")
        fleet = make_fleet(replace(SPEC, deadline=timedelta(seconds=9)))
        sample = await fleet.sample(REGION, ())
    assert sample.instances.error == "EC2 in eu-west-1 did not answer within 9 s"
    assert sample.queue.error is None


async def test_who_we_are_is_told(aws: str) -> None:
    assert ":123456789012:" in ((await make_fleet().identity()).value or "")


async def test_no_machine_image_is_pinned_without_a_parameter(aws: str) -> None:
    reading = await make_fleet().ami(REGION)
    assert (reading.value, reading.error) == (None, None)


async def test_the_machine_image_is_looked_up(client: Client) -> None:
    client("ssm").put_parameter(Name="/our/ami", Value="ami-123", Type="String")
    reading = await make_fleet(replace(SPEC, ami_parameter="/our/ami")).ami(REGION)
    assert reading.value == "ami-123"


async def test_the_end_of_the_console_is_shown_as_it_is(client: Client) -> None:
    reading = await make_fleet().console_output(REGION, InstanceId(launch(client)))
    assert reading.error is None
    assert len((reading.value or "").splitlines()) <= 40


async def test_a_read_only_session_sends_no_change(client: Client) -> None:
    instance = launch(client)
    answer = await AwsSession().call(
        "ec2", REGION, lambda ec2: ec2.terminate_instances(InstanceIds=[instance])
    )
    assert isinstance(answer, AwsTrouble)
    assert "may only read" in answer.message
    (found,) = (await make_fleet().sample(REGION, ())).instances.value or ()
    assert found.is_running


async def test_missing_credentials_are_told_with_a_hint(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    reading = await make_fleet().identity()
    assert reading.error is not None
    assert "no AWS credentials were found" in reading.error
    assert "log in" in reading.error


async def test_a_bug_of_ours_is_no_trouble_with_aws(aws: str) -> None:
    with pytest.raises(ZeroDivisionError):
        await AwsSession().call("sts", REGION, lambda _: 1 // 0)
