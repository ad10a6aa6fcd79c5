"""States that failed applies leave, repaired: by the real Terraform, without a new boot."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from console.adapters.terraform.addresses import Addresses
from console.adapters.terraform.client import TerraformClient
from console.adapters.terraform.statefile import Place, SurgeryError, imported, promoted
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import InstanceId, RegionName, RegionState, SlotIndex
from console.domain.plan import Plan

from .conftest import EU, UNIT, World, target

OLD, NEW = target("1"), target("2")
ZERO, ONE, TWO = map(SlotIndex, range(3))


async def failed(world: World) -> RegionState:
    """Two slots whose new objects failed; the old ones were tainted before, as a rollout does."""
    await world.release("1")
    client = world.client(check="false")
    await client.taint(UNIT, EU, ZERO)
    assert isinstance(await world.plan(client, "2", "2"), Plan)
    assert await world.apply(client) is not None
    return await world.state()


async def promote_all(client: TerraformClient, state: RegionState) -> None:
    for slot in (ZERO, ONE):
        (old,) = state.deposed(slot)
        assert await client.promote(UNIT, EU, slot, old.instance, {EU: (OLD, OLD)}) is None


async def test_a_promoted_object_is_the_only_one_and_nothing_is_left_to_do(world: World) -> None:
    before = await failed(world)
    assert [old.is_tainted for old in (*before.deposed(ZERO), *before.deposed(ONE))] == [
        True,
        False,
    ]
    client = world.client()

    await promote_all(client, before)

    after = await world.state()
    assert [(o.slot, o.instance, o.deposed_key, o.is_tainted) for o in after.objects] == [
        (slot, before.deposed(slot)[0].instance, None, False) for slot in (0, 1)
    ]
    assert after.lineage == before.lineage
    assert after.serial > before.serial
    plan = await world.plan(client, "1", "1")
    assert isinstance(plan, Plan)
    assert plan.effective == ()
    assert list((world.work_dir / "surgery").iterdir()) == []


async def test_one_slot_is_promoted_and_the_other_stays_as_it_is(world: World) -> None:
    before = await failed(world)
    (old,) = before.deposed(ONE)
    assert await world.client().promote(UNIT, EU, ONE, old.instance, {EU: (NEW, OLD)}) is None
    after = await world.state()
    assert [o for o in after.objects if o.slot == 0] == [o for o in before.objects if o.slot == 0]


async def test_promoting_again_writes_nothing(world: World) -> None:
    before = await failed(world)
    client = world.client()
    await promote_all(client, before)
    serial = (await world.state()).serial
    await promote_all(client, before)
    assert (await world.state()).serial == serial


async def test_what_the_slot_does_not_hold_cannot_be_promoted(world: World) -> None:
    before = await failed(world)
    (other,) = before.deposed(ONE)
    failure = await world.client().promote(UNIT, EU, ZERO, other.instance, {EU: (OLD, OLD)})
    assert failure is not None
    assert failure.kind is FailureKind.REFUSED
    assert other.instance in failure.message
    assert (await world.state()).serial == before.serial


async def test_a_backup_is_private_and_undoes_what_was_done(world: World) -> None:
    before = await failed(world)
    client = world.client()
    backup = await client.back_up(UNIT)
    assert isinstance(backup, Path), backup
    assert backup.parent == world.work_dir / "backups"
    assert backup.name.endswith(f"-eu-west-1-serial{before.serial}.tfstate")
    assert (backup.stat().st_mode & 0o777, backup.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    await promote_all(client, before)

    assert await client.restore_backup(UNIT, backup) is None

    after = await world.state()
    assert sorted(after.objects, key=repr) == sorted(before.objects, key=repr)
    assert after.serial > before.serial


async def test_a_backup_of_another_state_is_refused(world: World, tmp_path: Path) -> None:
    await world.release("1")
    client = world.client()
    backup = await client.back_up(UNIT)
    assert isinstance(backup, Path)
    document = json.loads(backup.read_text())
    backup.write_text(json.dumps(document | {"lineage": "another"}))
    failure = await client.restore_backup(UNIT, backup)
    assert failure is not None
    assert failure.kind is FailureKind.REFUSED
    assert "lineages differ" in failure.message


async def test_where_there_is_no_state_there_is_no_backup(world: World) -> None:
    failure = await world.client().back_up(UNIT)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.REFUSED


async def test_a_forgotten_slot_is_empty_and_an_adopted_one_has_that_object(world: World) -> None:
    before = await failed(world)
    (old,) = before.deposed(ONE)
    client = world.client()

    assert await client.forget(UNIT, EU, ONE) is None
    assert [o.slot for o in (await world.state()).objects] == [0, 0]

    assert await client.adopt(UNIT, EU, ONE, old.instance, {EU: (OLD, OLD)}) is None
    after = (await world.state()).current(ONE)
    assert after is not None
    assert (after.instance, after.is_tainted) == (old.instance, False)
    assert list((world.work_dir / "variables").iterdir()) == []


async def test_a_deposed_object_is_promoted_where_no_current_one_is(world: World) -> None:
    before = await failed(world)
    client = world.client()
    await lose_current(client, ZERO)
    await promote_all(client, before)
    plan = await world.plan(client, "1", "1")
    assert isinstance(plan, Plan)
    assert plan.effective == ()


async def lose_current(client: TerraformClient, slot: int) -> None:
    """Make the state that a Terraform leaves which is killed while its provisioner waits."""
    backup = await client.back_up(UNIT)
    assert isinstance(backup, Path)
    document = json.loads(backup.read_text())
    for resource in document["resources"]:
        resource["instances"] = [
            raw for raw in resource["instances"] if raw["index_key"] != slot or "deposed" in raw
        ]
    backup.write_text(json.dumps(document))
    assert await client.restore_backup(UNIT, backup) is None


@pytest.mark.parametrize("has_current", [True, False])
async def test_a_slot_that_has_any_object_adopts_no_other(world: World, has_current: bool) -> None:
    await failed(world)
    client = world.client()
    if not has_current:
        await lose_current(client, ZERO)
    before = await world.state()

    failure = await client.adopt(UNIT, EU, ZERO, InstanceId("i-9"), {EU: (NEW, OLD)})

    assert failure is not None
    assert failure.kind is FailureKind.REFUSED
    assert all(found.instance in failure.message for found in before.objects if found.slot == 0)
    assert await world.state() == before


async def test_forgetting_an_empty_slot_fails_with_terraforms_words(world: World) -> None:
    await world.release("1")
    failure = await world.client().forget(UNIT, EU, SlotIndex(7))
    assert failure is not None
    assert "No matching objects found" in failure.evidence


async def test_a_locked_state_is_not_operated_on(world: World) -> None:
    before = await failed(world)
    (old,) = before.deposed(ONE)
    go = world.work_dir / "go"
    busy = world.client(check=f"touch {go}.busy; while ! [ -e {go} ]; do sleep 0.01; done")
    await world.plan(busy, "2", "2")
    applying = asyncio.create_task(world.apply(busy))
    await world.until(Path(f"{go}.busy").exists)

    client = world.client()
    for failure in (
        await client.promote(UNIT, EU, ONE, old.instance, {EU: (OLD, OLD)}),
        await client.forget(UNIT, EU, ONE),
        await client.adopt(UNIT, EU, TWO, old.instance, {EU: (OLD, OLD, OLD)}),
    ):
        assert failure is not None
        assert failure.kind is FailureKind.LOCKED
        assert "for apply" in failure.message

    go.touch()
    await applying


async def test_unlocking_what_is_not_locked_fails_with_terraforms_words(world: World) -> None:
    await world.release("1")
    failure = await world.client().unlock(UNIT, "0f1e2d3c-0000-0000-0000-000000000000")
    assert failure is not None
    assert "force-unlock" in failure.message


SINGLE = Addresses(
    "module.workers-{region}.aws_instance.worker",
    (RegionName("us-west-1"), RegionName("eu-west-1")),
)


def single_root_state() -> str:
    """Both regions failed at slot 0; the outputs tell the new release already."""

    def resource(region: str) -> dict[str, object]:
        def instance(name: str, **more: str) -> dict[str, object]:
            attributes = {"id": f"i-{region}-{name}", "private_ip": f"ip-{name}"}
            return {"index_key": 0, "attributes": attributes, **more}

        return {
            "mode": "managed",
            "module": f"module.workers-{region}",
            "type": "aws_instance",
            "name": "worker",
            "instances": [
                instance("new", status="tainted"),
                instance("old", deposed="0a1b2c3d", status="tainted"),
                instance("first", deposed="4e5f6a7b", status="tainted"),
            ],
        }

    slot = {"image": NEW.image, "release": NEW.release}
    outputs = {
        "slots": {"value": {region: [dict(slot)] for region in SINGLE.regions}},
        "instance_ids": {"value": {region: ["i-before"] for region in SINGLE.regions}},
        "ours": {"value": "as it was"},
    }
    resources = [resource(region) for region in SINGLE.regions]
    document = {"version": 4, "serial": 7, "lineage": "one", "outputs": outputs}
    return json.dumps(document | {"resources": resources})


def test_in_a_single_root_only_the_slot_of_that_region_is_touched() -> None:
    before = json.loads(single_root_state())

    text = promoted(
        single_root_state(), Place(SINGLE, EU, ZERO), InstanceId("i-eu-west-1-old"), OLD
    )

    assert text is not None
    after = json.loads(text)
    assert (after["serial"], after["lineage"]) == (8, "one")
    assert after["resources"][0] == before["resources"][0]
    assert after["resources"][1]["instances"] == [
        {"index_key": 0, "attributes": {"id": "i-eu-west-1-old", "private_ip": "ip-old"}}
    ]
    outputs = {name: output["value"] for name, output in after["outputs"].items()}
    assert outputs == {
        "slots": {
            "us-west-1": [{"image": NEW.image, "release": "2"}],
            "eu-west-1": [{"image": OLD.image, "release": "1"}],
        },
        "instance_ids": {"us-west-1": ["i-before"], "eu-west-1": ["i-eu-west-1-old"]},
        "ours": "as it was",
    }


def test_what_starts_another_release_is_not_promoted_to_be_replaced_at_once() -> None:
    document = json.loads(single_root_state())
    old = document["resources"][1]["instances"][1]
    old["attributes"]["tags"] = {"Version": OLD.release, "Image": OLD.image}
    place, instance = Place(SINGLE, EU, ZERO), InstanceId("i-eu-west-1-old")
    assert promoted(json.dumps(document), place, instance, OLD) is not None
    with pytest.raises(SurgeryError, match="starts 1; with 2 in its slot"):
        promoted(json.dumps(document), place, instance, NEW)


@pytest.mark.parametrize(
    ("module", "base64", "replaces"),
    [("the old one's", True, True), ("plain user data", False, False)],
)
def test_an_imported_instance_gets_what_the_others_of_its_region_have(
    module: str, base64: bool, replaces: bool
) -> None:
    document = json.loads(single_root_state())
    current, *deposed = document["resources"][1]["instances"]
    current["attributes"] |= {"user_data": "sha1", "user_data_base64": None}
    for old in deposed:
        old["attributes"] |= {
            "user_data_base64": "b2xk" if base64 else None,
            "user_data_replace_on_change": replaces,
        }
    after = json.loads(imported(json.dumps(document), Place(SINGLE, EU, ZERO), "bmV3", NEW))
    got = after["resources"][1]["instances"][0]["attributes"]
    assert got["user_data_base64"] == ("bmV3" if base64 else None)
    assert got["user_data"] == (None if base64 else "sha1")
    assert got["user_data_replace_on_change"] is replaces


def test_an_import_that_left_nothing_is_told() -> None:
    with pytest.raises(SurgeryError, match=r"worker\[1\] has no current object"):
        imported(single_root_state(), Place(SINGLE, EU, ONE), "bmV3", NEW)
