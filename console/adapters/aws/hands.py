"""How is an instance ended that is in no Terraform state?

Implements `ports.Hands`. Whatever a state has is Terraform's to end, with a plan that was guarded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.adapters.aws.session import AwsSession, AwsTrouble
from console.adapters.tags import FLEET
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import InstanceId, RegionName

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import InstanceTypeDef

ALLOWED = frozenset({"DescribeInstances", "TerminateInstances"})
"""The operations of a session for this, and no others."""

_ENDED = frozenset({"shutting-down", "terminated"})


class AwsHands:
    """Ends instances of one fleet."""

    def __init__(self, fleet: str, session: AwsSession) -> None:
        """Do nothing yet.

        Args:
            fleet: its name; an instance without it as its tag is never touched.
            session: one that is allowed `ALLOWED`.
        """
        self._fleet = fleet
        self._session = session

    async def terminate(self, region: RegionName, instance: InstanceId) -> Failure | None:
        """Terminate an instance of the fleet; done once EC2 says that it is going or gone."""

        def end(client: EC2Client) -> Failure | None:
            (reservation,) = client.describe_instances(InstanceIds=[instance])["Reservations"]
            (found,) = reservation["Instances"]
            if not self._is_ours(found):
                return Failure(
                    FailureKind.REFUSED,
                    f"{instance} in {region} does not carry the tag {FLEET}={self._fleet}: "
                    "it is not this fleet's to terminate",
                )
            if found["State"]["Name"] in _ENDED:
                return None
            told = client.terminate_instances(InstanceIds=[instance])["TerminatingInstances"]
            states = {one["CurrentState"]["Name"] for one in told}
            if states <= _ENDED:
                return None
            return Failure(
                FailureKind.INCONCLUSIVE,
                f"EC2 took the order to terminate {instance}, and says that it is "
                f"{', '.join(sorted(states))}",
            )

        answer = await self._session.call("ec2", region, end)
        if isinstance(answer, AwsTrouble):
            message = f"{instance} was not terminated: {answer.message}"
            return Failure(FailureKind.FAILED, message, answer.hint)
        return answer

    def _is_ours(self, found: InstanceTypeDef) -> bool:
        tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
        return tags.get(FLEET) == self._fleet
