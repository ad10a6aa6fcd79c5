"""Each scenario puts a real fleet into the trouble that it is named after.

One sandbox, with a region for each trouble that stays; in the order in which they stand: what
leaves a rollout open comes last.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from console.adapters.terraform.binary import find_binary
from console.sandbox.leftovers import GUEST_MARK, find_marked
from tests.practice.stage import (
    calm,
    last_paragraph,
    observed_for,
    part,
    planned,
    play,
    settings,
    stage,
    states_in_ec2,
)

from .leading import action, advice, is_whole, lead_on, recommended, typed, typing
from .world import Line, SandboxWorld, console, wait_until

PATIENCE_S = 200


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxWorld]:
    with stage(tmp_path_factory.mktemp("practice") / "world") as it:
        yield it


def kinds(region: Line) -> list[tuple[str, bool, str]]:
    return sorted((o["kind"], o["tainted"], o["health"]) for o in region["objects"])


def test_a_stale_lock_has_no_holder_and_goes_before_anything_was_rolled_out(
    world: SandboxWorld,
) -> None:
    play(world, "stale-lock", "us-west-2")

    lock = part(world, "us-west-2")["lock"]

    assert lock["operation"] == "apply"
    assert not find_marked(GUEST_MARK, str(world.directory))
    assert lead_on(world, "us-west-2") == ["unlock"]


def test_a_second_operator_is_told_who_holds_the_fleet_and_takes_it_over(
    world: SandboxWorld,
) -> None:
    told = play(world, "second-operator").stderr
    process = psutil.Process(int(re.findall(r"kill -INT (\d+)", told)[0]))
    told_by_first = world.directory / "scenario-second-operator.jsonl"
    try:
        wait_until(lambda: '"bake.started"' in told_by_first.read_text(), PATIENCE_S)
        ran = world.roll_out("0.9.2")
        again = console("sandbox", "scenario", "bad-image", "--dir", str(world.directory))
        (take_over,) = re.findall(r"release-console resume .+(?= takes it over)", ran.last["next"])
        with typing(take_over) as taking:
            wait_until(lambda: not _lives(process), PATIENCE_S)
            taking.send_signal(signal.SIGINT)
            taken = taking.wait(PATIENCE_S)
    finally:
        if _lives(process):
            process.send_signal(signal.SIGINT)
            wait_until(lambda: not _lives(process), PATIENCE_S)

    assert (ran.exit_code, "held by colleague@" in ran.stderr) == (4, True)
    assert (again.exit_code, "colleague@" in again.stderr) == (3, True)
    last = json.loads(told_by_first.read_text().splitlines()[-1])
    assert (taken, last["exit_code"], "taken over by" in last["reason"]) == (130, 4, True)
    status = world.settled()
    assert (status["lease"], status["rollout"]["phase"]) == (None, "finished")
    assert all(is_whole(region) for region in status["regions"].values())


def test_a_slot_that_is_terminated_by_hand_is_a_ghost(world: SandboxWorld) -> None:
    play(world, "terminated-by-hand", "us-east-1")

    (gone,) = part(world, "us-east-1")["objects"]

    assert (gone["kind"], gone["health"]) == ("ghost", "gone")
    assert lead_on(world, "us-east-1") == ["retry"]
    (new,) = part(world, "us-east-1")["objects"]
    assert new["tag"] == gone["tag"]


def test_a_bad_image_leaves_two_objects_for_each_slot(world: SandboxWorld) -> None:
    play(world, "bad-image")

    region = part(world, "us-west-1")

    assert [kind for kind, *_ in kinds(region)] == ["current"] * 3 + ["deposed"] * 3
    assert all(o["tainted"] == (o["kind"] == "current") for o in region["objects"])
    assert {o["health"] for o in region["objects"] if o["kind"] == "deposed"} == {"healthy"}
    assert world.books()["lost"] == 0
    told = advice(settings(world, "bad-image"), "us-west-1")
    best = recommended(told)
    assert best is not None
    assert best["command"] in last_paragraph(world, "bad-image")
    standings = {one["action"]: one["standing"] for one in told["actions"]}
    assert {name: standings[name] for name in ("retry", "restore", "rollback")} == {
        "retry": "possible",
        "restore": "recommended",
        "rollback": "possible",
    }


@pytest.mark.parametrize("name", ["accept", "untaint"])
def test_what_would_destroy_the_old_workers_is_refused(world: SandboxWorld, name: str) -> None:
    config = settings(world, "bad-image")
    where = ("--region", "us-west-1", "--config", str(config))
    told = action(advice(config, "us-west-1"), name)

    ran = console("recover", name, "--yes", *where)

    assert (told["standing"], ran.exit_code) == ("forbidden", 3)
    assert told["reason"] in ran.stderr
    old = [o["id"] for o in part(world, "us-west-1")["objects"] if o["kind"] == "deposed"]
    assert all(instance in told["reason"] for instance in old)


def test_a_second_trouble_in_the_same_region_is_refused(world: SandboxWorld) -> None:
    options = ("--region", "us-west-1", "--dir", str(world.directory))
    ran = console("sandbox", "scenario", "never-works", *options)

    assert (ran.exit_code, "is deposed" in ran.stderr) == (3, True)


def test_the_restore_that_is_advised_leaves_nothing_for_terraform_to_do(
    world: SandboxWorld,
) -> None:
    config = settings(world, "bad-image")
    objects = part(world, "us-west-1")["objects"]
    old = {o["id"] for o in objects if o["kind"] == "deposed"}
    new = {o["id"] for o in objects if o["kind"] == "current"}

    assert lead_on(world, "us-west-1", config) == ["restore"]

    after = part(world, "us-west-1")["objects"]
    assert {o["id"] for o in after} == old
    assert {(o["tag"], o["heartbeat"]) for o in after} == {("0.9.0", "0.9.0")}
    assert planned(config, "us-west-1") == ()
    assert states_in_ec2(config, "us-west-1", new) == {"terminated"}
    assert world.books()["lost"] == 0


def test_what_is_untainted_by_hand_looks_good_and_is_not(world: SandboxWorld) -> None:
    play(world, "untainted-by-hand")

    region = part(world, "us-west-1")

    assert not any(o["tainted"] for o in region["objects"])
    assert {o["health"] for o in region["objects"] if o["kind"] == "deposed"} == {"healthy"}

    refused = world.roll_out("0.9.2", "--regions", "us-west-1")

    assert refused.exit_code == 3
    assert "the next plan would destroy it and create nothing" in refused.last["reason"]


def test_the_guard_refuses_to_destroy_a_worker_that_somebody_untaints_in_mid_rollout(
    world: SandboxWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A colleague takes the mark off slot 0 after the console has set it and before it plans."""
    config = settings(world, "untainted-by-hand")
    where = ("--region", "us-west-1", "--config", str(config))
    before = part(world, "us-west-1")["objects"]
    (old,) = (o["id"] for o in before if o["kind"] == "deposed" and o["slot"] == 0)
    terraform, address = find_binary(), "module.workers.aws_instance.worker[0]"
    colleague = tmp_path / terraform.name.split()[0]
    real = shlex.join(terraform.argv)
    colleague.write_text(
        f"#!/bin/sh\n"
        f'case " $* " in *" plan "*) {real} "$1" untaint \'{address}\' >&2 ;; esac\n'
        f'exec {real} "$@"\n'
    )
    colleague.chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        refused = console("recover", "retry", "--yes", *where)

    assert refused.exit_code == 3, refused.stderr
    story, _, paragraph = refused.stderr.rpartition("\nnext:\n")
    assert (
        f"us-west-1 deposed object of slot 0 ({old}) is the slot's old worker, kept because its "
        "replacement failed; this plan destroys it and creates nothing in its place"
    ) in story
    assert "somebody has taken the mark off that slot (terraform untaint)" in paragraph
    best = recommended(advice(config, "us-west-1"))
    assert best is not None
    assert (best["action"], best["command"] in paragraph) == ("restore", True)
    after = part(world, "us-west-1")["objects"]
    assert {(o["id"], o["kind"]) for o in after} == {(o["id"], o["kind"]) for o in before}
    assert {o["health"] for o in after if o["kind"] == "deposed"} == {"healthy"}


