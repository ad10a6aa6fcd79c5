"""What can people and machines do to a fleet behind the console's back?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.sandbox.clients import make_clients
from console.sandbox.scenarios.consoles import (
    leave_rolling_out,
    require_rest,
    rolling_out,
    status_of,
)
from console.sandbox.scenarios.fitness import stands_twice
from console.sandbox.scenarios.releases import DOES_NOT_BEAT, roll_out_bad
from console.sandbox.scenarios.scenario import Scenario, wait_until
from console.sandbox.scenarios.settings import make_context, write_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.sandbox.scenarios.scenario import Stage

COLLEAGUE = "colleague"
"""Who the second operator is."""

_LONG_BAKE = "15m"
_GONE_SECONDS = 60


def _operator_killed(stage: Stage) -> str:
    require_rest(stage, [stage.region])
    name = "operator-killed"
    # A worker that takes its time: the provisioners must still run when the kill comes.
    context = make_context(stage.layout.context(name), "slow_boot")
    settings = write_settings(stage, name, context=context, within="5m")
    options = ("--release", f"0.9.1-{name}", "--regions", stage.region, "--refresh")
    with rolling_out(stage, settings, *options) as rollout:
        rollout.wait_for(
            lambda lines: len(_provisioned(lines)) >= stage.slots,
            "Terraform was inside the provisioner of every slot",
        )
        killed = rollout.kill_with_its_terraform()
    stage.say(f"killed the console, Terraform and what it had started: {killed} processes")
    return (
        f"console and Terraform are dead; a new instance for {stage.all_slots} of {stage.region} "
        "runs; lease, journal, state and state lock are as they were at that moment"
    )


def _provisioned(lines: Sequence[dict[str, Any]]) -> set[str]:
    """The slots whose provisioner Terraform has begun."""
    return {
        line["address"]
        for line in lines
        if line["type"] == "apply.progress" and line["action"] == "provision"
    }


def _stale_lock(stage: Stage) -> str:
    require_rest(stage, [stage.region])
    lock = stage.terraform.leave_lock(stage.region)
    return f"the state of {stage.region} is locked ({lock}) by a Terraform that was killed"


def _untainted_by_hand(stage: Stage) -> str:
    if not _has_bad_image(stage):
        roll_out_bad(stage, "untainted-by-hand", "bad_image", DOES_NOT_BEAT)
    stage.say(f"terraform untaint, on every slot of {stage.region}, as a colleague might")
    stage.terraform.untaint(stage.region, range(stage.slots))
    return (
        f"nothing is tainted in {stage.region} any more: the new instances, which do not work, "
        "look good to Terraform, and its next plan would destroy the old ones, which do"
    )


def _has_bad_image(stage: Stage) -> bool:
    """Whether the region is as the scenario bad-image leaves it."""
    status = status_of(stage)
    return stands_twice(status["regions"][stage.region], stage.slots) and status["lease"] is None


def _terminated_by_hand(stage: Stage) -> str:
    objects = require_rest(stage, [stage.region])["regions"][stage.region]["objects"]
    victim = min(objects, key=lambda each: int(each["slot"]))["id"]
    world = stage.world
    clients = make_clients(world.aws_endpoint, world.sqs_endpoint, [stage.region])
    clients.ec2[stage.region].terminate_instances(InstanceIds=[victim])

    def is_seen() -> bool:
        region = status_of(stage)["regions"][stage.region]
        return any(each["id"] == victim and each["health"] == "gone" for each in region["objects"])

    wait_until(is_seen, _GONE_SECONDS, f"the end of {victim}")
    return f"{victim}, slot 0 of {stage.region}, was terminated in EC2; its state still has it"


def _second_operator(stage: Stage) -> str:
    require_rest(stage, stage.world.regions)
    name = "second-operator"
    settings = write_settings(stage, name, within="60s", bake=_LONG_BAKE)
    rollout = leave_rolling_out(
        stage, settings, COLLEAGUE, "--release", f"0.9.1-{name}", "--refresh"
    )
    rollout.wait_for(
        lambda lines: any(line["type"] == "rollout.started" for line in lines),
        "the colleague held the fleet",
    )
    pid = rollout.process.pid
    # It outlives this process on purpose: Popen need not complain about it.
    rollout.process.returncode = 0
    return (
        f"{COLLEAGUE} (process {pid}) rolls 0.9.1-{name} out, and bakes for {_LONG_BAKE} after the "
        f"canary; `kill -INT {pid}` stops it"
    )


OPERATOR_KILLED = Scenario(
    "operator-killed",
    "console and Terraform are killed in the middle of an apply",
    "instances in {region} with the fleet's tag that are in no state, a state lock and a lease "
    "whose holders are dead, and a rollout that was left open",
    "release-console resume --config {config}",
    _operator_killed,
)

STALE_LOCK = Scenario(
    "stale-lock",
    "a state lock whose Terraform is dead",
    "a lock in {region} with holder and age, no Terraform process that holds it, and a state "
    "whose serial does not move",
    "release-console recover unlock --region {region} --config {config}",
    _stale_lock,
)

UNTAINTED_BY_HAND = Scenario(
    "untainted-by-hand",
    "somebody untaints the instances of a bad release",
    "deposed objects in {region} that are healthy, beside current ones that are not, and a guard "
    "that refuses to destroy the last healthy worker",
    "release-console recover restore --region {region} --config {config}",
    _untainted_by_hand,
)

TERMINATED_BY_HAND = Scenario(
    "terminated-by-hand",
    "somebody terminates an instance in EC2",
    "a ghost in {region}: in the state, gone from EC2",
    "release-console recover retry --region {region} --yes --config {config}",
    _terminated_by_hand,
)

SECOND_OPERATOR = Scenario(
    "second-operator",
    "a colleague's rollout holds the fleet",
    "who holds the fleet, where, since when and with what",
    "release-console --auto --release 0.9.2 --config {usual}",
    _second_operator,
)
