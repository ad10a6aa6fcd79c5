"""What happens in a world from `up` to `down`?

One process supervises everything: two endpoint processes, the instances' own processes or
containers, the SSH gateway, the job traffic and the books. Everything goes down in order: no more
jobs, then the machines (their workers finish what is in flight), then a last look at the books,
SSH, and AWS.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import psutil

from console.sandbox.age_metric import publish_ages
from console.sandbox.books import Books, replace_text, sum_up, write_books
from console.sandbox.call_watch import watch_calls
from console.sandbox.census import Census
from console.sandbox.child_environment import metrics_variables
from console.sandbox.clients import Clients, make_clients
from console.sandbox.config_text import STATE_BUCKET, config_text, shell_text
from console.sandbox.endpoints import Endpoint, check_port_is_free, running_endpoint
from console.sandbox.errors import WorldError
from console.sandbox.faults import TroubleWatch
from console.sandbox.gateway import running_gateway
from console.sandbox.images import ImageStore
from console.sandbox.layout import Layout
from console.sandbox.leftovers import end_everything
from console.sandbox.machine import Site
from console.sandbox.machines import Machines
from console.sandbox.processes import ProcessHost
from console.sandbox.region_traffic import RegionTraffic
from console.sandbox.spec import CONTAINERS, RunningWorld, WorldSpec
from console.sandbox.world_lock import world_lock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from console.sandbox.host import Host

log = logging.getLogger(__name__)

SWEEP = timedelta(seconds=5)
"""How often EC2 is asked although nothing seems to have changed."""

_BOOKS_SECONDS = 1.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def run_world(
    spec: WorldSpec, on_ready: Callable[[RunningWorld], None] | None = None
) -> None:
    """Run a world until SIGINT, SIGTERM or SIGHUP, or until this is cancelled.

    Call it from the main thread. Everything is down when it returns or raises.

    Args:
        spec: what the world is to be.
        on_ready: called once, when the endpoints and the gateway answer.

    Raises:
        WorldError: another world runs in the directory, a port is taken, or a part ended by itself.
    """
    spec = replace(spec, directory=spec.directory.resolve())
    layout = Layout(spec.directory)
    layout.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with world_lock(layout):
        _check_ports(spec)
        await asyncio.to_thread(end_everything, layout)
        _clear(layout)
        replace_text(layout.spec, spec.to_json())
        try:
            async with AsyncExitStack() as stack, _stop_signals() as stop:
                await _Supervision(spec, layout, stack, stop).run(on_ready)
        finally:
            layout.world.unlink(missing_ok=True)
            await asyncio.to_thread(end_everything, layout)


@dataclass(frozen=True, slots=True)
class _Supervision:
    """The world while it runs."""

    spec: WorldSpec
    layout: Layout
    stack: AsyncExitStack
    stop: asyncio.Event

    async def run(self, on_ready: Callable[[RunningWorld], None] | None) -> None:
        """Start, run and stop everything."""
        aws, sqs = await self._start_endpoints()
        regions = self.spec.regions
        clients = await asyncio.to_thread(make_clients, aws.url, sqs.url, regions)
        await asyncio.to_thread(_make_state_bucket, clients)
        host, registry = await self._start_host(aws, sqs)
        site = Site(self.layout, host, self.spec.boot_delay, self.spec.stop_grace)
        machines = Machines(clients.ec2, site)
        ssh_port = await self.stack.enter_async_context(
            running_gateway(self.layout, machines, tuple(regions), self._port(2))
        )
        census, troubles = Census(machines, regions), TroubleWatch(self.layout.faults)
        # Where heartbeats do not come by, the first proof of work is a job's result.
        has_worker = census.has_launcher if self.spec.prometheus else census.has_worker
        traffic = [
            RegionTraffic(
                region,
                clients.sqs[region],
                self.spec.queues,
                census.note_work,
                partial(has_worker, region),
                lambda: troubles.look().poison_share,
            )
            for region in regions
        ]

        def take_stock() -> Books:
            return sum_up((each.ledger for each in traffic), census.min_healthy)

        write_books(self.layout.directory, take_stock())
        tasks = self._start(
            watch_calls(self.layout.access_log, machines.note_change, census.note_work),
            census.count_for_ever(),
            publish_ages(sqs.url, clients.cloudwatch),
            self._write_books(take_stock),
            _fail_when_ended(aws, sqs),
            *(machines.follow(region, SWEEP) for region in regions),
            *(each.run(self.spec.rate, self.spec.job_time) for each in traffic),
        )
        try:
            self._announce(aws, sqs, ssh_port, registry, on_ready)
            await self._until_stopped(tasks)
        finally:
            census.is_counting = False
            for each in traffic:
                each.is_producing = False
            await machines.power_off_all()
            await _cancel(tasks)
            await asyncio.gather(*(each.settle() for each in traffic), return_exceptions=True)
            write_books(self.layout.directory, take_stock())

    async def _start_endpoints(self) -> tuple[Endpoint, Endpoint]:
        self.layout.access_log.touch()
        aws, sqs = await asyncio.gather(
            self.stack.enter_async_context(
                running_endpoint(
                    "aws_endpoint",
                    self.layout,
                    self._port(0),
                    self.layout.access_log,
                    self.layout.faults,
                    self.layout.instances,
                )
            ),
            self.stack.enter_async_context(
                running_endpoint(
                    "sqs_endpoint",
                    self.layout,
                    self._port(1),
                    self.layout.access_log,
                    self.layout.faults,
                )
            ),
        )
        return aws, sqs

    def _port(self, offset: int) -> int:
        return self.spec.port + offset if self.spec.port else 0

    async def _start_host(self, aws: Endpoint, sqs: Endpoint) -> tuple[Host, str]:
        """Return what instances run their images on, and the address of its registry, if any."""
        if self.spec.instances == CONTAINERS:
            # Docker's client, which a world of processes has no use for.
            from console.sandbox.containers.site import running_container_host

            host = await self.stack.enter_async_context(
                running_container_host(self.spec, self.layout, aws, sqs, self._port(3))
            )
            return host, host.registry
        images = ImageStore(self.layout.images)
        surroundings = metrics_variables(self.layout) if self.spec.prometheus else {}
        return ProcessHost(self.layout.directory, images, aws.url, sqs.url, surroundings), ""

    def _start(self, *parts: Coroutine[None, None, None]) -> set[asyncio.Task[None]]:
        return {asyncio.create_task(part) for part in parts}

    async def _write_books(self, take_stock: Callable[[], Books]) -> None:
        while True:
            write_books(self.layout.directory, take_stock())
            await asyncio.sleep(_BOOKS_SECONDS)

    def _announce(
        self,
        aws: Endpoint,
        sqs: Endpoint,
        ssh_port: int,
        registry: str,
        on_ready: Callable[[RunningWorld], None] | None,
    ) -> None:
        world = RunningWorld(
            directory=self.layout.directory,
            pid=os.getpid(),
            started=psutil.Process().create_time(),
            aws_endpoint=aws.url,
            sqs_endpoint=sqs.url,
            ssh_port=ssh_port,
            regions=dict(self.spec.regions),
            spec=self.spec,
            registry=registry,
        )
        replace_text(self.layout.shell, shell_text(world))
        replace_text(self.layout.config, config_text(world))
        # Last: whoever finds it may use all of the above.
        replace_text(self.layout.world, world.to_json())
        if on_ready is not None:
            on_ready(world)

    async def _until_stopped(self, tasks: set[asyncio.Task[None]]) -> None:
        """Return at a signal; raise what a part of the world raised."""
        stopping = asyncio.create_task(self.stop.wait())
        try:
            # The producers' tasks may end; the others never do, unless something is broken.
            watched: set[asyncio.Task[None]] = set(tasks)
            while watched and not stopping.done():
                done, _ = await asyncio.wait(
                    {stopping, *watched}, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done & watched:
                    await task
                watched -= done
        finally:
            stopping.cancel()


@asynccontextmanager
async def _stop_signals() -> AsyncIterator[asyncio.Event]:
    """An event that is set by the signals that end a world."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


