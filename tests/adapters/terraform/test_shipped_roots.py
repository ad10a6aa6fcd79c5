"""The roots that ship with the product take what the console gives them. A plan of each is made by
the real provider, with its state in an emulated S3."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from console.adapters.aws.queues import QueueNames, Queues
from console.adapters.aws.session import AwsSession
from console.adapters.terraform.client import TerraformClient
from console.adapters.terraform.runner import Runner
from console.adapters.terraform.spec import TerraformSpec
from console.adapters.terraform.variables import Given, Layout, Readiness
from console.domain.failure import Failure
from console.domain.fleet import RegionName, UnitName
from console.domain.plan import Action, Plan
from console.engine.ports import PlanRequest

from .conftest import target

TERRAFORM = Path(__file__).parents[3] / "terraform"
REGIONS = {RegionName(name): 2 for name in ("us-east-1", "us-west-1", "eu-west-1")}
EU = RegionName("eu-west-1")
UNIT = UnitName("eu-west-1")

MakeClient = Callable[[Layout, str, str, str], TerraformClient]


@pytest.fixture
def make_client(client: Callable[[str], Any], tmp_path: Path) -> MakeClient:
    client("s3").create_bucket(
        Bucket="states", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )

    for region in REGIONS:
        sqs = boto3.client("sqs", region_name=region)
        for name in ("work", "results"):
            sqs.create_queue(QueueName=name)
    ignored = shutil.ignore_patterns(".terraform*", "*.tftest.hcl")
    roots = shutil.copytree(TERRAFORM, tmp_path / "terraform", ignore=ignored)

    def make(layout: Layout, root: str, resource: str, key: str) -> TerraformClient:
        session = AwsSession()
        queues = Queues(session, QueueNames("work", "results"))
        readiness = Readiness("true", completions=1, within=timedelta(minutes=5))
        spec = TerraformSpec(
            root=roots / root,
            resource=resource,
            backend={
                "bucket": "states",
                "key": key,
                "region": "eu-west-1",
                "use_lockfile": True,
            },
            layout=layout,
            given=Given("checks", "test", "beats", timedelta(seconds=10), readiness),
            units={UnitName(name): (name,) for name in REGIONS},
            regions=REGIONS,
            work_dir=tmp_path / "work",
        )
        return TerraformClient(spec, Runner(tmp_path / "work/logs"), session, queues.urls)

    return make


async def plan_of(client: TerraformClient, tmp_path: Path) -> Plan:
    request = PlanRequest(
        UNIT,
        {EU: (target("1"), target("2"))},
        amis={EU: "ami-12c6146b"},
        destination=tmp_path / "plans" / "1.tfplan",
    )
    plan = await client.plan(request, lambda _: None)
    assert isinstance(plan, Plan), plan
    return plan


async def test_the_region_root(make_client: MakeClient, tmp_path: Path) -> None:
    client = make_client(
        Layout.PER_REGION, "region", "module.workers.aws_instance.worker", "{region}.tfstate"
    )
    plan = await plan_of(client, tmp_path)
    assert plan.is_complete
    workers = [change for change in plan.effective if change.is_worker]
    assert [(c.region, c.slot, c.actions) for c in workers] == [
        (EU, 0, (Action.CREATE,)),
        (EU, 1, (Action.CREATE,)),
    ]
    assert [c.after for c in workers] == [target("1"), target("2")]
    assert {c.started_image for c in workers} <= {None, target("1").image, target("2").image}


async def test_the_single_root_is_planned_for_one_region(
    make_client: MakeClient, tmp_path: Path
) -> None:
    resource = "module.workers-{region}.aws_instance.worker"
    client = make_client(Layout.SINGLE_ROOT, "single-root", resource, "all.tfstate")
    plan = await plan_of(client, tmp_path)
    assert plan.is_complete
    workers = [change for change in plan.effective if change.is_worker]
    assert [(c.region, c.slot, c.after) for c in workers] == [
        (EU, 0, target("1")),
        (EU, 1, target("2")),
    ]
    assert all("workers-eu-west-1" in change.address for change in plan.effective)
    states = await client.read(UNIT)
    assert not isinstance(states, Failure)
    assert set(states) == {EU}


async def test_units_that_are_initialised_at_once_do_not_disturb_each_other(
    make_client: MakeClient,
) -> None:
    clients = [
        make_client(
            Layout.PER_REGION, "region", "module.workers.aws_instance.worker", "{region}.tfstate"
        )
        for _ in range(2)
    ]
    done = await asyncio.gather(
        *(client.prepare(UnitName(name)) for client in clients for name in REGIONS)
    )
    assert done == [None] * 6
