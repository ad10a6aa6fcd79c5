"""A watch starts no Terraform, not even to read a state that nothing else can read."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from console.adapters.aws.session import AwsSession
from console.adapters.terraform.absent import AbsentRunner
from console.adapters.terraform.client import TerraformClient
from console.adapters.terraform.runner import Runner
from console.domain.failure import Failure, FailureKind

from .conftest import EU, UNIT, World, find_queues


def reader(world: World, runner: Runner) -> TerraformClient:
    """A client of a backend that only Terraform can read."""
    spec = dataclasses.replace(world.spec({}), backend={"address": "http://127.0.0.1:9/state"})
    return TerraformClient(spec, runner, AwsSession(), find_queues)


@pytest.mark.parametrize(("kind", "starts"), [(AbsentRunner, False), (Runner, True)])
async def test_a_state_that_only_terraform_can_read_stays_unread(
    kind: type[Runner],
    starts: bool,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terraform, was_started = tmp_path / "bin" / "terraform", tmp_path / "started"
    terraform.parent.mkdir()
    terraform.write_text(f"#!/bin/sh\ntouch {was_started}\nexit 1\n", encoding="utf-8")
    terraform.chmod(0o755)
    monkeypatch.setenv("PATH", f"{terraform.parent}:/usr/bin:/bin")

    read = await reader(world, kind(tmp_path / "logs")).read(UNIT)

    assert isinstance(read, Failure)
    assert was_started.exists() is starts
    assert (read.kind is FailureKind.REFUSED) is not starts


async def test_a_state_that_is_read_directly_needs_no_terraform(world: World) -> None:
    client = TerraformClient(
        world.spec({}), AbsentRunner(world.work_dir / "logs"), AwsSession(), find_queues
    )

    read = await client.read(UNIT)

    assert not isinstance(read, Failure)
    assert read[EU].objects == ()
