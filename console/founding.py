"""How does a sandbox get its queues and its first fleet?

The world itself (`console.sandbox`) is AWS and machines. What runs on it is made by the production
Terraform, applied as a person would who has no fleet yet: queues and fleets at the same time, and
every region at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from console.adapters.terraform.plain import apply_root
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName, SlotTarget, UnitName
from console.domain.policy import Unit
from console.domain.release import Release, ReleaseLabel
from console.engine.ports import PlanRequest, Progress, ProgressKind, plan_file
from console.errors import RefusedError
from console.lodging import lodge
from console.sandbox.control import load, start_detached, stop
from console.sandbox.layout import Layout
from console.sandbox.spec import RunningWorld, WorldSpec
from console.settings.terraform import Layout as StateLayout
from console.wiring import World, wire

Say = Callable[[str], None]

# Of all regions at once on a small machine, each has its queues later than one alone would.
_QUEUE_PATIENCE = timedelta(seconds=60)
_MORE_FOR_EACH_REGION = timedelta(seconds=30)
_LOOK_S = 0.5
_REDELIVERY_S = 30
"""Visibility time-out of the sandbox's queues: longer than its jobs, short enough to watch."""


def default_directory() -> Path:
    """Return where the sandbox of the current directory lives."""
    return Path.cwd() / ".release-console" / "sandbox"


def terraform_root(name: str) -> Path:
    """Return one of the product's own Terraform roots, from the source tree or the wheel.

    Raises:
        RefusedError: it is in neither.
    """
    package = Path(__file__).resolve().parent
    for place in (package.parent / "terraform" / name, package / "_terraform" / name):
        if place.is_dir():
            return place
    raise RefusedError(
        f"the Terraform root {name} is not part of this installation",
        "install release-console from its source tree or its wheel",
    )


async def up(spec: WorldSpec, say: Say) -> tuple[RunningWorld, bool]:
    """Start a world with its first fleet, or join the one that runs in its directory.

    Args:
        spec: what the world is to be.
        say: hears what is done.

    Returns:
        The world, and whether this call started it.

    Raises:
        SandboxError: the world did not start.
        RefusedError: its first fleet could not be made. The world is down again then.
    """
    running = load(spec.directory)
    if running is not None and _is_founded(running):
        # What its instances are was settled when it was started.
        return await asyncio.to_thread(start_detached, spec), False
    say(f"starting a sandbox in {spec.directory}")
    if running is None:
        spec = await asyncio.to_thread(lodge, spec, say)
    running = await asyncio.to_thread(start_detached, spec)
    try:
        await found(running, say)
    except BaseException:
        await asyncio.to_thread(stop, spec.directory)
        raise
    return running, True


async def found(running: RunningWorld, say: Say) -> None:
    """Make the queues and the first fleet of a world that runs.

    Raises:
        RefusedError: something of it failed; the message says what.
    """
    world = wire(Layout(running.directory).config)
    label = ReleaseLabel(running.spec.first_release)
    release = await _first_release(world, label)
    total = sum(running.regions.values())
    say(f"making queues and {total} instances at {label} with Terraform, in all regions at once")
    listen = _listener(say)
    making = {
        RegionName(region): asyncio.create_task(_make_queues(world, running, region, listen))
        for region in running.regions
    }
    failures = await asyncio.gather(
        *making.values(),
        *(_make_fleets(world, units, release, making, listen) for units in _by_state(world)),
    )
    for failure in failures:
        if failure is not None:
            evidence = f"\n{failure.evidence}" if failure.evidence else ""
            raise RefusedError(f"the first fleet: {failure.message}{evidence}", failure.hint)
    _mark(running).write_text(label, encoding="utf-8")
    say(f"the first fleet works: {total} instances at {label}")


async def _first_release(world: World, label: ReleaseLabel) -> Release:
    built = await world.images.build(label, _nowhere)
    if isinstance(built, Failure):
        raise RefusedError(f"the first release: {built.message}", built.hint)
    pushed = await world.images.push(built.image, label, _nowhere)
    if isinstance(pushed, Failure):
        raise RefusedError(f"the first release: {pushed.message}", pushed.hint)
    return replace(built, image=pushed)


