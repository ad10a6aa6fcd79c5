"""Which machines does the world run, and do they follow what EC2 says?

Told of a change by the access log (a call that starts or stops instances), and looks every few
seconds in any case, in case a line was missed.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from console.sandbox.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import InstanceTypeDef

    from console.sandbox.machine import Site

log = logging.getLogger(__name__)

CHANGING_CALLS = frozenset(
    {"RunInstances", "StartInstances", "StopInstances", "TerminateInstances"}
)
"""The EC2 operations after which a region is looked at."""

_ON = frozenset({"pending", "running"})


class Machines:
    """All machines of the world that are on, or are being switched off."""

    def __init__(self, ec2: Mapping[str, EC2Client], site: Site) -> None:
        self._ec2 = ec2
        self._site = site
        self._on: dict[str, Machine] = {}
        self._halting: dict[str, asyncio.Task[None]] = {}
        self._changed: dict[str, asyncio.Event] = {region: asyncio.Event() for region in ec2}

    def of_region(self, region: str) -> tuple[Machine, ...]:
        """The machines of a region that are on."""
        return tuple(machine for machine in self._on.values() if machine.region == region)

    def find(self, region: str, private_ip: str) -> Machine | None:
        """The machine that has this address in this region now."""
        for machine in self.of_region(region):
            if machine.private_ip == private_ip:
                return machine
        return None

    def note_change(self, region: str) -> None:
        """Have a region looked at soon."""
        if region in self._changed:
            self._changed[region].set()

    async def follow(self, region: str, sweep: timedelta) -> None:
        """Keep a region's machines as EC2 says, until cancelled.

        Args:
            region: the region.
            sweep: how often to look when nothing seems to have changed.
        """
        changed = self._changed[region]
        while True:
            changed.clear()
            try:
                self._apply(region, await asyncio.to_thread(_describe, self._ec2[region]))
            except (BotoCoreError, ClientError) as error:
                log.warning("cannot look at the instances of %s: %s", region, error)
            try:
                await asyncio.wait_for(changed.wait(), sweep.total_seconds())
            except TimeoutError:
                continue

    async def power_off_all(self) -> None:
        """Switch everything off, all at once, and wait for it."""
        for machine in tuple(self._on.values()):
            self._power_off(machine, self._site.stop_grace)
        if self._halting:
            await asyncio.wait(self._halting.values())

    def _apply(self, region: str, instances: Iterable[InstanceTypeDef]) -> None:
        wanted = {each["InstanceId"]: each for each in instances if each["State"]["Name"] in _ON}
        for machine in self.of_region(region):
            if machine.identity not in wanted:
                self._power_off(machine)
        for identity, instance in wanted.items():
            if identity not in self._on:
                self._power_on(region, identity, instance["PrivateIpAddress"])

    def _power_on(self, region: str, identity: str, private_ip: str) -> None:
        machine = self._on[identity] = Machine(identity, region, private_ip, self._site)

        async def fetch_user_data() -> str:
            answer = await asyncio.to_thread(
                self._ec2[region].describe_instance_attribute,
                InstanceId=identity,
                Attribute="userData",
            )
            return answer.get("UserData", {}).get("Value", "")

        machine.power_on(fetch_user_data, self._halting.get(identity))

    def _power_off(self, machine: Machine, at_most: timedelta | None = None) -> None:
        # Out of the list first: for the bastion and the census it is gone from now on.
        del self._on[machine.identity]
        halting = self._halting[machine.identity] = asyncio.create_task(machine.power_off(at_most))

        def forget(ended: asyncio.Task[None]) -> None:
            if self._halting.get(machine.identity) is ended:
                del self._halting[machine.identity]

        halting.add_done_callback(forget)


def _describe(client: EC2Client) -> list[InstanceTypeDef]:
    pages = client.get_paginator("describe_instances").paginate()
    return [
        instance
        for page in pages
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    ]
