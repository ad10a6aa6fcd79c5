"""How does the engine's wish become a Terraform command, and its answer a value?

Implements `ports.Infrastructure`. No method raises for what Terraform, a state or AWS does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from console.adapters.aws.session import AwsSession
from console.adapters.terraform import argv, variables
from console.adapters.terraform.commands import Commands
from console.adapters.terraform.inputs import FindQueues, variables_of
from console.adapters.terraform.left_running import LogReader, newest_log, working_in
from console.adapters.terraform.lock_holder import holder_of
from console.adapters.terraform.planfile import PlanFileError, parse_plan, plan_id
from console.adapters.terraform.private import absolute, make_private, remove
from console.adapters.terraform.runner import Runner
from console.adapters.terraform.sources import source_of
from console.adapters.terraform.spec import TerraformSpec
from console.adapters.terraform.state import StateError, parse_state
from console.adapters.terraform.statefile import Place
from console.adapters.terraform.stream import Stream
from console.adapters.terraform.surgery import Surgery
from console.adapters.terraform.unwritten import Unwritten
from console.adapters.terraform.variables import Json, Layout
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import (
    ErroredState,
    InstanceId,
    RegionName,
    RegionState,
    SlotIndex,
    SlotTarget,
    StateLock,
    UnitName,
)
from console.domain.plan import Plan
from console.domain.recovery.situation import Liveness
from console.engine.ports import OnProgress, PlanRequest

# Between two looks at whether a process that is not our child still runs.
_LOOK_S = 0.5


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
        self._commands = Commands(spec, runner)
        self._surgery = Surgery(spec, self._commands, session)
        self._unwritten = Unwritten(spec, self._commands, self._read_all)

    async def prepare(self, unit: UnitName) -> Failure | None:
        """Initialise the unit's working directory, unless that is done already."""
        return await self._commands.prepare(unit)

    async def read(self, unit: UnitName) -> Mapping[RegionName, RegionState] | Failure:
        """Return the part of the state that each of the unit's regions has, and its lock."""
        states = await self._read_all(unit)
        if isinstance(states, Failure):
            return states
        return {region: states[region] for region in self._spec.units[unit]}

    async def await_others(self, unit: UnitName, on_progress: OnProgress) -> None:
        """Wait while a Terraform works on `unit` that an earlier console has left running.

        What it has printed and still prints is told: its output is in a file.
        """
        data_dir = self._spec.data_dir(unit)
        if not await asyncio.to_thread(working_in, data_dir):
            return
        log = LogReader(newest_log(self._runner.logs, unit), Stream(unit, on_progress).hear)
        while await asyncio.to_thread(working_in, data_dir):
            log.read()
            await asyncio.sleep(_LOOK_S)
        log.read()
        await self._unwritten.collect(unit)

    async def taint(self, unit: UnitName, region: RegionName, slot: SlotIndex) -> Failure | None:
        """Mark a slot for replacement in the state."""
        address = self._spec.addresses_of(unit).slot(region, slot)
        return await self._unwritten.refusal(unit) or await self._commands.prepared(
            unit, "taint", argv.taint(self._root, address)
        )

    async def untaint(self, unit: UnitName, region: RegionName, slot: SlotIndex) -> Failure | None:
        """Take the mark back; a slot that has none is left as it is."""
        address = self._spec.addresses_of(unit).slot(region, slot)
        command = argv.untaint(self._root, address)
        failure = await self._unwritten.refusal(unit) or await self._commands.prepared(
            unit, "untaint", command
        )
        if failure is not None and "is not tainted" in " ".join(failure.evidence.split()):
            return None
        return failure

    async def plan(self, request: PlanRequest, on_progress: OnProgress) -> Plan | Failure:
        """Save a plan and return what `show -json` says of it."""
        unit = request.unit
        found = await self._inputs(request)
        if isinstance(found, Failure):
            return found
        states, given = found
        destination, var_file = absolute(request.destination), self._spec.variable_file(unit)
        try:
            make_private(destination.parent)
            variables.write(var_file, given)
            failure = await self._save_plan(request, destination, var_file, on_progress)
            if failure is not None:
                remove(destination)
                return failure
            is_targeted = bool(request.only) or self._spec.layout is Layout.SINGLE_ROOT
            state = next(iter(states.values()))
            return await self._show(unit, destination, state, is_targeted=is_targeted)
        except OSError as error:
            return Failure(FailureKind.FAILED, f"plan of {unit}: {error}")
        finally:
            remove(var_file)

    async def apply(self, unit: UnitName, plan: Path, on_progress: OnProgress) -> Failure | None:
        """Apply a saved plan. Never cancelled, never killed: see `interrupt`."""
        failure = await self._unwritten.refusal(unit) or await self.prepare(unit)
        if failure is not None:
            return failure
        parallelism = self._spec.parallelism_of(unit)
        command = argv.apply(self._root, absolute(plan), parallelism=parallelism)
        try:
            return await self._commands.do(unit, "apply", command, Stream(unit, on_progress))
        finally:
            remove(plan)  # it may hold secrets, and it cannot be applied twice
            await self._unwritten.collect(unit)

    async def back_up(self, unit: UnitName) -> Path | Failure:
        """Keep the state exactly as it is, in a private file, and return that."""
        return await self._surgery.back_up(unit)

    async def restore_backup(self, unit: UnitName, backup: Path) -> Failure | None:
        """Make the state what it was at `back_up`, under a new serial."""
        return await self._unwritten.refusal(unit) or await self._surgery.restore_backup(
            unit, backup
        )

    async def promote(
        self,
        unit: UnitName,
        region: RegionName,
        slot: SlotIndex,
        instance: InstanceId,
        slots: Mapping[RegionName, tuple[SlotTarget, ...]],
    ) -> Failure | None:
        """Make `instance`, deposed until now, the one and only object of its slot."""
        place = Place(self._spec.addresses_of(unit), region, slot)
        return await self._unwritten.refusal(unit) or await self._surgery.promote(
            unit, place, instance, slots[region][slot]
        )

    async def forget(self, unit: UnitName, region: RegionName, slot: SlotIndex) -> Failure | None:
        """Take all objects of a slot, deposed ones too, out of the state; they run on."""
        return await self._unwritten.refusal(unit) or await self._surgery.forget(unit, region, slot)

    async def adopt(
        self,
        unit: UnitName,
        region: RegionName,
        slot: SlotIndex,
        instance: InstanceId,
        slots: Mapping[RegionName, tuple[SlotTarget, ...]],
    ) -> Failure | None:
        """Make an instance that is in no state the object of a slot that has none at all."""
        states = await self._unwritten.refusal(unit) or await self.read(unit)
        if isinstance(states, Failure):
            return states
        held = [found.instance for found in states[region].objects if found.slot == slot]
        if held:
            # Terraform imports beside no other object, and a deposed one is an object to it.
            return Failure(
                FailureKind.REFUSED,
                f"slot {slot} of {region} has {', '.join(held)}: only an empty slot can adopt",
            )
        found = await self._inputs(PlanRequest(unit, slots, amis=_amis_in(states)))
        if isinstance(found, Failure):
            return found
        var_file = self._spec.variable_file(unit)
        try:
            variables.write(var_file, found[1])
            place = Place(self._spec.addresses_of(unit), region, slot)
            target = slots[region][slot]
            return await self._surgery.adopt(unit, place, instance, target, var_file)
        except OSError as error:
            return Failure(FailureKind.FAILED, f"import into {unit}: {error}")
        finally:
            remove(var_file)

    async def holder(self, unit: UnitName, lock: StateLock) -> Liveness:
        """Return whether the Terraform that took `lock` still lives, as far as is seen here."""
        data_dir, backend = self._spec.data_dir(unit), self._spec.backend_of(unit)
        return await asyncio.to_thread(holder_of, lock, data_dir, backend)

    async def unlock(self, unit: UnitName, lock_id: str) -> Failure | None:
        """Take the state lock `lock_id` from its holder."""
        return await self._surgery.unlock(unit, lock_id)

    async def errored(self, unit: UnitName) -> ErroredState | None:
        """Return the state that an apply could not write; nothing is moved."""
        return await self._unwritten.find(unit)

    async def push_errored(self, unit: UnitName) -> Failure | None:
        """Write the state that an apply could not write."""
        return await self._unwritten.push(unit)

    def interrupt(self) -> None:
        """Send one SIGINT to each Terraform that runs; a second call does nothing to it."""
        self._runner.interrupt()

    async def _read_all(self, unit: UnitName) -> Mapping[RegionName, RegionState] | Failure:
        source = source_of(
            self._spec.backend_of(unit),
            self._root,
            self._session,
            lambda: self._commands.pull(unit),
            self._runner.workspace,
        )
        raw = await source.read()
        if isinstance(raw, Failure):
            return raw
        try:
            states = parse_state(raw.text, self._spec.addresses_of(unit), raw.lock)
        except StateError as error:
            return Failure(FailureKind.FAILED, f"state of {unit}: {error}")
        self._unwritten.know(unit, next(iter(states.values())).lineage)
        return states

    async def _inputs(
        self, request: PlanRequest
    ) -> tuple[Mapping[RegionName, RegionState], dict[str, Json]] | Failure:
        """Prepare the unit, and return its state and the variables for `request`."""
        unit = request.unit
        failure = await self._unwritten.refusal(unit) or await self.prepare(unit)
        states = failure or await self._read_all(unit)
        if isinstance(states, Failure):
            return states
        given = await variables_of(self._spec, request, states, self._find_queues)
        return given if isinstance(given, Failure) else (states, given)

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
            target=[addresses.slot(region, slot) for region, slot in request.only]
            or self._spec.targets_of(unit),
        )
        return await self._commands.do(unit, "plan", command, Stream(unit, on_progress))

    async def _show(
        self, unit: UnitName, path: Path, state: RegionState, *, is_targeted: bool
    ) -> Plan | Failure:
        # Without a log: the JSON of a plan holds what the stream leaves out, secrets included.
        command = argv.show(self._root, path)
        text = await self._commands.ask(unit, "reading the plan", command)
        if isinstance(text, Failure):
            return text
        try:
            return parse_plan(
                text,
                plan_id(path),
                state,
                self._spec.addresses_of(unit),
                is_targeted=is_targeted,
            )
        except PlanFileError as error:
            return Failure(FailureKind.REFUSED, f"plan of {unit}: {error}")


def _amis_in(states: Mapping[RegionName, RegionState]) -> dict[RegionName, str]:
    """Return a machine image for each region that has one in use; an import looks at none."""
    return {
        region: found.ami
        for region, state in states.items()
        for found in state.objects
        if found.ami
    }