async def _make_queues(
    world: World, running: RunningWorld, region: str, listen: Callable[[Progress], None]
) -> Failure | None:
    queues, terraform = world.settings.queues, world.settings.terraform
    assert terraform.backend is not None  # the sandbox's own settings have one  # noqa: S101
    backend = terraform.backend.model_dump(exclude_none=True)
    return await apply_root(
        world.runner,
        UnitName(f"queues-{region}"),
        terraform_root("queues"),
        {**backend, "key": f"queues/{region}.tfstate"},
        {
            "region": region,
            "names": {
                "work": queues.work,
                "results": queues.results,
                "dead_letter": queues.dead_letter,
            },
            "visibility_timeout_seconds": _REDELIVERY_S,
        },
        running.directory / "terraform",
        listen,
    )


def _by_state(world: World) -> list[list[Unit]]:
    """Return the units that share a state together: they have to wait for its lock."""
    if world.settings.terraform.layout is StateLayout.SINGLE_ROOT:
        return [list(world.policy.units)]
    return [[unit] for unit in world.policy.units]


async def _make_fleets(
    world: World,
    units: list[Unit],
    release: Release,
    making: Mapping[RegionName, asyncio.Task[Failure | None]],
    listen: Callable[[Progress], None],
) -> Failure | None:
    patience = _QUEUE_PATIENCE + len(making) * _MORE_FOR_EACH_REGION
    # All queues first: where regions share a root, each of its plans wants the URLs of all.
    missing = await asyncio.gather(
        *(
            await_queues(world.queues.urls, region, making[region], patience)
            for unit in units
            for region in unit.regions
        )
    )
    for absent in missing:
        if absent is not None:
            return absent
    for unit in units:
        failure = await _make_fleet(world, unit, release, listen)
        if failure is not None:
            return failure
    return None


async def _make_fleet(
    world: World, unit: Unit, release: Release, listen: Callable[[Progress], None]
) -> Failure | None:
    plan = plan_file(world.settings.store / "plans" / "first-fleet", unit.name, 0)
    request = PlanRequest(
        unit.name,
        {
            name: (SlotTarget(release.label, release.image_in(name)),)
            * world.policy.region(name).count
            for name in unit.regions
        },
        destination=plan,
    )
    planned = await world.infrastructure.plan(request, listen)
    if isinstance(planned, Failure):
        return planned
    return await world.infrastructure.apply(unit.name, plan, listen)


async def await_queues(
    urls: Callable[[RegionName], Awaitable[object]],
    region: RegionName,
    making: asyncio.Task[Failure | None],
    patience: timedelta,
) -> Failure | None:
    """Wait until SQS knows the queues of `region`: their URLs are variables of the fleet's root.

    Args:
        urls: asks SQS; a failure until they are there.
        region: whose queues.
        making: makes them; they are there some time before it ends.
        patience: how long they may take.

    Returns:
        Why they are not there; None where they are.
    """
    found: object = None
    try:
        async with asyncio.timeout(patience.total_seconds()):
            while isinstance(found := await urls(region), Failure):
                if making.done() and (failure := making.result()) is not None:
                    return failure
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        return Failure(
            FailureKind.FAILED,
            f"the queues of {region} were not there within {patience.total_seconds():.0f} s",
            "the machine may be too busy for that many regions at once: name fewer with --regions",
            found.message if isinstance(found, Failure) else "",
        )
    return None


def _is_founded(running: RunningWorld) -> bool:
    """Whether the first fleet was made in this world, and not in one that is gone."""
    mark = _mark(running)
    return mark.exists() and mark.stat().st_mtime >= running.started


def _mark(running: RunningWorld) -> Path:
    return running.directory / "founded"


def _listener(say: Say) -> Callable[[Progress], None]:
    """Tell what is made, and leave out what is only waited for."""

    def listen(progress: Progress) -> None:
        if progress.kind in {ProgressKind.FINISHED, ProgressKind.FAILED} and progress.address:
            say(f"  {progress.unit}: {progress.message}")

    return listen


def _nowhere(progress: Progress) -> None:
    """Leave the first build's progress untold: it is over in no time."""
