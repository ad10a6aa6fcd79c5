"""What of all that a rollout needs is there?"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import click

from console.adapters.docker.engine import Engine, find_engine
from console.adapters.terraform.binary import Binary, read_version
from console.adapters.terraform.plugins import find_plugin_dir
from console.commands.where import chosen_config, config_option
from console.domain.counted import counted
from console.domain.draining import misfits
from console.domain.failure import Failure
from console.domain.fleet import RegionSample
from console.domain.foreign import shown
from console.domain.vocabulary import Occasion
from console.engine.ports import JournalError, Recipient
from console.lodging import lodgings
from console.settings.image import Builder
from console.wiring import World, wire


@dataclass(frozen=True, slots=True)
class _Finding:
    what: str
    is_well: bool
    told: str
    hint: str = ""
    forbids: bool = True
    """Whether nothing may be rolled out where it is not well; else it is only told."""

    @property
    def mark(self) -> str:
        """Its mark in front of the line."""
        if self.is_well:
            return "✓"
        return "✗" if self.forbids else "!"


@click.command()
@config_option
@click.pass_context
def doctor(ctx: click.Context, /, config: Path | None, *, sandbox: bool) -> None:
    """Check tools, credentials, regions and the store. Changes nothing."""
    world = wire(chosen_config(ctx, config, sandbox=sandbox))
    findings = asyncio.run(_examine(world))
    for finding in findings:
        print(shown(f"{finding.mark} {finding.what:<22} {finding.told}"))  # noqa: T201
        if finding.hint and not finding.is_well:
            print(shown(f"  → {finding.hint}"))  # noqa: T201
    sys.exit(0 if all(found.is_well or not found.forbids for found in findings) else 3)


async def _examine(world: World) -> list[_Finding]:
    try:
        return [finding async for finding in _findings(world)]
    finally:
        world.session.close()


async def _findings(world: World) -> AsyncIterator[_Finding]:
    yield _Finding("python", True, sys.version.split()[0])
    yield _Finding("settings", True, str(world.config))
    yield await _terraform(world)
    yield _plugins(world)
    yield await asyncio.to_thread(_engine, world)
    if (instances := lodgings(world.config)) is not None:
        yield _Finding("instances", True, instances)
    yield _store(world)
    for finding in await asyncio.to_thread(_notifications, world):
        yield finding
    identity = await world.fleet.identity()
    hint = "log in, or set aws.profile in the settings"
    yield _Finding(
        "credentials", identity.error is None, identity.value or str(identity.error), hint
    )
    for unit in world.policy.units:
        state = await world.infrastructure.read(unit.name)
        if isinstance(state, Failure):
            yield _Finding(f"state of {unit.name}", False, state.message, state.hint)
        else:
            objects = sum(len(part.objects) for part in state.values())
            yield _Finding(f"state of {unit.name}", True, f"{objects} instances")
        for region in unit.regions:
            sample = await world.fleet.sample(region, [])
            errors = (sample.instances.error, sample.heartbeats.error, sample.queue.error)
            told = "; ".join(error for error in errors if error)
            yield _Finding(region, not told, told or _beating(world, sample))
            hidden = sample.queue.value.visibility if sample.queue.value else None
            for misfit in misfits(world.policy.drain, hidden):
                yield _Finding(f"drain in {region}", False, misfit, forbids=False)


def _beating(world: World, sample: RegionSample) -> str:
    running = sum(instance.is_running for instance in sample.instances.value or ())
    beating = len(sample.healthy(world.policy.silent_after))
    return (
        f"instances, queues and heartbeats ({world.heartbeats.name}) answer; "
        f"{beating} of {counted(running, 'running instance')} beat"
    )


async def _terraform(world: World) -> _Finding:
    binary = world.runner.binary()
    if not isinstance(binary, Binary):
        return _Finding("terraform", False, binary.message, binary.hint)
    version = await read_version(binary)
    return _Finding("terraform", True, f"{binary.name} {version} ({' '.join(binary.argv)})")


def _plugins(world: World) -> _Finding:
    found = find_plugin_dir(world.settings.terraform.plugin_dir)
    return _Finding("aws provider", True, str(found) if found else "from the registry")


def _engine(world: World) -> _Finding:
    """Only who builds images needs an engine: without one, `--image` ships what is pushed."""
    image = world.settings.image
    if image.builder is Builder.DIRECTORY:
        return _Finding("docker engine", True, "not needed: images are directories here")
    found = find_engine()
    if isinstance(found, Engine):
        builder = "BuildKit" if found.has_buildkit else "the builder of its own"
        return _Finding("docker engine", True, f"{found.name}, API {found.api}, {builder}")
    told = found.message if image.context else f"{found.message}; --image needs none"
    return _Finding("docker engine", image.context is None, told, found.hint)


def _notifications(world: World) -> list[_Finding]:
    """Whether Apprise knows each address; nothing is sent, and no address is shown."""
    if not world.settings.notify:
        return []
    told = world.notifications
    services = zip(told.recipients, told.services(), strict=True)
    hint = "see Apprise's list of services for how its address is written"
    return [
        _Finding(
            f"notify[{index}]",
            service is not None,
            f"{service}, told of {_occasions(recipient)}"
            if service is not None
            else "Apprise knows no service by this address",
            hint,
        )
        for index, (recipient, service) in enumerate(services)
    ]


def _occasions(recipient: Recipient) -> str:
    asked = [occasion for occasion in Occasion if occasion in recipient.occasions]
    return "everything" if len(asked) == len(Occasion) else ", ".join(asked)


def _store(world: World) -> _Finding:
    try:
        with world.journal.connect():
            pass
    except JournalError as error:
        return _Finding("store", False, str(error))
    free = shutil.disk_usage(world.journal.path.parent).free / 2**30
    is_writable = os.access(world.journal.path, os.W_OK)
    return _Finding("store", is_writable, f"{world.journal.path} ({free:.1f} GiB free)")
