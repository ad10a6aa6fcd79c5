"""A sandbox to be put into trouble, and what its scenarios have written."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from console.adapters.aws.trouble import AwsTrouble
from console.domain.failure import Failure
from console.domain.fleet import RegionName, UnitName
from console.domain.plan import Change, Plan
from console.engine.ports import PlanRequest
from console.wiring import wire
from tests.acceptance.world import Line, Ran, SandboxWorld, console

REGIONS = "us-east-1=1,us-west-1=3,us-west-2=1,eu-west-1=1,eu-central-1=1"
"""A region for each trouble that stays."""


@contextmanager
def stage(directory: Path) -> Iterator[SandboxWorld]:
    """Run a sandbox with more regions than most."""
    options = ("--detach", "--instances", "processes", "--rate", "1", "--regions", REGIONS)
    ran = console("sandbox", "up", *options, "--dir", str(directory))
    try:
        assert ran.exit_code == 0, ran.stderr
        yield SandboxWorld(directory)
    finally:
        console("sandbox", "down", "--dir", str(directory))


def play(world: SandboxWorld, name: str, region: str | None = None) -> Ran:
    """Put the sandbox into a trouble."""
    where = ("--region", region) if region else ()
    ran = console("sandbox", "scenario", name, *where, "--dir", str(world.directory))
    assert ran.exit_code == 0, ran.stderr
    assert re.search(r"\nnow: .+\nlook for: .+\ntype: .+\n$", f"\n{ran.stderr}")
    return ran


def calm(world: SandboxWorld) -> None:
    """Take back what AWS and the jobs are made to do."""
    assert console("sandbox", "scenario", "calm", "--dir", str(world.directory)).exit_code == 0


def part(world: SandboxWorld, region: str) -> Line:
    """What `status` tells of one region."""
    found: Line = world.status()["regions"][region]
    return found


@contextmanager
def observed_for(world: SandboxWorld, window: str) -> Iterator[None]:
    """Let runs count for `window` only: what failed before has to leave it, and a test has to end.

    Args:
        world: the sandbox.
        window: as the settings write it.
    """
    config = world.directory / "config.yaml"
    kept = config.read_text()
    counted = kept.replace("  silent_after:", f"  window: {window}\n  silent_after:", 1)
    config.write_text(counted.replace("  intervals:", f"  completions: {window}\n  intervals:", 1))
    try:
        yield
    finally:
        config.write_text(kept)


def settings(world: SandboxWorld, name: str) -> Path:
    """The settings of a scenario's own rollout; the world's, where it has none."""
    own = world.directory / f"scenario-{name}.yaml"
    return own if own.exists() else world.config


def last_paragraph(world: SandboxWorld, name: str) -> str:
    """What a scenario's own rollout told to do next."""
    lines = (world.directory / "store" / f"scenario-{name}.jsonl").read_text(encoding="utf-8")
    told: str = json.loads(lines.splitlines()[-1])["next"]
    return told


def planned(config: Path, region: str) -> tuple[Change, ...]:
    """What Terraform would change in a region that is asked for what its state has in each slot."""
    world = wire(config)
    unit, name = UnitName(region), RegionName(region)

    async def plan() -> Plan:
        found = await world.infrastructure.read(unit)
        assert not isinstance(found, Failure)
        state = found[name]
        recorded = [known.target for known in sorted(state.objects, key=lambda o: o.slot)]
        slots = tuple(target for target in recorded if target is not None)
        assert len(slots) == len(recorded) > 0
        request = PlanRequest(unit, {name: slots}, destination=config.with_suffix(".tfplan"))
        made = await world.infrastructure.plan(request, lambda _: None)
        assert not isinstance(made, Failure)
        return made

    try:
        return asyncio.run(plan()).effective
    finally:
        world.session.close()


def states_in_ec2(config: Path, region: str, instances: Iterable[str]) -> set[str]:
    """What EC2 says of these instances."""
    world = wire(config)
    ids = list(instances)
    try:
        told = asyncio.run(
            world.session.call("ec2", region, lambda ec2: ec2.describe_instances(InstanceIds=ids))
        )
    finally:
        world.session.close()
    assert not isinstance(told, AwsTrouble)
    return {i["State"]["Name"] for r in told["Reservations"] for i in r["Instances"]}
