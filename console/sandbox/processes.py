"""How does an instance run its image as a process of this machine?

The image is a directory of the store; its command is started there, under a mark by which it and
its children are found again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from console.sandbox import process_list, tether
from console.sandbox.child_environment import aws_variables, clean_environment
from console.sandbox.credentials import access_key_of
from console.sandbox.exit_words import in_words
from console.sandbox.leftovers import INSTANCE_MARK, kill_marked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.sandbox.host import Order
    from console.sandbox.images import ImageStore


@dataclass(frozen=True, slots=True)
class LaunchedProcess:
    """An image's command that runs here."""

    process: asyncio.subprocess.Process

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self.process.returncode is None

    async def ended(self) -> str:
        """Wait for its end, and say how it ended."""
        return in_words(await self.process.wait())

    async def ask_to_stop(self) -> None:
        """Send SIGTERM to its group."""
        self._signal(signal.SIGTERM)

    async def kill(self) -> None:
        """Send SIGKILL to its group."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


@dataclass(frozen=True, slots=True)
class ProcessHost:
    """Starts images of a directory as processes."""

    directory: Path
    """The world's."""
    images: ImageStore
    aws_endpoint: str
    sqs_endpoint: str
    surroundings: Mapping[str, str] = field(default_factory=dict)
    """Variables that every launcher gets, whatever its user data says."""

    async def fetch(self, order: Order) -> None:
        """Look whether the store has the image."""
        self.images.open(order.settings.image)

    async def start(self, order: Order) -> LaunchedProcess:
        """Start an image's command in the image's directory."""
        image = self.images.open(order.settings.image)
        environment = clean_environment(
            self.directory,
            order.home,
            {
                **aws_variables(
                    self.aws_endpoint,
                    self.sqs_endpoint,
                    access_key_of(order.instance),
                    order.region,
                ),
                **image.environment,
                **order.settings.environment,
                **self.surroundings,
                "INSTANCE_ID": order.instance,
                INSTANCE_MARK: order.instance,
            },
        )
        with order.console.open("ab") as console:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-S",
                str(Path(tether.__file__)),
                str(os.getpid()),
                *image.command,
                cwd=image.path,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        return LaunchedProcess(process)

    async def clear(self, instance: str) -> None:
        """Kill a launcher's own children: they need not go with it, nor stay in its group."""
        await asyncio.to_thread(kill_marked, INSTANCE_MARK, instance)

    def shell_variables(self, instance: str) -> dict[str, str]:
        """Return the mark of the processes that `ps` lists."""
        return {process_list.LISTED: instance}