def test_a_restore_leads_to_the_old_workers_and_nothing_else(world: SandboxWorld) -> None:
    objects = part(world, "us-west-1")["objects"]
    old = {o["id"] for o in objects if o["kind"] == "deposed"}
    assert len(objects) == 2 * len(old)

    moves = lead_on(world, "us-west-1", settings(world, "untainted-by-hand"))

    after = part(world, "us-west-1")
    assert moves == ["restore"]
    assert {o["id"] for o in after["objects"]} == old
    assert {o["tag"] for o in after["objects"]} == {"0.9.0"}
    assert world.books()["lost"] == 0


@pytest.mark.parametrize(
    ("name", "region", "health"),
    [("crash-loop", "us-west-2", "crashing"), ("never-works", "eu-west-1", "healthy")],
)
def test_a_release_that_beats_and_finishes_nothing_is_answered_by_a_restore(
    world: SandboxWorld, name: str, region: str, health: str
) -> None:
    (old,) = part(world, region)["objects"]
    play(world, name, region)
    assert kinds(part(world, region)) == [
        ("current", True, health),
        ("deposed", False, "healthy"),
    ]
    best = recommended(advice(settings(world, name), region))
    assert best is not None
    assert best["command"] in last_paragraph(world, name)

    assert lead_on(world, region, settings(world, name)) == ["restore"]

    (after,) = part(world, region)["objects"]
    assert after["id"] == old["id"]


def test_a_good_release_that_is_slow_is_kept_as_soon_as_it_works(world: SandboxWorld) -> None:
    play(world, "slow-boot", "eu-central-1")
    (accept,) = re.findall(r"release-console recover accept .+", last_paragraph(world, "slow-boot"))

    def accepted() -> bool:
        ran = typed(accept)
        assert ran.exit_code == 0 or "has not proven itself" in ran.stderr, ran.stderr
        return ran.exit_code == 0

    wait_until(accepted, PATIENCE_S)

    region = world.settled("eu-central-1")["regions"]["eu-central-1"]
    assert is_whole(region)
    assert [o["heartbeat"] for o in region["objects"]] == ["0.9.1-slow-boot"]
    assert world.books()["lost"] == 0


