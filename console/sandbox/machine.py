"""What happens on one instance between power on and power off?

The instance boots from its user data: it finds its image there and has its host start that image's
command. Whatever it prints is its console output.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.sandbox.errors import SandboxError
from console.sandbox.host import Order
from console.sandbox.user_data import decode_user_data, parse_user_data

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import timedelta
    from pathlib import Path

    from console.sandbox.host import Host, Launched
    from console.sandbox.layout import Layout


@dataclass(frozen=True, slots=True)
class Site:
    """What all machines of a world have in common."""

    layout: Layout
    host: Host
    boot_delay: timedelta
    stop_grace: timedelta
    """From SIGTERM to SIGKILL, where the user data does not say."""


class Machine:
    """One instance from its start to its stop. Started again, it is a new Machine."""

    def __init__(self, identity: str, region: str, private_ip: str, site: Site) -> None:
        self.identity = identity
        self.region = region
        self.private_ip = private_ip
        self._site = site
        self._launched: Launched | None = None
        self._stop_grace = site.stop_grace
        self._life: asyncio.Task[None] | None = None
        self.accepts_logins = False
        """Whether it has booted far enough for SSH."""

    @property
    def runs_its_launcher(self) -> bool:
        """Whether the image's command was started and has not ended."""
        return self._launched is not None and self._launched.is_alive

    @property
    def shell_variables(self) -> Mapping[str, str]:
        """What its own `ps` has to know."""
        return self._site.host.shell_variables(self.identity)

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

    async def power_off(self, at_most: timedelta | None = None) -> None:
        """Ask the launcher to stop, and end it when its grace is over.

        Args:
            at_most: the longest grace, where the world ends; None for what the user data says.
        """
        grace = self._stop_grace if at_most is None else min(self._stop_grace, at_most)
        self.accepts_logins = False
        launched = self._launched
        if launched is None or not launched.is_alive:
            if self._life is not None:
                self._life.cancel()
        else:
            self._print("systemd: Stopping worker...")
            await launched.ask_to_stop()
        if self._life is not None:
            await asyncio.wait({self._life}, timeout=grace.total_seconds())
        if self.runs_its_launcher and launched is not None:
            self._print("systemd: worker did not stop in time, killing it.")
            await launched.kill()
        await self._site.host.clear(self.identity)
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
            self._launched = await self._start(await fetch_user_data())
        except (SandboxError, OSError) as error:
            self._print(f"cloud-init: nothing was started. {error}")
            return
        self._print(f"systemd: worker ended: {await self._launched.ended()}")

    async def _start(self, user_data: str) -> Launched:
        settings = parse_user_data(decode_user_data(user_data))
        self._stop_grace = settings.stop_grace or self._site.stop_grace
        order = Order(
            instance=self.identity,
            region=self.region,
            private_ip=self.private_ip,
            settings=settings,
            home=self._site.layout.instance(self.identity),
            console=self._console_path,
        )
        await self._site.host.fetch(order)
        self._print(f"docker: starts {settings.image} (release {settings.release})")
        return await self._site.host.start(order)

    @property
    def _console_path(self) -> Path:
        return self._site.layout.console_log(self.identity)

    def _print(self, text: str) -> None:
        with self._console_path.open("a", encoding="utf-8") as console:
            console.write(f"{time.strftime('%H:%M:%S')} {text}\n")
