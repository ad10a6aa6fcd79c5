"""How does the engine's wish become a Terraform command, and its answer a value?

Implements `ports.Infrastructure`. No method raises for what Terraform, a state or AWS does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from console.adapters.aws.session import AwsSession
from console.adapters.process import Completed
from console.adapters.terraform import argv, variables
from console.adapters.terraform.diagnostics import failure_of
from console.adapters.terraform.initialised import only_one, stamp_for
from console.adapters.terraform.inputs import FindQueues, variables_of
from console.adapters.terraform.planfile import PlanFileError, parse_plan, plan_id
from console.adapters.terraform.plugins import find_plugin_dir
from console.adapters.terraform.private import absolute, make_private, remove
from console.adapters.terraform.runner import Runner
from console.adapters.terraform.sources import source_of
from console.adapters.terraform.spec import TerraformSpec
from console.adapters.terraform.state import StateError, parse_state
from console.adapters.terraform.stream import Stream
from console.adapters.terraform.variables import Layout
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName, RegionState, SlotIndex, UnitName
from console.domain.plan import Plan
from console.engine.ports import OnProgress, PlanRequest


class TerraformClient:
    """Terraform, unit by unit."""

    def __init__(
        self, spec: TerraformSpec, runner: Runner, session: AwsSession, find_queues: FindQueues
    ) -> None:
        """Start nothing yet.

        Args:
            spec: what the settings say.
            runner: runs the commands.
            session: reads states that are kept in S3.
            find_queues: the URLs of a region's queues, which are variables of the root.
        """
        self._spec = spec
        self._root = spec.root.absolute()
        self._runner = runner
        self._session = session
        self._find_queues = find_queues

    async def prepare(self, unit: UnitName) -> Failure | None:
        """Initialise the unit's working directory, unless that is done already."""
        binary = self._runner.binary()
        if isinstance(binary, Failure):
            return binary
        backend, data_dir = self._spec.backend_of(unit), self._spec.data_dir(unit)
        try:
            make_private(data_dir)
            plugin_dir = await asyncio.to_thread(find_plugin_dir, self._spec.plugin_dir)
            stamp = stamp_for(data_dir, self._root, backend, plugin_dir, binary.argv)
            if stamp.is_current():
                return None
            async with only_one(self._root):
                stamp.clear()
                command = argv.init(self._root, backend, plugin_dir)
                failure = await self._do(unit, "init", command)
                if failure is None:
                    stamp.write()
                return failure
        except OSError as error:
            return Failure(FailureKind.FAILED, f"init of {unit}: {error}")

    async def read(self, unit: UnitName) -> Mapping[RegionName, RegionState] | Failure:
        """Return the part of the state that each of the unit's regions has, and its lock."""
        states = await self._read_all(unit)
        if isinstance(states, Failure):
            return states
        return {region: states[region] for region in self._spec.units[unit]}

    async def taint(self, unit: UnitName, region: RegionName, slot: SlotIndex) -> Failure | None:
        """Mark a slot for replacement in the state."""
        address = self._spec.addresses_of(unit).slot(region, slot)
        return await self._prepared(unit, "taint", argv.taint(self._root, address))

    async def untaint(self, unit: UnitName, region: RegionName, slot: SlotIndex) -> Failure | None:
        """Take the mark back; a slot that has none is left as it is."""
        address = self._spec.addresses_of(unit).slot(region, slot)
        failure = await self._prepared(unit, "untaint", argv.untaint(self._root, address))
        if failure is not None and "is not tainted" in " ".join(failure.evidence.split()):
            return None
        return failure

    async def plan(self, request: PlanRequest, on_progress: OnProgress) -> Plan | Failure:
        """Save a plan and return what `show -json` says of it."""
        unit = request.unit
        states = await self.prepare(unit) or await self._read_all(unit)
        if isinstance(states, Failure):
            return states
        given = await variables_of(self._spec, request, states, self._find_queues)
        if isinstance(given, Failure):
            return given
        destination, var_file = absolute(request.destination), self._spec.variable_file(unit)
        try:
            make_private(destination.parent)
            variables.write(var_file, given)
            failure = await self._save_plan(request, destination, var_file, on_progress)
            if failure is not None:
                remove(destination)
                return failure
            return await self._show(unit, destination, next(iter(states.values())))
        except OSError as error:
            return Failure(FailureKind.FAILED, f"plan of {unit}: {error}")
        finally:
            remove(var_file)

    async def apply(self, unit: UnitName, plan: Path, on_progress: OnProgress) -> Failure | None:
        """Apply a saved plan. Never cancelled, never killed: see `interrupt`."""
        failure = await self.prepare(unit)
        if failure is not None:
            return failure
        parallelism = self._spec.parallelism_of(unit)
        command = argv.apply(self._root, absolute(plan), parallelism=parallelism)
        try:
            return await self._do(unit, "apply", command, Stream(unit, on_progress))
        finally:
            remove(plan)  # it may hold secrets, and it cannot be applied twice

    def interrupt(self) -> None:
        """Send one SIGINT to each Terraform that runs; a second call does nothing to it."""
        self._runner.interrupt()

    async def _read_all(self, unit: UnitName) -> Mapping[RegionName, RegionState] | Failure:
        source = source_of(
            self._spec.backend_of(unit),
            self._root,
            self._session,
            lambda: self._pull(unit),
            self._runner.workspace,
        )
        raw = await source.read()
        if isinstance(raw, Failure):
            return raw
        try:
            return parse_state(raw.text, self._spec.addresses_of(unit), raw.lock)
        except StateError as error:
            return Failure(FailureKind.FAILED, f"state of {unit}: {error}")

    async def _pull(self, unit: UnitName) -> str | Failure:
        failure = await self.prepare(unit)
        if failure is not None:
            return failure
        done = await self._runner.run(unit, self._spec.data_dir(unit), argv.state_pull(self._root))
        if isinstance(done, Failure):
            return done
        completed, was_interrupted = done
        if completed.exit_code == 0:
            return completed.stdout
        return _failure(f"state pull of {unit}", completed, None, was_interrupted=was_interrupted)

    async def _save_plan(
        self, request: PlanRequest, destination: Path, var_file: Path, on_progress: OnProgress
    ) -> Failure | None:
        unit = request.unit
        addresses = self._spec.addresses_of(unit)
        command = argv.plan(
            self._root,
            out=destination,
            var_file=var_file,
            parallelism=self._spec.parallelism_of(unit),
            replace=[addresses.slot(region, slot) for region, slot in request.replace],
            target=self._spec.targets_of(unit),
        )
        return await self._do(unit, "plan", command, Stream(unit, on_progress))

    async def _show(self, unit: UnitName, path: Path, state: RegionState) -> Plan | Failure:
        # Without a log: the JSON of a plan holds what the stream leaves out, secrets included.
        data_dir = self._spec.data_dir(unit)
        done = await self._runner.run(unit, data_dir, argv.show(self._root, path))
        if isinstance(done, Failure):
            return done
        completed, was_interrupted = done
        if completed.exit_code != 0:
            return _failure(
                f"reading the plan of {unit}", completed, None, was_interrupted=was_interrupted
            )
        try:
            return parse_plan(
                completed.stdout,
                plan_id(path),
                state,
                self._spec.addresses_of(unit),
                is_targeted=self._spec.layout is Layout.SINGLE_ROOT,
            )
        except PlanFileError as error:
            return Failure(FailureKind.REFUSED, f"plan of {unit}: {error}")

    async def _prepared(
        self, unit: UnitName, word: str, command: tuple[str, ...]
    ) -> Failure | None:
        return await self.prepare(unit) or await self._do(unit, word, command)

    async def _do(
        self, unit: UnitName, word: str, command: tuple[str, ...], stream: Stream | None = None
    ) -> Failure | None:
        done = await self._runner.run(
            unit,
            self._spec.data_dir(unit),
            command,
            None if stream is None else stream.hear,
            log_as=word,
        )
        if isinstance(done, Failure):
            return done
        completed, was_interrupted = done
        if completed.exit_code == 0:
            return None
        return _failure(f"{word} of {unit}", completed, stream, was_interrupted=was_interrupted)


def _failure(
    what: str, completed: Completed, stream: Stream | None, *, was_interrupted: bool
) -> Failure:
    return failure_of(
        what,
        () if stream is None else stream.errors,
        exit_code=completed.exit_code,
        stderr=completed.stderr,
        was_interrupted=was_interrupted,
    )