def test_without_capacity_slots_are_tainted_and_nothing_else_happens(world: SandboxWorld) -> None:
    (before,) = part(world, "eu-west-1")["objects"]

    told = play(world, "no-capacity", "eu-west-1").stderr
    calm(world)

    assert "InsufficientInstanceCapacity" in told
    (after,) = part(world, "eu-west-1")["objects"]
    assert (after["id"], after["tainted"], after["health"]) == (before["id"], True, "healthy")
    assert lead_on(world, "eu-west-1", settings(world, "no-capacity")) == ["untaint"]
    assert [o["id"] for o in part(world, "eu-west-1")["objects"]] == [before["id"]]


def test_a_lost_region_is_unknown_and_the_others_go_without_it(world: SandboxWorld) -> None:
    play(world, "lost-region", "eu-central-1")
    try:
        lost = part(world, "eu-central-1")
        ran = world.roll_out("0.9.2", "--regions", "eu-central-1,us-west-2")
        way = re.findall(r"without eu-central-1: (release-console .+)", ran.last["next"])
        others = typed(way[0])
    finally:
        calm(world)

    assert lost["error"]
    assert (ran.exit_code, "eu-central-1" in ran.last["reason"]) == (3, True)
    assert others.exit_code == 0, others.stderr
    assert [o["heartbeat"] for o in part(world, "us-west-2")["objects"]] == ["0.9.2"]
    assert is_whole(world.settled("eu-central-1")["regions"]["eu-central-1"])


def test_throttling_costs_time_and_nothing_else(world: SandboxWorld) -> None:
    play(world, "throttled")
    try:
        ran = world.roll_out("0.9.3", "--regions", "us-west-2")
    finally:
        calm(world)

    assert ran.exit_code == 0, ran.stderr
    assert is_whole(world.settled("us-west-2")["regions"]["us-west-2"])


def test_bad_jobs_become_dead_letters_on_the_old_release(world: SandboxWorld) -> None:
    before = world.books()["dead"]
    play(world, "poison-jobs")
    assert world.books()["dead"] > before
    try:
        ran = world.roll_out("0.9.4", "--regions", "us-west-2")
    finally:
        calm(world)

    assert ran.exit_code == 5
    assert "dead_letters" in ran.last["reason"]
    (on,) = re.findall(r"nothing has to be mended .+: (release-console .+)", ran.last["next"])
    with observed_for(world, "60s"):
        again = typed(on)
        # It runs there already: nothing is applied, and its gates are asked once more. They do not
        # pass before the last bad job has left the queue.
        assert "its gates never passed there: verified again" in again.stderr
        assert again.exit_code in {0, 5}, again.stderr
        if again.exit_code == 5:
            wait_until(lambda: typed(on).exit_code == 0, PATIENCE_S)
    assert is_whole(world.settled("us-west-2")["regions"]["us-west-2"])
    assert world.books()["lost"] == 0


def test_expired_credentials_leave_a_state_and_a_lock_behind(world: SandboxWorld) -> None:
    play(world, "expired-credentials", "eu-central-1")
    calm(world)

    region = part(world, "eu-central-1")

    assert region["lock"] is not None
    assert "orphan" in {o["kind"] for o in region["objects"]}
    # Where Terraform leaves it, or where the console keeps it safe.
    places = ("practice/*/*/errored.tfstate", "store/terraform/errored/*.tfstate")
    assert any(list(world.directory.glob(place)) for place in places)
    config = settings(world, "expired-credentials")
    look = f"release-console recover --region eu-central-1 --config {config}"
    assert look in last_paragraph(world, "expired-credentials")
    *first, last = lead_on(world, "eu-central-1", config)
    assert first == ["unlock", "push-state"]
    assert last in {"accept", "restore"}  # whether the new one has finished a job by then


def test_a_killed_operator_leaves_an_instance_that_nobody_knows(world: SandboxWorld) -> None:
    play(world, "operator-killed", "us-west-2")

    status = world.status()
    region = status["regions"]["us-west-2"]
    refused = world.roll_out("0.9.4", "--regions", "us-west-2")

    assert region["lock"] is not None
    assert not find_marked(GUEST_MARK, str(world.directory))
    assert sorted(o["kind"] for o in region["objects"]) == ["current", "orphan"]
    assert (status["lease"]["alive"], status["rollout"]["phase"]) == (False, "left_open")
    assert refused.exit_code in {3, 4}
    (orphan,) = (o["id"] for o in region["objects"] if o["kind"] == "orphan")
    moves = lead_on(world, "us-west-2", settings(world, "operator-killed"))
    assert moves == ["resume", "unlock", "terminate", "untaint"]
    assert orphan not in {o["id"] for o in part(world, "us-west-2")["objects"]}


def _lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
