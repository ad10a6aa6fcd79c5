"""What happens on one instance between power on and power off?

The instance boots from its user data: it finds its image there and starts that image's command as a
real process. Whatever it prints is its console output.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.sandbox import tether
from console.sandbox.child_environment import aws_variables, clean_environment
from console.sandbox.credentials import access_key_of
from console.sandbox.errors import SandboxError
from console.sandbox.leftovers import INSTANCE_MARK, kill_marked
from console.sandbox.user_data import decode_user_data, parse_user_data

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import timedelta

    from console.sandbox.images import ImageStore
    from console.sandbox.layout import Layout


@dataclass(frozen=True, slots=True)
class Site:
    """What all machines of a world have in common."""

    layout: Layout
    images: ImageStore
    aws_endpoint: str
    sqs_endpoint: str
    boot_delay: timedelta
    stop_grace: timedelta


class Machine:
    """One instance from its start to its stop. Started again, it is a new Machine."""

    def __init__(self, identity: str, region: str, private_ip: str, site: Site) -> None:
        self.identity = identity
        self.region = region
        self.private_ip = private_ip
        self._site = site
        self._process: asyncio.subprocess.Process | None = None
        self._life: asyncio.Task[None] | None = None
        self.accepts_logins = False
        """Whether it has booted far enough for SSH."""

    @property
    def runs_its_launcher(self) -> bool:
        """Whether the image's command was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    def power_on(
        self,
        fetch_user_data: Callable[[], Awaitable[str]],
        predecessor: asyncio.Task[None] | None = None,
    ) -> None:
        """Start to boot.

        Args:
            fetch_user_data: gets the user data as EC2 gives it, base64.
            predecessor: the same instance being switched off, which must have ended before.
        """
        self._site.layout.instance(self.identity).mkdir(parents=True, exist_ok=True)
        self._life = asyncio.create_task(
            self._live(fetch_user_data, predecessor), name=self.identity
        )

    async def power_off(self) -> None:
        """Ask the launcher to stop, and end it when its grace is over."""
        self.accepts_logins = False
        process = self._process
        if process is None or process.returncode is not None:
            if self._life is not None:
                self._life.cancel()
        else:
            self._print("systemd: Stopping worker...")
            _signal_group(process.pid, signal.SIGTERM)
        if self._life is not None:
            await asyncio.wait({self._life}, timeout=self._site.stop_grace.total_seconds())
        if self.runs_its_launcher and process is not None:
            self._print("systemd: worker did not stop in time, killing it.")
            _signal_group(process.pid, signal.SIGKILL)
        # A launcher's own children need not have gone with it, nor do they stay in its group.
        await asyncio.to_thread(kill_marked, INSTANCE_MARK, self.identity)
        if self._life is not None:
            await asyncio.wait({self._life})
        self._print("reboot: Power down")

    async def _live(
        self,
        fetch_user_data: Callable[[], Awaitable[str]],
        predecessor: asyncio.Task[None] | None,
    ) -> None:
        if predecessor is not None:
            await asyncio.wait({predecessor})
        self._print(f"Linux version 6.1.0-sandbox ({self.region}) #1 SMP")
        await asyncio.sleep(self._site.boot_delay.total_seconds())
        self._print(f"cloud-init: {self.identity} at {self.private_ip} boots from its user data")
        self.accepts_logins = True
        try:
            self._process = await self._start(await fetch_user_data())
        except (SandboxError, OSError) as error:
            self._print(f"cloud-init: nothing was started. {error}")
            return
        code = await self._process.wait()
        self._print(f"systemd: worker ended: {_in_words(code)}")

    async def _start(self, user_data: str) -> asyncio.subprocess.Process:
        settings = parse_user_data(decode_user_data(user_data))
        image = self._site.images.open(settings.image)
        self._print(f"docker: starts {settings.image} (release {settings.release})")
        home = self._site.layout.instance(self.identity)
        environment = clean_environment(
            self._site.layout.directory,
            home,
            {
                **aws_variables(
                    self._site.aws_endpoint,
                    self._site.sqs_endpoint,
                    access_key_of(self.identity),
                    self.region,
                ),
                **image.environment,
                **settings.environment,
                "INSTANCE_ID": self.identity,
                INSTANCE_MARK: self.identity,
            },
        )
        with self._console_path.open("ab") as console:
            return await asyncio.create_subprocess_exec(
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

    @property
    def _console_path(self) -> Path:
        return self._site.layout.console_log(self.identity)

    def _print(self, text: str) -> None:
        with self._console_path.open("a", encoding="utf-8") as console:
            console.write(f"{time.strftime('%H:%M:%S')} {text}\n")


def _signal_group(leader: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, number)


def _in_words(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
