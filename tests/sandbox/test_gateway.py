"""SSH: Terraform's remote-exec reaches an instance through the bastion and sees its processes."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from typing import TYPE_CHECKING

import asyncssh
import pytest

from console.adapters.terraform.binary import find_binary
from console.sandbox.leftovers import find_marked
from tests.sandbox.conftest import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.conftest import Operator

REGION = "eu-west-1"

ROOT = """
variable "addresses" { type = list(string) }
variable "port" { type = number }
variable "key" { type = string }
variable "script" { type = string }
resource "terraform_data" "ready" {
  count = length(var.addresses)
  provisioner "remote-exec" {
    connection {
      type                = "ssh"
      host                = var.addresses[count.index]
      user                = "ec2-user"
      private_key         = file(var.key)
      timeout             = "40s"
      bastion_host        = "127.0.0.1"
      bastion_port        = var.port
      bastion_user        = "eu-west-1"
      bastion_private_key = file(var.key)
    }
    inline = [var.script]
  }
}
"""


def address_of(operator: Operator, instance: str) -> str:
    answer = operator.ec2(REGION).describe_instances(InstanceIds=[instance])
    return answer["Reservations"][0]["Instances"][0]["PrivateIpAddress"]


def fleet_addresses(operator: Operator) -> list[str]:
    answer = operator.ec2(REGION).describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["running"]}]
    )
    instances = [each for group in answer["Reservations"] for each in group["Instances"]]
    return [each["PrivateIpAddress"] for each in instances]


def apply(
    operator: Operator, directory: Path, addresses: list[str], script: str
) -> subprocess.CompletedProcess[str]:
    (directory / "main.tf").write_text(ROOT)
    (directory / "terraform.tfvars.json").write_text(
        json.dumps(
            {
                "addresses": addresses,
                "port": operator.world.ssh_port,
                "key": str(operator.layout.operator_key),
                "script": script,
            }
        )
    )
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    environment.pop("TF_CLI_CONFIG_FILE", None)
    outcome = None
    for arguments in (["init", "-input=false"], ["apply", "-auto-approve", "-input=false"]):
        outcome = subprocess.run(
            [*find_binary().argv, *arguments, "-no-color"],
            cwd=directory,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert outcome is not None
    return outcome


def test_remote_exec_runs_on_all_instances_at_once_and_leaves_nothing_behind(
    operator: Operator, tmp_path: Path
) -> None:
    addresses = eventually(
        lambda: len(fleet_addresses(operator)) >= 2 and fleet_addresses(operator), "two instances"
    )
    script = (
        "until ps -ef | grep '[l]auncher' >/dev/null && pgrep -f launcher; do sleep 1; done\n"
        "ps -ef | grep -c launcher.py | sed 's/^/seen: /'\n"
        "echo at $0\n"
    )
    outcome = apply(operator, tmp_path, addresses[:2] * 3, script)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    # "ps" itself, the grep and every other instance's launcher are not in the list.
    assert outcome.stdout.count("seen: 1") == 6
    scripts = {
        line.rpartition(" ")[2] for line in outcome.stdout.splitlines() if ": at /tmp/" in line
    }
    assert scripts
    eventually(lambda: not any(map(os.path.exists, scripts)), "the end of the uploaded scripts")


def test_a_launcher_that_exits_at_once_is_not_seen_and_fails_the_provisioner(
    operator: Operator, tmp_path: Path
) -> None:
    context = tmp_path / "context"
    context.mkdir()
    (context / "launcher.sh").write_text("exit 1\n")
    (context / "Dockerfile").write_text('FROM busybox\nENTRYPOINT ["sh", "launcher.sh"]\n')
    queues = operator.make_queues(REGION, prefix="dies-")
    data = operator.user_data(REGION, queues, operator.build(context))
    instance = operator.run_instance(REGION, data)
    eventually(lambda: "exit code 1" in operator.console(instance), "the launcher's end")
    root = tmp_path / "root"
    root.mkdir()
    script = "ps -ef | grep '[l]auncher' || { echo NOT READY >&2; exit 7; }"
    outcome = apply(operator, root, [address_of(operator, instance)], script)
    assert outcome.returncode == 1
    assert "NOT READY" in outcome.stdout
    assert "exited with status 7" in " ".join((outcome.stdout + outcome.stderr).split())
    operator.terminate(REGION, instance)


async def connect(operator: Operator, user: str = REGION) -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        "127.0.0.1",
        operator.world.ssh_port,
        username=user,
        client_keys=[str(operator.layout.operator_key)],
        known_hosts=None,
        config=[],
    )


@pytest.mark.parametrize(
    ("user", "address"), [(REGION, "10.255.255.254"), ("mars-west-1", ""), ("us-east-1", "")]
)
async def test_an_address_that_no_instance_of_the_region_has_is_refused(
    operator: Operator, user: str, address: str
) -> None:
    target = address or eventually(lambda: fleet_addresses(operator), "an instance")[0]
    async with await connect(operator, user) as bastion:
        with pytest.raises(asyncssh.ChannelOpenError):
            await bastion.open_connection(target, 22)


async def test_a_stranger_is_not_let_in(operator: Operator) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        await asyncssh.connect(
            "127.0.0.1",
            operator.world.ssh_port,
            username=REGION,
            client_keys=[asyncssh.generate_private_key("ssh-ed25519")],
            known_hosts=None,
            config=[],
        )


async def test_a_caller_that_hangs_up_takes_its_command_along(operator: Operator) -> None:
    address = eventually(lambda: fleet_addresses(operator), "an instance")[0]
    async with await connect(operator) as bastion:
        instance = await bastion.connect_ssh(
            address,
            username="ec2-user",
            client_keys=[str(operator.layout.operator_key)],
            known_hosts=None,
            config=[],
        )
        process = await instance.create_process("echo $SANDBOX_LISTED_INSTANCE; sleep 600")
        listed = (await process.stdout.readline()).strip()
        assert find_marked("SANDBOX_LISTED_INSTANCE", listed)
    await asyncio.to_thread(
        eventually,
        lambda: not find_marked("SANDBOX_LISTED_INSTANCE", listed),
        "the end of the command",
    )
