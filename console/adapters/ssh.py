"""How is a command run on an instance?

Over SSH, the way that the Terraform root's readiness check takes: the same user, key and bastion.
asyncssh is imported with the first connection: whoever drains nothing needs none.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from console.adapters.terraform.addresses import PLACEHOLDER
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import Instance, RegionName
from console.engine.ports import OnProgress, Progress, ProgressKind

if TYPE_CHECKING:
    import asyncssh

# What the Terraform modules take where the variables do not say.
_USER, _PORT = "ec2-user", 22
_CONNECT_S = 15
_HINT = (
    "see that the drain command ends well on an instance: it is run as terraform.variables.ssh says"
)


@dataclass(frozen=True, slots=True)
class Door:
    """A machine that lets us in."""

    host: str
    port: int = _PORT
    user: str = _USER


@dataclass(frozen=True, slots=True)
class Way:
    """How instances are reached: `ssh` of the Terraform root's variables."""

    user: str = _USER
    port: int = _PORT
    key: Path | None = None
    """The private key; None for the agent's."""
    bastion: Door | None = None
    """What to go through, `{region}` in its host and user standing for the region."""

    @classmethod
    def of(cls, variables: Mapping[str, object]) -> Way:
        """Return the way that `terraform.variables` describe; what is missing is the root's own."""
        ssh = _mapping(variables.get("ssh"))
        key, bastion = ssh.get("private_key_file"), _mapping(ssh.get("bastion"))
        return cls(
            user=str(ssh.get("user", _USER)),
            port=int(str(ssh.get("port", _PORT))),
            key=Path(str(key)).expanduser() if key else None,
            bastion=Door(
                str(bastion["host"]),
                int(str(bastion.get("port", _PORT))),
                str(bastion.get("user", _USER)),
            )
            if "host" in bastion
            else None,
        )


@dataclass(frozen=True, slots=True)
class SshDrain:
    """Has a worker finish what it has taken, by a command on its instance."""

    way: Way
    command: Sequence[str]
    within: timedelta

    async def drain(
        self, region: RegionName, instance: Instance, on_progress: OnProgress
    ) -> Failure | None:
        """Run the command on `instance` and wait for its end.

        Returns:
            None where it has ended with 0 in time, else why it has not.
        """
        import asyncssh

        try:
            async with asyncio.timeout(self.within.total_seconds()):
                async with self._login(region, instance) as connection:
                    ran = await connection.run(shlex.join(self.command), check=False)
        except TimeoutError:
            return _failure(instance, f"was not done within {self.within.total_seconds():g} s")
        except (OSError, asyncssh.Error, asyncssh.KeyImportError) as error:
            return _failure(instance, f"could not be run: {error}")
        said = "\n".join(str(text) for text in (ran.stdout, ran.stderr) if text).strip()
        for line in said.splitlines():
            on_progress(Progress(ProgressKind.OUTPUT, f"{instance.id}: {line}"))
        if ran.exit_status != 0:
            return _failure(instance, f"ended with {ran.exit_status}", said)
        return None

    @asynccontextmanager
    async def _login(
        self, region: RegionName, instance: Instance
    ) -> AsyncIterator[asyncssh.SSHClientConnection]:
        import asyncssh

        keys = {} if self.way.key is None else {"client_keys": [str(self.way.key)]}
        # Nobody knows the host key of an instance that Terraform has just made; the private network
        # and the bastion are what stands for it, as in the readiness check.
        options = asyncssh.SSHClientConnectionOptions(
            known_hosts=None, connect_timeout=_CONNECT_S, config=None, **keys
        )
        host, port, user = instance.private_address or "", self.way.port, self.way.user
        if (bastion := self.way.bastion) is None:
            async with asyncssh.connect(host, port, username=user, options=options) as connection:
                yield connection
            return
        door, name = (text.replace(PLACEHOLDER, region) for text in (bastion.host, bastion.user))
        async with (
            asyncssh.connect(door, bastion.port, username=name, options=options) as tunnel,
            asyncssh.connect(
                host, port, username=user, options=options, tunnel=tunnel
            ) as connection,
        ):
            yield connection


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _failure(instance: Instance, what: str, evidence: str = "") -> Failure:
    return Failure(
        FailureKind.FAILED, f"the drain command on {instance.id} {what}", _HINT, evidence
    )
