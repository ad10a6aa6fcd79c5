"""All workers of a region are killed between rollouts: somebody hears of it, and soon."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
import yaml

from console.founding import terraform_root, up
from console.sandbox.control import environment, stop
from console.sandbox.credentials import OPERATOR_KEY, SECRET
from console.sandbox.spec import RunningWorld, WorldSpec
from tests.notify.webhook import Webhook
from tests.terminal import on_terminal

from .world import Line, SandboxWorld, wait_until

REGION = "us-west-1"
INTERVAL = timedelta(seconds=5)
REFRESH = timedelta(seconds=2)
LOADED = timedelta(seconds=20)
"""What a machine that runs a whole world may be late by."""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningWorld]:
    """A sandbox of two regions whose workers beat every five seconds."""
    spec = WorldSpec(
        tmp_path / "world",
        terraform_root("region"),
        regions={"us-east-1": 1, REGION: 2},
        heartbeat_interval=INTERVAL,
    )
    made, _ = asyncio.run(up(spec, print))
    try:
        yield made
    finally:
        stop(made.directory)


def settings(world: SandboxWorld, webhook: Webhook) -> Path:
    """Write the world's settings with somebody to notify."""
    told = yaml.safe_load(world.config.read_text("utf-8"))
    told["notify"] = ["${HOOK}"]
    told["nothing_happens"] = {"intervals": 3}
    path = world.directory / "notifying.yaml"
    path.write_text(yaml.safe_dump(told), "utf-8")
    return path


def test_the_watch_rings_a_webhook_is_told_and_the_alarm_is_raised(
    running: RunningWorld, webhook: Webhook
) -> None:
    world = SandboxWorld(running.directory)
    command = (sys.executable, "-m", "console.cli", "--watch")
    config = settings(world, webhook)
    wait_until(lambda: alarm(running) == "OK", 90)
    with (
        on_terminal(
            [*command, "--config", str(config)], clean() | {"HOOK": webhook.address}
        ) as watch,
        without_screen(config, webhook) as lines,
    ):
        wait_until(lambda: "2/2" in watch.text(), 60)
        wait_until(lambda: f"{REGION} works" in [line["text"] for line in lines()], 60)
        assert (watch.terminal.rung, webhook.posts) == (0, [])

        kill_all(running)
        killed = datetime.now(UTC)

        wait_until(lambda: bool(webhook.posts), 60)
        assert webhook.arrived[0] - killed <= 3 * INTERVAL + REFRESH + LOADED
        wait_until(lambda: f"nothing happens in {REGION} since" in watch.text(), 60)
        wait_until(lambda: f"nothing happens in {REGION}" in watch.terminal.title, 60)
        assert watch.terminal.rung == 1
        # Missing data is a breach: a minute of it, and the time until it is looked at.
        wait_until(lambda: alarm(running) == "ALARM", 120)
        # The watch without a screen noticed it too; of all that watch, one tells.
        assert any("nothing happens in" in line["text"] for line in lines() if "region" in line)
        assert len(webhook.posts) == 1
    (told,) = webhook.posts
    assert f"nothing happens in {REGION} since" in told["title"]
    assert f"release-console recover --region {REGION} --config" in told["message"]


@contextmanager
def without_screen(config: Path, webhook: Webhook) -> Iterator[Callable[[], list[Line]]]:
    """Watch as a service does; give what it has told so far. It ends by SIGTERM, and well."""
    output = config.with_suffix(".jsonl")
    with output.open("wb") as stdout:
        process = subprocess.Popen(
            [sys.executable, "-m", "console.cli", "watch", "--json", "--config", str(config)],
            stdout=stdout,
            stdin=subprocess.DEVNULL,
            env=clean() | {"HOOK": webhook.address},
        )
    try:
        yield lambda: [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    finally:
        process.terminate()
        assert process.wait(30) == 0


def clean() -> dict[str, str]:
    """Return the tests' own environment, without what would name another AWS."""
    return {n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "RELEASE_CONSOLE_"))}


def alarm(running: RunningWorld) -> str:
    """Return the state of the module's alarm in the region."""
    client = boto3.client(
        "cloudwatch",
        region_name=REGION,
        endpoint_url=running.aws_endpoint,
        aws_access_key_id=OPERATOR_KEY,
        aws_secret_access_key=SECRET,
    )
    name = f"{running.spec.fleet}-nothing-happens-{REGION}"
    (found,) = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found["StateValue"]


def kill_all(running: RunningWorld) -> None:
    """Terminate every instance of the region behind everybody's back."""
    known = environment(running.directory)
    client = boto3.client(
        "ec2",
        region_name=REGION,
        endpoint_url=running.aws_endpoint,
        aws_access_key_id=known["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=known["AWS_SECRET_ACCESS_KEY"],
    )
    found = client.describe_instances()["Reservations"]
    ids = [machine["InstanceId"] for each in found for machine in each["Instances"]]
    assert len(ids) == 2
    client.terminate_instances(InstanceIds=ids)
