"""States as they are kept, in S3 and in files."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from console.adapters.aws.session import AwsSession
from console.adapters.terraform.addresses import Addresses
from console.adapters.terraform.sources import (
    LocalState,
    PulledState,
    RawState,
    S3State,
    source_of,
)
from console.adapters.terraform.state import StateError, parse_lock, parse_state
from console.domain.failure import Failure
from console.domain.fleet import ObjectKind, RegionName

EU, US = RegionName("eu-west-1"), RegionName("us-east-1")
PER_REGION = Addresses("module.workers.aws_instance.worker", (EU,))
LOCK = {
    "ID": "0f",
    "Operation": "OperationTypeApply",
    "Who": "ann@desk",
    "Version": "1.11.4",
    "Created": "2025-11-23T14:55:35.146538599Z",
}
BACKEND: dict[str, str | bool | int] = {
    "bucket": "states",
    "key": "workers/eu-west-1.tfstate",
    "region": "eu-west-1",
    "use_lockfile": True,
}


def instance(identity: str, release: str = "1", **more: object) -> dict[str, object]:
    attributes = {
        "id": identity,
        "private_ip": "10.0.0.1",
        "ami": "ami-1",
        "tags": {"Version": release, "Image": f"repo@sha256:{release}"},
    }
    return {"index_key": 0, "attributes": attributes} | more


def state(*instances: object, module: str | None = "module.workers") -> str:
    resource = {"mode": "managed", "type": "aws_instance", "name": "worker"}
    place = {} if module is None else {"module": module}
    resources = [resource | place | {"instances": list(instances)}]
    return json.dumps({"version": 4, "serial": 3, "lineage": "l", "resources": resources})


def test_current_tainted_and_deposed_objects_are_told_apart() -> None:
    text = state(instance("i-new", "2", status="tainted"), instance("i-old", "1", deposed="abcd"))
    region = parse_state(text, PER_REGION)[EU]
    assert (region.serial, region.lineage) == (3, "l")
    new, old = region.objects
    assert (new.kind, new.is_tainted, new.instance) == (ObjectKind.CURRENT, True, "i-new")
    assert (old.kind, old.deposed_key, old.instance) == (ObjectKind.DEPOSED, "abcd", "i-old")
    assert new.address == old.address == "module.workers.aws_instance.worker[0]"
    assert new.target is not None
    assert (new.target.release, new.private_address, new.ami) == ("2", "10.0.0.1", "ami-1")


def test_a_single_root_is_split_into_its_regions() -> None:
    addresses = Addresses("module.workers-{region}.aws_instance.worker", (EU, US))
    regions = parse_state(state(instance("i-1"), module="module.workers-us-east-1"), addresses)
    assert [o.instance for o in regions[US].objects] == ["i-1"]
    assert regions[EU].objects == ()
    assert regions[EU].serial == 3


def test_other_resources_are_left_out() -> None:
    assert parse_state(state(instance("i-1"), module=None), PER_REGION)[EU].objects == ()


def test_an_instance_without_its_tags_has_no_target() -> None:
    bare = {"index_key": 1, "attributes": {"id": "i-1", "tags": None}}
    (found,) = parse_state(state(bare), PER_REGION)[EU].objects
    assert (found.slot, found.target) == (1, None)


def test_no_state_yet_is_an_empty_one() -> None:
    region = parse_state("", PER_REGION)[EU]
    assert (region.serial, region.objects) == (0, ())


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 3}'])
def test_what_is_no_state_is_an_error(text: str) -> None:
    with pytest.raises(StateError):
        parse_state(text, PER_REGION)


def test_a_lock_is_told_with_its_holder() -> None:
    lock = parse_lock(json.dumps(LOCK))
    assert lock is not None
    assert (lock.id, lock.holder, lock.operation) == ("0f", "ann@desk", "apply")
    assert lock.since == datetime(2025, 11, 23, 14, 55, 35, 146538, UTC)


@pytest.mark.parametrize("text", ["", "{}", "[]", "rubbish"])
def test_a_lock_file_that_tells_nothing_is_no_lock(text: str) -> None:
    assert parse_lock(text) is None


@pytest.fixture
def bucket(client: Callable[[str], Any]) -> Any:
    s3 = client("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return s3


async def never() -> str | Failure:
    raise AssertionError("Terraform was asked for a state that can be read directly")


def s3_state() -> S3State:
    source = source_of(BACKEND, Path("/root"), AwsSession(), never)
    assert isinstance(source, S3State)
    return source


async def test_a_state_in_s3_is_read_with_its_lock(bucket: Any) -> None:
    bucket.put_object(Bucket="states", Key=BACKEND["key"], Body=state(instance("i-1")))
    bucket.put_object(Bucket="states", Key=f"{BACKEND['key']}.tflock", Body=json.dumps(LOCK))
    raw = await s3_state().read()
    assert isinstance(raw, RawState)
    assert len(parse_state(raw.text, PER_REGION)[EU].objects) == 1
    assert raw.lock is not None
    assert raw.lock.holder == "ann@desk"


async def test_no_object_in_s3_is_an_empty_state_without_a_lock(bucket: Any) -> None:
    assert await s3_state().read() == RawState("", None)


async def test_a_missing_bucket_is_a_failure_with_a_hint(aws: str) -> None:
    failure = await s3_state().read()
    assert isinstance(failure, Failure)
    assert "there is no such bucket" in failure.message
    assert "AWS_PROFILE" in failure.hint


async def test_a_local_state_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.tfstate").write_text(state(instance("i-1")))
    source = source_of({"path": "a.tfstate"}, tmp_path, AwsSession(), never)
    assert isinstance(source, LocalState)
    raw = await source.read()
    assert isinstance(raw, RawState)
    assert "i-1" in raw.text


@pytest.mark.parametrize(
    ("backend", "workspace"),
    [
        (BACKEND | {"assume_role": "x"}, ""),
        (BACKEND, "staging"),
        ({"address": "https://example.com"}, ""),
        ({}, ""),
    ],
)
async def test_every_other_backend_is_terraforms_to_read(
    backend: dict[str, str | bool | int], workspace: str
) -> None:
    async def pull() -> str | Failure:
        return "pulled"

    source = source_of(backend, Path("/root"), AwsSession(), pull, workspace)
    assert isinstance(source, PulledState)
    assert await source.read() == RawState("pulled")
