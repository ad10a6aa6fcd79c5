"""One world for all tests of the sandbox, with real endpoints, real workers and real queues."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from console.sandbox.control import environment, start_detached, stop
from console.sandbox.credentials import SECRET
from console.sandbox.images import ImageStore
from console.sandbox.layout import Layout
from console.sandbox.spec import SAMPLE_WORKER, WorldSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from types_boto3_ec2 import EC2Client
    from types_boto3_sqs import SQSClient

    from console.sandbox.spec import RunningWorld

REGIONS = {"us-east-1": 1, "eu-west-1": 2}


def eventually(condition: Callable[[], Any], what: str, seconds: float = 120) -> Any:
    """Wait until a condition gives something true, and return it."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        if outcome := condition():
            return outcome
        pause.wait(0.05)
    pytest.fail(f"not within {seconds} s: {what}")


@dataclass(frozen=True, slots=True)
class Operator:
    """What an operator does to a world, by the AWS API only."""

    world: RunningWorld

    @property
    def layout(self) -> Layout:
        return Layout(self.world.directory)

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.world.directory)

    def ec2(self, region: str) -> EC2Client:
        return boto3.client(
            "ec2",
            region_name=region,
            endpoint_url=self.world.aws_endpoint,
            aws_access_key_id="AKIATESTOPERATOR0000",
            aws_secret_access_key=SECRET,
        )

    def sqs(self, region: str) -> SQSClient:
        return boto3.client(
            "sqs",
            region_name=region,
            endpoint_url=self.world.sqs_endpoint,
            aws_access_key_id="AKIATESTOPERATOR0000",
            aws_secret_access_key=SECRET,
        )

    def make_queues(self, region: str, prefix: str = "", visibility: int = 30) -> dict[str, str]:
        """Make work, results and dead-letter queue; returns their URLs."""
        client = self.sqs(region)
        dead = client.create_queue(QueueName=f"{prefix}checks-dlq")["QueueUrl"]
        arn = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
        redrive = {"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": 2}
        work = client.create_queue(
            QueueName=f"{prefix}checks",
            Attributes={
                "VisibilityTimeout": str(visibility),
                "RedrivePolicy": json.dumps(redrive),
            },
        )["QueueUrl"]
        results = client.create_queue(QueueName=f"{prefix}results")["QueueUrl"]
        return {"work": work, "results": results, "dead": dead}

    def user_data(self, region: str, queues: dict[str, str], image: str) -> str:
        lines = {
            "AWS_REGION": region,
            "WORK_QUEUE": queues["work"],
            "RESULTS_QUEUE": queues["results"],
            "FLEET": self.world.spec.fleet,
            "RELEASE": "0.9.0",
            "IMAGE": f"sandbox/worker@{image}",
            "IMAGE_DIGEST": image,
            "WORKERS": "2",
            "HEARTBEAT_NAMESPACE": "checks",
            "HEARTBEAT_INTERVAL": "0.5",
        }
        content = "".join(f"      {name}={value}\n" for name, value in lines.items())
        path = "/etc/worker/worker.env"
        return f"#cloud-config\nwrite_files:\n  - path: {path}\n    content: |\n{content}"

    def run_instance(self, region: str, user_data: str) -> str:
        answer = self.ec2(region).run_instances(
            ImageId="ami-12c6146b", MinCount=1, MaxCount=1, UserData=user_data
        )
        return answer["Instances"][0]["InstanceId"]

    def terminate(self, region: str, instance: str) -> None:
        self.ec2(region).terminate_instances(InstanceIds=[instance])

    def console(self, instance: str) -> str:
        path = self.layout.console_log(instance)
        return path.read_text() if path.exists() else ""

    def build(self, context: Path = SAMPLE_WORKER, label: str = "0.9.0") -> str:
        store = ImageStore(self.layout.images)
        image = store.build(context, repository="sandbox/worker", label=label, revision="abc")
        return image.digest


@pytest.fixture(scope="session")
def spec(tmp_path_factory: pytest.TempPathFactory) -> WorldSpec:
    return WorldSpec(
        directory=tmp_path_factory.mktemp("world"),
        terraform_root=Path("/nowhere/terraform/region"),
        regions=REGIONS,
        rate=2,
        job_time=timedelta(seconds=0.1),
        boot_delay=timedelta(seconds=0.2),
        stop_grace=timedelta(seconds=8),
    )


@pytest.fixture(scope="session")
def operator(spec: WorldSpec) -> Iterator[Operator]:
    """A world with its queues and its instances."""
    operator = Operator(start_detached(spec))
    digest = operator.build()
    for region, count in REGIONS.items():
        queues = operator.make_queues(region)
        for _ in range(count):
            operator.run_instance(region, operator.user_data(region, queues, digest))
    yield operator
    stop(spec.directory)


@pytest.fixture
def small_spec(spec: WorldSpec, tmp_path: Path) -> WorldSpec:
    """A world of its own for a test that ends it; its workers have long enough to end."""
    return replace(
        spec,
        directory=tmp_path / "small",
        regions={"us-east-1": 1},
        stop_grace=timedelta(seconds=60),
    )
