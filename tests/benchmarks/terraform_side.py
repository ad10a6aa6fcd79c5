"""How is the same release done with Terraform alone?

With the console's own variables, backend and initialised directory, so that nothing differs but who
runs Terraform and how.
"""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from console.adapters.aws.queues import QueueUrls
from console.adapters.terraform import variables
from console.adapters.terraform.binary import find_binary
from console.adapters.terraform.environment import child_environment
from console.adapters.terraform.spec import TerraformSpec
from console.adapters.terraform.variables import Layout
from console.domain.failure import Failure
from console.domain.fleet import RegionName, SlotTarget, UnitName
from console.domain.release import ReleaseLabel
from console.engine.ports import Progress
from console.specs import terraform_spec
from console.wiring import World, wire
from tests.benchmarks.measure import Cost, measure
from tests.benchmarks.worlds import BenchmarkWorld

Answer = TypeVar("Answer")

_STRONGEST_PARALLELISM = 64


class PreparationError(Exception):
    """What a script needs could not be had; the message says why."""


@dataclass(frozen=True, slots=True)
class Terraform:
    """Terraform on one state."""

    world: BenchmarkWorld
    wired: World
    spec: TerraformSpec
    unit: UnitName
    queues: dict[RegionName, QueueUrls]

    def plan_and_apply(self, label: str) -> Cost:
        """Save a plan that replaces every slot and apply it, with Terraform's defaults."""
        plan = self.world.outputs / f"{label}.tfplan"
        replace = [f"-replace={address}" for address in self._addresses()]
        return self._run(
            label,
            ("plan", "-input=false", f"-out={plan}", self._variables(label), *replace),
            ("apply", "-input=false", str(plan)),
        )

    def replace_at_once(self, label: str) -> Cost:
        """Replace every slot with one apply: the best that plain Terraform can do."""
        replace = [f"-replace={address}" for address in self._addresses()]
        parallelism = f"-parallelism={_STRONGEST_PARALLELISM}"
        return self._run(label, (*_AT_ONCE, parallelism, self._variables(label), *replace))

    def taint_and_apply(self, label: str) -> Cost:
        """Taint every slot, one after another, then apply: the classic way."""
        taints = (("taint", address) for address in self._addresses())
        return self._run(label, *taints, (*_AT_ONCE, self._variables(label)))

    def _addresses(self) -> Iterator[str]:
        addresses = self.spec.addresses_of(self.unit)
        for region in addresses.regions:
            for slot in range(self.spec.regions[region]):
                yield addresses.slot(region, slot)

    def _variables(self, label: str) -> str:
        """Build the release, write the variables that ask for it and return the option."""
        target = asyncio.run(self._built(ReleaseLabel(label)))
        slots = {region: (target,) * count for region, count in self.spec.regions.items()}
        if self.spec.layout is Layout.SINGLE_ROOT:
            given = variables.of_single_root(self.spec.given, slots, self.queues, {})
        else:
            (region,) = self.spec.units[self.unit]
            queues = self.queues[region]
            given = variables.of_region(self.spec.given, region, slots[region], queues, None)
        path = self.world.outputs / f"{label}.tfvars.json"
        variables.write(path, given)
        return f"-var-file={path}"

    async def _built(self, label: ReleaseLabel) -> SlotTarget:
        built = _sure(await self.wired.images.build(label, _nowhere))
        _sure(await self.wired.images.push(built.image, label, _nowhere))
        return SlotTarget(built.label, built.image)

    def _run(self, label: str, *commands: Sequence[str]) -> Cost:
        terraform = (*find_binary().argv, f"-chdir={self.spec.root}")
        script = "\n".join(shlex.join([*terraform, *words]) for words in commands)
        environment = child_environment(os.environ, self.spec.data_dir(self.unit))
        return measure(
            ["sh", "-ec", script], self.world.outputs / f"terraform-{label}", environment
        )


_AT_ONCE = ("apply", "-auto-approve", "-input=false")


def terraform_of(world: BenchmarkWorld, config: Path) -> Terraform:
    """Return Terraform on the first unit's state, with every unit initialised.

    Raises:
        PreparationError: that could not be done.
    """
    wired = wire(config)
    spec = terraform_spec(wired.settings, wired.policy)
    queues = asyncio.run(_prepare(wired))
    return Terraform(world, wired, spec, wired.policy.units[0].name, queues)


def _sure(answer: Answer | Failure) -> Answer:
    if isinstance(answer, Failure):
        raise PreparationError(answer.message)
    return answer


def _nowhere(progress: Progress) -> None:
    """Leave the build's progress untold."""


async def _prepare(wired: World) -> dict[RegionName, QueueUrls]:
    for unit in wired.policy.units:
        failure = await wired.infrastructure.prepare(unit.name)
        if failure is not None:
            raise PreparationError(failure.message)
    return {
        region.name: _sure(await wired.queues.urls(region.name)) for region in wired.policy.regions
    }
