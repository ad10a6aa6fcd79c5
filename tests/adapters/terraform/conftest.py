"""A client on a real Terraform, with a local state and a resource that needs no provider."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from console.adapters.aws.queues import QueueUrls
from console.adapters.aws.session import AwsSession
from console.adapters.terraform.binary import Binary
from console.adapters.terraform.client import TerraformClient
from console.adapters.terraform.runner import Runner
from console.adapters.terraform.spec import TerraformSpec
from console.adapters.terraform.variables import Given, Layout, Readiness
from console.domain.failure import Failure
from console.domain.fleet import RegionName, RegionState, SlotTarget, UnitName
from console.domain.plan import Plan
from console.domain.release import ImageRef, ReleaseLabel
from console.engine.ports import PlanRequest, Progress

EU = RegionName("eu-west-1")
UNIT = UnitName("eu-west-1")

ROOT = """
terraform {
  backend "local" {}
}
variable "slots" {
  type = list(object({ release = string, image = string }))
}
variable "check" {
  default = "true"
}
resource "terraform_data" "worker" {
  count            = length(var.slots)
  triggers_replace = [var.slots[count.index].release]
  lifecycle {
    create_before_destroy = true
  }
  provisioner "local-exec" {
    command = var.check
  }
}
output "releases" {
  value = var.slots[*].release
}
"""


def target(release: str) -> SlotTarget:
    return SlotTarget(ReleaseLabel(release), ImageRef(f"repo@sha256:{release[0] * 64}"))


class World:
    """One unit with a local state."""

    def __init__(self, root: Path, work_dir: Path, binary: Binary | None = None) -> None:
        self.root = root
        self.work_dir = work_dir
        self.binary = binary
        self.progress: list[Progress] = []
        self.plan_file = work_dir / "plans" / "1.tfplan"

    def client(self, **settings: object) -> TerraformClient:
        """A client; `settings` are the user's own variables."""
        self.runner = Runner(self.work_dir / "logs", binary=self.binary)
        return TerraformClient(self.spec(settings), self.runner, AwsSession(), find_queues)

    def spec(self, settings: Mapping[str, object]) -> TerraformSpec:
        return TerraformSpec(
            root=self.root,
            resource="terraform_data.worker",
            backend={"path": str(self.work_dir / "state" / "{region}.tfstate")},
            layout=Layout.PER_REGION,
            given=Given(
                fleet="checks",
                environment="test",
                namespace="checks",
                interval=timedelta(seconds=10),
                readiness=Readiness(),
                settings=settings,
            ),
            units={UNIT: (EU,)},
            regions={EU: 2},
            work_dir=self.work_dir,
        )

    async def plan(self, client: TerraformClient, *releases: str) -> Plan | Failure:
        slots = {EU: tuple(target(release) for release in releases)}
        request = PlanRequest(UNIT, slots, destination=self.plan_file)
        return await client.plan(request, self.progress.append)

    async def apply(self, client: TerraformClient) -> Failure | None:
        return await client.apply(UNIT, self.plan_file, self.progress.append)

    async def release(self, label: str, slots: int = 2, **settings: object) -> Failure | None:
        """Plan and apply `label` on every slot."""
        client = self.client(**settings)
        plan = await self.plan(client, *[label] * slots)
        assert isinstance(plan, Plan), plan
        return await self.apply(client)

    async def state(self, client: TerraformClient | None = None) -> RegionState:
        states = await (client or self.client()).read(UNIT)
        assert not isinstance(states, Failure), states
        return states[EU]

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(120):
            while not holds():
                await asyncio.sleep(0.01)


async def find_queues(region: RegionName) -> QueueUrls | Failure:
    return QueueUrls(f"https://sqs/{region}/work", f"https://sqs/{region}/results")


@pytest.fixture
def world(write_root: Callable[[str], Path], tmp_path: Path) -> World:
    return World(write_root(ROOT), tmp_path / "work")


Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start something whose program is called terraform and which does nothing.

    Its environment is given by name; `cwd` is where it runs.
    """
    program = tmp_path / "terraform"
    shutil.copy(shutil.which("cat") or "", program)
    started: list[subprocess.Popen[bytes]] = []

    def run(cwd: Path | None = None, **environment: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [program],
            env={**os.environ, **environment},
            cwd=cwd or tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(process)
        # It has to have answered: Linux lets the parent go on before the new program's environment
        # is laid out, and until then it reads as empty.
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b".")
        process.stdin.flush()
        assert process.stdout.read(1) == b"."
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, start: Start) -> Start:
    """Start something that is the only Terraform on the machine, as far as the console sees."""
    begun: list[int] = []

    def run(cwd: Path | None = None, **environment: str) -> subprocess.Popen[bytes]:
        process = start(cwd, **environment)
        begun.append(process.pid)
        return process

    where = "console.adapters.terraform"
    monkeypatch.setattr(f"{where}.lock_holder.processes", lambda: tuple(begun))
    monkeypatch.setattr(f"{where}.left_running.processes", lambda: tuple(begun))
    return run
