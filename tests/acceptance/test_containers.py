"""The whole way with Docker: build, test, push, pin by digest, and a fleet that boots from it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import requests
import yaml

from console.sandbox.control import load
from console.sandbox.spec import RunningWorld

from .world import Line, Ran, SandboxWorld, console

REGIONS = {"us-east-1": 1, "eu-west-1": 2}
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxWorld]:
    """A sandbox whose first fleet are containers. `.ci/engine` starts an engine where none is."""
    directory = tmp_path_factory.mktemp("containers") / "world"
    counts = ",".join(f"{region}={count}" for region, count in REGIONS.items())
    options = ("--detach", "--instances", "containers", "--regions", counts)
    ran = console("sandbox", "up", *options, "--dir", str(directory))
    try:
        assert ran.exit_code == 0, ran.stderr
        assert "instances are containers of Docker Engine" in ran.stderr
        yield SandboxWorld(directory)
    finally:
        console("sandbox", "down", "--dir", str(directory))


@pytest.fixture(scope="module")
def rollout(world: SandboxWorld) -> Ran:
    """0.9.0 -> 0.9.1."""
    return world.roll_out("0.9.1")


def test_a_rollout_on_containers_builds_tests_pushes_and_loses_no_job(
    world: SandboxWorld, rollout: Ran
) -> None:
    assert (rollout.exit_code, rollout.last["outcome"]) == (0, "completed"), rollout.stderr
    finished = {
        line["step"]: line["result"] for line in rollout.of_type("step.finished") if "step" in line
    }
    assert [finished[step] for step in ("build", "test", "push")] == ["ok"] * 3
    doctor = console("doctor", "--config", str(world.config))
    assert "containers of Docker Engine" in doctor.stdout
    status, books = world.settled(), world.books()
    assert rollout.of_type("rollout.started")[0]["environment"] == "sandbox-containers"
    for region, count in REGIONS.items():
        objects = status["regions"][region]["objects"]
        assert [each["heartbeat"] for each in objects] == ["0.9.1"] * count
        assert [each["health"] for each in objects] == ["healthy"] * count
    assert (books["lost"], books["dead"], books["min_healthy"]) == (0, 0, REGIONS)
    assert books["by_release"]["0.9.1"] > 0


def test_it_is_one_digest_from_the_push_to_the_heartbeats(
    world: SandboxWorld, rollout: Ran
) -> None:
    running = load(world.directory)
    assert running is not None
    (pushed,) = set(re.findall(r"push ok: (sha256:[0-9a-f]{64})", rollout.stderr))

    assert registry_digest(running, "0.9.1") == pushed
    for region, count in REGIONS.items():
        instances = [each["id"] for each in world.status()["regions"][region]["objects"]]
        assert len(instances) == count
        for instance in instances:
            told = user_data(running, region, instance)
            assert told["IMAGE"] == f"{running.registry}/sandbox/browser-check-worker@{pushed}"
            assert told["IMAGE_DIGEST"] == pushed
            # The worker's own word: on its console and in its heartbeats.
            assert f"release 0.9.1 ({pushed})" in console_output(running, region, instance)
            assert reported_digests(running, region, instance) == {pushed}
            assert reported_head(running, region, instance) == pushed.removeprefix("sha256:")[:12]


def client(running: RunningWorld, service: Any, region: str) -> Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=running.aws_endpoint,
        aws_access_key_id="AKIATESTOPERATOR0000",
        aws_secret_access_key="any",
    )


def registry_digest(running: RunningWorld, label: str) -> str:
    """What the registry's API serves for a tag."""
    url = f"http://{running.registry}/v2/sandbox/browser-check-worker/manifests/{label}"
    answer = requests.get(url, headers={"Accept": MANIFEST}, timeout=10)
    answer.raise_for_status()
    return answer.headers["Docker-Content-Digest"]


def user_data(running: RunningWorld, region: str, instance: str) -> dict[str, str]:
    """The variables of worker.env, from EC2."""
    told = client(running, "ec2", region).describe_instance_attribute(
        InstanceId=instance, Attribute="userData"
    )
    document = yaml.safe_load(base64.b64decode(told["UserData"]["Value"]))
    content = next(
        file["content"]
        for file in document["write_files"]
        if file["path"] == "/etc/worker/worker.env"
    )
    return dict(line.split("=", 1) for line in content.splitlines() if line)


def console_output(running: RunningWorld, region: str, instance: str) -> str:
    told = client(running, "ec2", region).get_console_output(InstanceId=instance)
    return str(told["Output"])


def reported_digests(running: RunningWorld, region: str, instance: str) -> set[str]:
    """The digests in the dimensions of the heartbeats as 0.9.1, as CloudWatch has them."""
    wanted: list[Line] = [
        {"Name": "InstanceId", "Value": instance},
        {"Name": "Release", "Value": "0.9.1"},
    ]
    told = client(running, "cloudwatch", region).list_metrics(
        Namespace="checks", MetricName="heartbeat", Dimensions=wanted
    )
    return {
        dimension["Value"]
        for metric in told["Metrics"]
        for dimension in metric["Dimensions"]
        if dimension["Name"] == "Digest"
    }


def reported_head(running: RunningWorld, region: str, instance: str) -> str:
    """The digest's head in the newest heartbeats, as CloudWatch has it."""
    now = datetime.now(UTC)
    dimensions: list[Line] = [
        {"Name": "Fleet", "Value": running.spec.fleet},
        {"Name": "InstanceId", "Value": instance},
        {"Name": "Release", "Value": "0.9.1"},
    ]
    metric = {"Namespace": "checks", "MetricName": "digest", "Dimensions": dimensions}
    told = client(running, "cloudwatch", region).get_metric_data(
        StartTime=now - timedelta(minutes=2),
        EndTime=now + timedelta(seconds=5),
        MetricDataQueries=[
            {"Id": "digest", "MetricStat": {"Metric": metric, "Period": 10, "Stat": "Maximum"}}
        ],
    )
    (head,) = set(told["MetricDataResults"][0]["Values"])
    return f"{int(head):012x}"