async def _fail_when_ended(*endpoints: Endpoint) -> None:
    waits = [asyncio.create_task(endpoint.process.wait()) for endpoint in endpoints]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    raise WorldError(
        "An AWS endpoint of the sandbox ended by itself.", "Its last words are in world.log."
    )


async def _cancel(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception) and not isinstance(outcome, WorldError):
            log.error("a part of the world had failed", exc_info=outcome)


def _make_state_bucket(clients: Clients) -> None:
    clients.s3.create_bucket(Bucket=STATE_BUCKET)


def _check_ports(spec: WorldSpec) -> None:
    if spec.port:
        purposes = ("AWS", "SQS", "SSH", *(["images"] if spec.instances == CONTAINERS else []))
        for offset, purpose in enumerate(purposes):
            check_port_is_free(spec.port + offset, purpose)


def _clear(layout: Layout) -> None:
    """Forget an earlier world: its EC2 and its queues went with it, and so did its releases."""
    kept = (layout.instances, layout.images / "tags", layout.store, layout.registry, layout.targets)
    for directory in kept:
        shutil.rmtree(directory, ignore_errors=True)
    for path in (
        *(layout.world, layout.access_log, layout.books, layout.shell, layout.config),
        layout.faults,
    ):
        path.unlink(missing_ok=True)
