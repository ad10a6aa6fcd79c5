"""The client on a real Terraform: the states that it really leaves behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from console.adapters.terraform.binary import Binary, find_binary, wheel
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import SlotIndex
from console.domain.plan import Action, Plan
from console.engine.ports import ProgressKind

from .conftest import EU, UNIT, World


async def test_a_first_plan_creates_every_slot_and_an_apply_makes_them(world: World) -> None:
    client = world.client()
    plan = await world.plan(client, "1", "1")
    assert isinstance(plan, Plan), plan
    assert [(c.region, c.slot, c.actions) for c in plan.effective] == [
        (EU, 0, (Action.CREATE,)),
        (EU, 1, (Action.CREATE,)),
    ]
    assert plan.is_complete
    assert plan.output_changes == ("releases",)
    assert plan.serial == 0
    assert len(plan.id) == 64

    assert await world.apply(client) is None
    state = await world.state()
    assert [found.slot for found in state.objects] == [0, 1]
    assert state.serial > 0
    assert state.lock is None
    assert not world.plan_file.exists()


async def test_what_an_apply_does_is_told_while_it_does_it(world: World) -> None:
    await world.release("1", check="echo hello from the provisioner")
    told = [(p.kind, p.message) for p in world.progress if p.address == "terraform_data.worker[0]"]
    assert (ProgressKind.OUTPUT, "hello from the provisioner") in told
    assert {p.unit for p in world.progress} == {UNIT}
    assert {p.action for p in world.progress} >= {"create", "provision"}


async def test_a_failed_provisioner_leaves_tainted_objects_and_deposed_ones(world: World) -> None:
    await world.release("1")
    failure = await world.release("2", check="echo it is broken; exit 3")
    assert failure is not None
    assert failure.kind is FailureKind.FAILED
    assert "the new worker did not become ready" in failure.message
    assert "it is broken" in failure.evidence
    assert "console output" in failure.hint

    state = await world.state()
    for slot in (0, 1):
        current = state.current(slot)
        assert current is not None
        assert current.is_tainted
        assert [old.is_tainted for old in state.deposed(slot)] == [False]
        assert state.deposed(slot)[0].instance != current.instance


async def test_two_changes_of_one_address_are_told_apart(world: World) -> None:
    await world.release("1")
    await world.release("2", check="exit 1")
    plan = await world.plan(world.client(), "2", "2")
    assert isinstance(plan, Plan)
    deposed = {(c.slot, c.deposed_key is not None, c.actions) for c in plan.effective}
    assert deposed == {
        (0, True, (Action.DELETE,)),
        (1, True, (Action.DELETE,)),
        (0, False, (Action.CREATE, Action.DELETE)),
        (1, False, (Action.CREATE, Action.DELETE)),
    }
    assert {c.reason for c in plan.effective if not c.deposed_key} == {"replace_because_tainted"}
    assert all(c.instance for c in plan.effective)


async def test_taint_marks_one_slot_and_untaint_takes_it_back(world: World) -> None:
    await world.release("1")
    client = world.client()
    assert await client.taint(UNIT, EU, SlotIndex(1)) is None
    assert [o.is_tainted for o in (await world.state()).objects] == [False, True]
    assert await client.untaint(UNIT, EU, SlotIndex(1)) is None
    assert [o.is_tainted for o in (await world.state()).objects] == [False, False]


async def test_untaint_of_a_slot_without_a_mark_changes_nothing(world: World) -> None:
    await world.release("1")
    assert await world.client().untaint(UNIT, EU, SlotIndex(0)) is None


async def test_taint_of_an_empty_slot_fails_with_terraforms_words(world: World) -> None:
    await world.release("1")
    failure = await world.client().taint(UNIT, EU, SlotIndex(7))
    assert failure is not None
    assert "terraform_data.worker[7]" in failure.evidence


async def test_a_plan_made_before_a_taint_is_stale(world: World) -> None:
    await world.release("1")
    client = world.client()
    await world.plan(client, "2", "2")
    await client.taint(UNIT, EU, SlotIndex(0))
    failure = await world.apply(client)
    assert failure is not None
    assert failure.kind is FailureKind.STALE


async def test_a_held_lock_is_told_with_its_holder(world: World) -> None:
    await world.release("1")
    client = world.client(check=f"touch {world.work_dir}/busy; sleep 60")
    await world.plan(client, "2", "2")
    applying = asyncio.create_task(world.apply(client))
    await world.until((world.work_dir / "busy").exists)

    other = world.client()
    lock = (await world.state(other)).lock
    assert lock is not None
    assert lock.operation == "apply"
    assert "@" in lock.holder
    assert lock.since is not None
    world.plan_file = world.plan_file.with_name("other.tfplan")
    for failure in (
        await world.plan(other, "3", "3"),
        await other.taint(UNIT, EU, SlotIndex(0)),
    ):
        assert isinstance(failure, Failure)
        assert failure.kind is FailureKind.LOCKED
        assert lock.holder in failure.message
        assert "for apply" in failure.message
        assert lock.id in failure.hint

    client.interrupt()
    await applying


@pytest.mark.parametrize("binary", [find_binary(), wheel()], ids=lambda b: b.name)
async def test_an_interrupted_apply_ends_by_itself(world: World, binary: Binary) -> None:
    world.binary = binary
    await world.release("1")
    client = world.client(check=f"touch {world.work_dir}/busy; sleep 60")
    await world.plan(client, "2", "2")
    applying = asyncio.create_task(world.apply(client))
    await world.until((world.work_dir / "busy").exists)
    client.interrupt()
    client.interrupt()
    failure = await applying
    assert failure is not None
    assert failure.kind is FailureKind.INTERRUPTED, failure
    state = await world.state()
    assert state.lock is None
    # The other slot may not have been begun.
    assert {len(state.deposed(slot)) for slot in (0, 1)} <= {0, 1}
    assert any(found.is_tainted for found in state.objects), (failure, state)


async def test_a_killed_terraform_is_interrupted_and_its_lock_is_nobodys(world: World) -> None:
    await world.release("1")
    busy = world.work_dir / "busy"
    # The provisioner is a child of Terraform's: its parent is the one to kill.
    client = world.client(check=f"echo $PPID > {busy}.part; mv {busy}.part {busy}; sleep 60")
    await world.plan(client, "2", "1")
    applying = asyncio.create_task(world.apply(client))
    await world.until(busy.exists)
    os.kill(int(busy.read_text()), signal.SIGKILL)
    failure = await applying
    assert failure is not None
    assert failure.kind is FailureKind.INTERRUPTED
    assert "signal 9" in failure.message
    assert list((world.work_dir / "state").glob(".*.lock.info"))
    assert (await world.state()).lock is None


async def test_an_apply_whose_caller_is_gone_goes_on(world: World) -> None:
    await world.release("1")
    busy, go = world.work_dir / "busy", world.work_dir / "go"
    client = world.client(check=f"touch {busy}; while ! [ -e {go} ]; do sleep 0.01; done")
    await world.plan(client, "2", "2")
    applying = asyncio.create_task(world.apply(client))
    await world.until(busy.exists)
    applying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await applying
    go.touch()
    runner = world.runner
    await world.until(lambda: runner.in_flight == 0)
    state = await world.state()
    assert [(o.deposed_key, o.is_tainted) for o in state.objects] == [(None, False)] * 2


async def test_init_runs_once_until_the_root_or_the_backend_changes(world: World) -> None:
    logs = world.work_dir / "logs"
    await world.client().prepare(UNIT)
    await world.client().prepare(UNIT)
    assert len(list(logs.glob("*-init.jsonl"))) == 1
    (world.root / "more.tf").write_text('output "more" {\n  value = 1\n}\n')
    assert await world.client().prepare(UNIT) is None
    assert len(list(logs.glob("*-init.jsonl"))) == 2


async def test_an_init_that_fails_says_why_and_is_tried_again(world: World) -> None:
    main = world.root / "main.tf"
    good = main.read_text()
    main.write_text(good.replace("local", "no-such-backend"))
    failure = await world.client().prepare(UNIT)
    assert failure is not None
    assert "Unsupported backend type" in failure.message
    main.write_text(good)
    assert await world.client().prepare(UNIT) is None


async def test_variables_and_plans_are_private_and_do_not_stay(world: World) -> None:
    client = world.client()
    await world.plan(client, "1")
    assert world.plan_file.parent.stat().st_mode & 0o777 == 0o700
    assert list((world.work_dir / "variables").iterdir()) == []
    await world.apply(client)
    assert list(world.plan_file.parent.iterdir()) == []


async def test_the_log_holds_the_whole_stream_and_no_plan_json(world: World) -> None:
    await world.release("1")
    logs = {path.name.split("-", 3)[3]: path for path in (world.work_dir / "logs").iterdir()}
    assert {name for name in logs if not name.endswith(".stderr")} == {
        "1-init.jsonl",
        "1-plan.jsonl",
        "1-apply.jsonl",
    }
    lines = logs["1-apply.jsonl"].read_text().splitlines()
    assert json.loads(lines[0])["type"] == "version"
    assert json.loads(lines[-1])["type"] == "outputs"


async def test_a_root_that_does_not_exist_is_a_failure_and_no_exception(
    world: World, tmp_path: Path
) -> None:
    world.root = tmp_path / "nowhere"
    failure = await world.plan(world.client(), "1")
    assert isinstance(failure, Failure)
    assert "nowhere" in failure.message
