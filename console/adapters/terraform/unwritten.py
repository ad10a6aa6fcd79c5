"""May a unit go on, or is there a state of it that an apply could not write?

What is planned from the older state in the backend would make again what runs already.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from console.adapters.terraform.commands import Commands
from console.adapters.terraform.errored import ErroredStates, read_errored
from console.adapters.terraform.spec import TerraformSpec
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import ErroredState, UnitName

log = logging.getLogger(__name__)


class Unwritten:
    """The states of a root's units that could not be written."""

    def __init__(
        self,
        spec: TerraformSpec,
        commands: Commands,
        read: Callable[[UnitName], Awaitable[object]],
    ) -> None:
        """Look at nothing yet.

        Args:
            spec: what the settings say.
            commands: runs Terraform.
            read: reads a unit's state, and tells its lineage to `know`.
        """
        self._spec = spec
        self._commands = commands
        self._read = read
        self._files = ErroredStates(commands.root, spec.work_dir.absolute() / "errored")

    def know(self, unit: UnitName, lineage: str) -> None:
        """Remember the lineage of the state that has `unit`."""
        self._files.know(self._spec.state_of(unit), lineage)

    async def find(self, unit: UnitName) -> ErroredState | None:
        """Return the state that could not be written; nothing is moved."""
        try:
            if self._files.is_any_left:
                await self._read(unit)  # the lineage says whose it is
            path = self._files.find(self._spec.state_of(unit))
        except OSError as error:
            return ErroredState(self._commands.root, error=str(error))
        if path is None:
            return None
        return read_errored(path, self._spec.addresses_of(unit), self._spec.units[unit])

    async def refusal(self, unit: UnitName) -> Failure | None:
        """Return why `unit` may not go on; None where it may."""
        left = await self.find(unit)
        if left is None:
            return None
        region = self._spec.units[unit][0]
        return Failure(
            FailureKind.REFUSED,
            f"{unit}: an apply could not write its state, which is in {left.path}",
            f"push it first: release-console recover push-state --region {region}",
            left.error,
        )

    async def push(self, unit: UnitName) -> Failure | None:
        """Write it to the backend, and put its file away."""
        left = await self.find(unit)
        if left is None:
            return Failure(FailureKind.REFUSED, f"{unit}: there is no state that was not written")
        failure = await self._commands.push(unit, left.path)
        if failure is not None:
            return failure
        try:
            self._files.pushed(left.path, self._spec.state_of(unit))
        except OSError as error:
            return Failure(
                FailureKind.FAILED,
                f"the state of {unit} was written, but its file could not be put away: {error}",
                f"remove {left.path}",
            )
        return None

    async def collect(self, unit: UnitName) -> None:
        """Take what an apply that has ended may have left in the root."""
        try:
            await asyncio.to_thread(self._files.collect, self._spec.state_of(unit))
        except OSError:
            log.exception("the errored state of %s stays where Terraform has left it", unit)
