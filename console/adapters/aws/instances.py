"""Which machines does EC2 have for a fleet?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from console.adapters.aws.trouble import error_code
from console.adapters.tags import FLEET, SLOT, target_of
from console.domain.fleet import Instance, InstanceId, SlotIndex

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import InstanceTypeDef

# All but terminated: EC2 lists those for another hour, and there is nothing left to know of them.
_STATES = ["pending", "running", "shutting-down", "stopping", "stopped"]

_CONSOLE_LINES = 40


def read_instances(client: EC2Client, fleet: str) -> tuple[Instance, ...]:
    """Return the instances with the fleet's tag, oldest first; blocking."""
    pages = client.get_paginator("describe_instances").paginate(
        Filters=[
            {"Name": f"tag:{FLEET}", "Values": [fleet]},
            {"Name": "instance-state-name", "Values": _STATES},
        ]
    )
    found = [
        _instance(told)
        for page in pages
        for reservation in page["Reservations"]
        for told in reservation["Instances"]
    ]
    return tuple(sorted(found, key=lambda i: (str(i.launched_at), i.id)))


def read_console(client: EC2Client, instance: InstanceId) -> str:
    """Return the last lines of an instance's console, as they are; blocking."""
    try:
        answer = client.get_console_output(InstanceId=instance, Latest=True)
    except Exception as error:
        # Only machines on Nitro have a console that is up to date.
        if error_code(error) not in {"UnsupportedOperation", "InvalidParameterCombination"}:
            raise
        answer = client.get_console_output(InstanceId=instance)
    return "\n".join(answer.get("Output", "").splitlines()[-_CONSOLE_LINES:])


def read_user_data(client: EC2Client, instance: InstanceId) -> str:
    """Return an instance's user data in base64, empty where it has none; blocking."""
    told = client.describe_instance_attribute(InstanceId=instance, Attribute="userData")
    return told["UserData"].get("Value", "")


def _instance(told: InstanceTypeDef) -> Instance:
    tags = {tag["Key"]: tag["Value"] for tag in told.get("Tags", [])}
    return Instance(
        id=InstanceId(told["InstanceId"]),
        state=told["State"]["Name"],
        slot=_slot(tags),
        target=target_of(tags),
        launched_at=told.get("LaunchTime"),
        private_address=told.get("PrivateIpAddress"),
    )


def _slot(tags: Mapping[str, str]) -> SlotIndex | None:
    text = tags.get(SLOT, "")
    return SlotIndex(int(text)) if text.isdecimal() else None
