"""What does an instance run its image on?

An instance knows its user data and its console; how an image becomes something that runs is the
host's business: a process of this machine, or a container of its Docker Engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from console.sandbox.user_data import WorkerSettings


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be started for an instance."""

    instance: str
    region: str
    private_ip: str
    settings: WorkerSettings
    home: Path
    """The instance's directory."""
    console: Path
    """Where to append all that the image prints."""


class Launched(Protocol):
    """An image's command that was started."""

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""

    async def ended(self) -> str:
        """Wait for its end, and say in words how it ended."""

    async def ask_to_stop(self) -> None:
        """Send the signal that a worker leaves in order at; returns at once."""

    async def kill(self) -> None:
        """Send SIGKILL; returns at once."""


class Host(Protocol):
    """Starts images."""

    async def fetch(self, order: Order) -> None:
        """Get the image.

        Raises:
            SandboxError: it cannot be had.
        """

    async def start(self, order: Order) -> Launched:
        """Start the command of an image that was fetched.

        Cancelled, it leaves nothing that runs, or that `clear` does not end.

        Raises:
            SandboxError: it cannot be started.
            OSError: it cannot be started.
        """

    async def clear(self, instance: str) -> None:
        """End whatever an instance's image has left behind."""

    def shell_variables(self, instance: str) -> Mapping[str, str]:
        """Return what the instance's own `ps` has to know."""
