"""Is everything as it should be, after a console was killed and its rollout was led on?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from console.domain.events import PlanReady, StepStarted
from console.domain.evolve import evolve
from console.domain.outcome import Outcome
from console.domain.plan import PlanId
from console.domain.rollout import Rollout
from console.domain.steps import Step as RolloutStep
from console.sandbox.access_log import calls_in
from console.sandbox.clients import make_clients
from console.sandbox.control import load
from console.sandbox.layout import Layout
from tests.acceptance.world import Line, SandboxWorld
from tests.kills.leading_on import Step
from tests.kills.recorded import Recorded

EXIT_CODES = {0, 3, 4, 5, 6, 7}
"""All that a command may end with which nobody interrupts; 1 is a bug, 2 a wrong command line."""


@dataclass(frozen=True, slots=True)
class Before:
    """What was there before the rollout whose console is killed."""

    runs: int
    """How many instances EC2 was asked for."""
    applies: int
    """How many applies Terraform has run."""
    rollouts: frozenset[str]


def before(world: SandboxWorld, recorded: Recorded) -> Before:
    """Count what was there before."""
    return Before(_runs(world), _applies(world), frozenset(recorded.rollouts()))


def wrongs(
    world: SandboxWorld,
    recorded: Recorded,
    since: Before,
    steps: list[Step],
    release: str,
    *,
    extra_instances: int = 0,
) -> Iterator[str]:
    """Yield everything that is not as it should be, in words; nothing when all is well.

    Args:
        world: where a console was killed, and everything that was advised has been done.
        recorded: its journal.
        since: what was there before that.
        steps: what was typed.
        release: what was rolled out.
        extra_instances: how many instances a Terraform may have made in vain that was killed.
    """
    regions = world.settled()["regions"]
    yield from _ends(steps)
    yield from _fleet(world, regions, release)
    yield from _journals(world, recorded, since)
    made, wanted = _runs(world) - since.runs, len(regions)
    if not wanted <= made <= wanted + extra_instances:
        yield f"{made} instances were made for {wanted} slots"


def _fleet(world: SandboxWorld, regions: Line, release: str) -> Iterator[str]:
    if lost := world.books()["lost"]:
        yield f"{lost} jobs are lost"
    for region, found in regions.items():
        shown = {thing["id"] for thing in found["objects"]}
        if unseen := _instances(world, region) - shown:
            yield f"{region}: {', '.join(sorted(unseen))} run and status does not show them"
        runs = [thing["heartbeat"] for thing in found["objects"]]
        if runs != [release] * found["desired"] or found["healthy"] != found["desired"]:
            yield f"{region} is not whole: {json.dumps(found['objects'])}"
        if found["lock"] is not None:
            yield f"{region} is locked"


def _journals(world: SandboxWorld, recorded: Recorded, since: Before) -> Iterator[str]:
    new = [name for name in recorded.rollouts() if name not in since.rollouts]
    begun = sum(recorded.applies(name) for name in new)
    if (ran := _applies(world) - since.applies) > begun:
        yield f"{ran} applies have run, and {begun} are on record"
    for name in new:
        yield from (f"{name}: plan {plan} was applied twice" for plan in _twice(recorded, name))
        if not recorded.rollout(name).is_finished:
            yield f"{name} has no end"


def _ends(steps: list[Step]) -> Iterator[str]:
    for step in steps:
        if step.ran.exit_code not in EXIT_CODES:
            yield f"{step.command} ended with {step.ran.exit_code}: {step.ran.stderr[-600:]}"
        if step.outcome not in {*Outcome} and not step.outcome.startswith("exit "):
            yield f"{step.command} ended in {step.outcome}"
    if not any(step.outcome in {*Outcome} for step in steps):
        yield "nothing has ended in a named outcome"


def _twice(recorded: Recorded, name: str) -> Iterator[PlanId]:
    """Yield the plans whose apply was begun more than once."""
    rollout: Rollout | None = None
    seen: set[PlanId] = set()
    for entry in recorded.entries(name):
        rollout = evolve(rollout, entry)
        match entry.event:
            case StepStarted(at) if at.step is RolloutStep.APPLY and at.unit is not None:
                plan = rollout.planned(rollout.unit(at.unit)).id
                if plan in seen:
                    yield plan
                seen.add(plan)
            case PlanReady(plan=made) if made.id in seen:
                yield made.id
            case _:
                pass


def _applies(world: SandboxWorld) -> int:
    return len(list((world.directory / "store/terraform/logs").glob("*-apply.jsonl")))


def _runs(world: SandboxWorld) -> int:
    """Return how often EC2 has made an instance; each call makes one."""
    calls = calls_in(Layout(world.directory).access_log)
    return sum(call["action"] == "RunInstances" and call["status"] == 200 for call in calls)


def _instances(world: SandboxWorld, region: str) -> set[str]:
    """Return what EC2 itself says is there."""
    running = load(world.directory)
    assert running is not None
    clients = make_clients(running.aws_endpoint, running.sqs_endpoint, [region])
    found = clients.ec2[region].describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    )
    return {each["InstanceId"] for part in found["Reservations"] for each in part["Instances"]}
