"""After surgery the real provider has nothing to do: with the module that ships, on real states."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from console.adapters.aws.queues import QueueUrls
from console.adapters.aws.session import AwsSession
from console.adapters.terraform.client import TerraformClient
from console.adapters.terraform.runner import Runner
from console.adapters.terraform.spec import TerraformSpec
from console.adapters.terraform.variables import Given, Layout, Readiness
from console.domain.failure import Failure
from console.domain.fleet import RegionState, SlotIndex, SlotTarget
from console.domain.plan import Plan
from console.domain.release import ReleaseLabel
from console.engine.ports import PlanRequest

from .conftest import EU, UNIT, target
from .test_shipped_roots import TERRAFORM

OLD, NEW = target("1"), target("2")
ZERO, ONE = SlotIndex(0), SlotIndex(1)


class RegionOnAws:
    """The region's root on an emulated EC2, with its state in an emulated S3."""

    def __init__(self, work_dir: Path) -> None:
        self._work_dir = work_dir
        ignored = shutil.ignore_patterns(".terraform*", "*.tftest.hcl", "*_override.tf")
        tree = shutil.copytree(TERRAFORM, work_dir / "terraform", ignore=ignored)
        module = tree / "modules/worker-fleet"
        shutil.copy(module / "without_ssh_override.tf.example", module / "without_ssh_override.tf")
        self._root = tree / "region"

    def client(self, await_command: str = "true") -> TerraformClient:
        backend: dict[str, str | bool | int] = {
            "bucket": "states",
            "key": "a",
            "region": EU,
            "use_lockfile": True,
        }
        readiness = Readiness(await_command)
        spec = TerraformSpec(
            root=self._root,
            resource="module.workers.aws_instance.worker",
            backend=backend,
            layout=Layout.PER_REGION,
            given=Given("checks", "test", "beats", timedelta(seconds=10), readiness),
            units={UNIT: (EU,)},
            regions={EU: 2},
            work_dir=self._work_dir / "work",
        )
        runner = Runner(self._work_dir / "logs")
        return TerraformClient(spec, runner, AwsSession(), find_queues)

    async def plan(self, client: TerraformClient, *slots: SlotTarget) -> Plan:
        request = PlanRequest(UNIT, {EU: slots}, amis={EU: "ami-12c6146b"}, destination=self._plan)
        plan = await client.plan(request, lambda _: None)
        assert isinstance(plan, Plan), plan
        return plan

    async def apply(self, client: TerraformClient) -> Failure | None:
        return await client.apply(UNIT, self._plan, lambda _: None)

    async def state(self) -> RegionState:
        states = await self.client().read(UNIT)
        assert not isinstance(states, Failure), states
        return states[EU]

    @property
    def _plan(self) -> Path:
        return self._work_dir / "plans" / "1.tfplan"


async def find_queues(region: str) -> QueueUrls | Failure:
    return QueueUrls(f"https://sqs/{region}/work", f"https://sqs/{region}/results")


@pytest.fixture
def region(client: Callable[[str], Any], tmp_path: Path) -> RegionOnAws:
    client("s3").create_bucket(
        Bucket="states", CreateBucketConfiguration={"LocationConstraint": EU}
    )
    return RegionOnAws(tmp_path)


async def test_a_region_that_failed_is_whole_again_without_a_boot(
    region: RegionOnAws, client: Callable[[str], Any]
) -> None:
    well = region.client()
    await region.plan(well, OLD, OLD)
    assert await region.apply(well) is None
    for slot in (ZERO, ONE):
        assert await well.taint(UNIT, EU, slot) is None
    failing = region.client("false")
    await region.plan(failing, NEW, NEW)
    assert await region.apply(failing) is not None
    failed = await region.state()
    assert len(failed.objects) == 4
    instances = every_instance(client)

    for slot in (ZERO, ONE):
        (old,) = failed.deposed(slot)
        assert await well.promote(UNIT, EU, slot, old.instance, {EU: (OLD, OLD)}) is None

    plan = await region.plan(well, OLD, OLD)
    assert (plan.effective, plan.output_changes) == ((), ())
    assert every_instance(client) == instances

    # An orphan that proves itself may be given a slot, here in the place of the old one.
    orphan = failed.current(ONE)
    assert orphan is not None
    assert orphan.target == SlotTarget(ReleaseLabel("2"), NEW.image)
    assert await well.forget(UNIT, EU, ONE) is None
    assert await well.adopt(UNIT, EU, ONE, orphan.instance, {EU: (OLD, NEW)}) is None

    plan = await region.plan(well, OLD, NEW)
    assert (plan.effective, plan.output_changes) == ((), ())
    # What it was adopted with is its own user data, not what the slot was planned to have.
    plan = await region.plan(well, OLD, OLD)
    assert [(change.slot, change.instance) for change in plan.effective] == [(ONE, orphan.instance)]
    assert every_instance(client) == instances


def every_instance(client: Callable[[str], Any]) -> set[tuple[str, str]]:
    """Return the ids and states that EC2 has."""
    reservations = client("ec2").describe_instances()["Reservations"]
    return {(i["InstanceId"], i["State"]["Name"]) for r in reservations for i in r["Instances"]}
