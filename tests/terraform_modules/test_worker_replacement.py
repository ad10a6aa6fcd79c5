"""Does an old worker survive until its replacement has shown that it works?

A real Terraform against an AWS endpoint in this process. SSH is taken out with the override that
the module ships, so that this also proves the override.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

Run = Callable[..., CompletedProcess[str]]
Init = Callable[..., None]

OLD = {"release": "0.9.0", "image": f"registry.example.com/checks@sha256:{'a' * 64}"}
NEW = {"release": "0.9.1", "image": f"registry.example.com/checks@sha256:{'b' * 64}"}
# Two that the endpoint knows: the provider asks for the root device of an image.
FIRST_AMI, SECOND_AMI = "ami-1e749f67", "ami-35e92e4c"


class Region:
    """The `region/` root, applied with local state against the endpoint."""

    def __init__(self, directory: Path, run: Run, endpoint: str) -> None:
        self.directory = directory
        self._run = run
        self._environment = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def terraform(self, *arguments: str) -> CompletedProcess[str]:
        return self._run(self.directory, *arguments, **self._environment)

    def plan(self, slots: list[dict[str, str]], await_command: str, **more: str) -> list[Any]:
        """Save a plan and return the resource changes that do something."""
        variables = {
            "region": "eu-west-1",
            "fleet": "checks",
            "environment": "test",
            "slots": slots,
            "work_queue_url": "https://sqs.example.com/1/checks",
            "results_queue_url": "https://sqs.example.com/1/results",
            "ami_id": FIRST_AMI,
            "readiness": {"await_command": await_command, "within_seconds": 30},
        }
        (self.directory / "x.auto.tfvars.json").write_text(json.dumps(variables | more))
        done = self.terraform("plan", "-no-color", "-out=x.tfplan")
        assert done.returncode == 0, done.stderr
        shown = json.loads(self.terraform("show", "-json", "x.tfplan").stdout)
        changes = shown["resource_changes"]
        return [c for c in changes if c["change"]["actions"] not in (["no-op"], ["read"])]

    def apply(self) -> CompletedProcess[str]:
        return self.terraform("apply", "-no-color", "x.tfplan")

    def workers(self) -> list[Any]:
        state = json.loads(self.terraform("state", "pull").stdout)
        return [
            instance
            for resource in state["resources"]
            if resource["type"] == "aws_instance"
            for instance in resource["instances"]
        ]


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def region(tree: Path, terraform: Run, init: Init, endpoint: str) -> Region:
    module, root = tree / "modules/worker-fleet", tree / "region"
    shutil.copy(module / "without_ssh_override.tf.example", module / "without_ssh_override.tf")
    (root / "local_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
    init(root)
    return Region(root, terraform, endpoint)


def _command(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


def test_an_old_worker_goes_only_after_its_replacement_was_seen_to_work(
    region: Region, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    says_yes = _command(tmp_path / "says-yes", f'echo "$@" >>{calls}')
    says_no = _command(tmp_path / "says-no", "echo no heartbeat >&2; exit 1")

    region.plan([OLD, OLD], says_yes)
    first = region.apply()
    assert first.returncode == 0, first.stderr
    old = {w["index_key"]: w["attributes"]["id"] for w in region.workers()}
    asked = (
        "--region eu-west-1 --instance {} --release 0.9.0 "
        f"--digest {OLD['image'].partition('@')[2]} --completions 1 --within 30s"
    )
    assert sorted(calls.read_text().splitlines()) == sorted(asked.format(i) for i in old.values())

    # What only the provisioners or the next instance care about changes no instance.
    assert region.plan([OLD, OLD], says_no, ami_id=SECOND_AMI) == []

    (change,) = region.plan([OLD, NEW], says_no, ami_id=SECOND_AMI)
    assert change["address"] == "module.workers.aws_instance.worker[1]"
    assert change["change"]["actions"] == ["create", "delete"]

    failed = region.apply()
    assert failed.returncode == 1
    assert "no heartbeat" in failed.stderr
    found = [w for w in region.workers() if w["index_key"] == 1]
    (current,) = [w for w in found if "deposed" not in w]
    (deposed,) = [w for w in found if "deposed" in w]
    assert current["status"] == "tainted"
    assert current["attributes"]["tags"]["Version"] == "0.9.1"
    assert current["attributes"]["ami"] == SECOND_AMI
    assert deposed["attributes"]["id"] == old[1]
    assert deposed["attributes"]["instance_state"] == "running"
