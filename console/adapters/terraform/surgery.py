"""How is a state repaired, by nothing but commands that Terraform supports?

An apply that failed leaves states that no plan leads out of without a new boot. What is done about
them here starts, changes and ends no instance: it changes what the state says.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from console.adapters.aws.instances import read_user_data
from console.adapters.aws.session import AwsSession, AwsTrouble
from console.adapters.terraform import argv
from console.adapters.terraform.commands import Commands
from console.adapters.terraform.private import remove, write_private
from console.adapters.terraform.spec import TerraformSpec
from console.adapters.terraform.state import StateError, document_of
from console.adapters.terraform.statefile import (
    Place,
    SurgeryError,
    imported,
    promoted,
    restored,
)
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import InstanceId, RegionName, SlotIndex, SlotTarget, UnitName

Edit = Callable[[str], str | None]
"""From the raw state to the one to write, or None where nothing is to be changed."""


class Surgery:
    """Repairs the states of a root."""

    def __init__(self, spec: TerraformSpec, commands: Commands, session: AwsSession) -> None:
        """Start nothing yet.

        Args:
            spec: what the settings say.
            commands: runs Terraform.
            session: reads the user data of an instance that is adopted.
        """
        self._spec = spec
        self._commands = commands
        self._session = session

    async def back_up(self, unit: UnitName) -> Path | Failure:
        """Keep the state exactly as it is, in a private file, and return that."""
        text = await self._commands.pull(unit)
        if isinstance(text, Failure):
            return text
        try:
            document = document_of(text)
            if not document:
                return Failure(FailureKind.REFUSED, f"backup of {unit}: there is no state yet")
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
            name = f"{stamp}-{unit}-serial{document['serial']}.tfstate"
            path = self._spec.work_dir.absolute() / "backups" / name
            write_private(path, text)
        except (OSError, StateError) as error:
            return Failure(FailureKind.FAILED, f"backup of {unit}: {error}")
        return path

    async def restore_backup(self, unit: UnitName, backup: Path) -> Failure | None:
        """Make the state what it was at `back_up`, under a new serial."""
        try:
            then = backup.read_text()
        except OSError as error:
            return Failure(FailureKind.FAILED, f"the backup of {unit} could not be read: {error}")
        return await self._edit(unit, lambda now: restored(then, now))

    async def promote(
        self, unit: UnitName, place: Place, instance: InstanceId, target: SlotTarget
    ) -> Failure | None:
        """Make `instance` the one and only object of its slot; see `statefile.promoted`."""
        return await self._edit(unit, lambda text: promoted(text, place, instance, target))

    async def forget(self, unit: UnitName, region: RegionName, slot: SlotIndex) -> Failure | None:
        """Take all objects of a slot, deposed ones too, out of the state."""
        address = self._spec.addresses_of(unit).slot(region, slot)
        command = argv.state_remove(self._commands.root, address)
        return await self._commands.prepared(unit, "state rm", command)

    async def adopt(
        self,
        unit: UnitName,
        place: Place,
        instance: InstanceId,
        target: SlotTarget,
        var_file: Path,
    ) -> Failure | None:
        """Import `instance` as the current object of its slot.

        Args:
            unit: the unit, which is prepared.
            place: the slot.
            instance: in no state.
            target: what the slot shall run.
            var_file: the variables of a plan.
        """
        user_data = ""
        if place.is_instance:
            # Asked before anything is changed: without it the next plan replaces the instance.
            told = await self._session.call(
                "ec2", place.region, lambda client: read_user_data(client, instance)
            )
            if isinstance(told, AwsTrouble):
                return Failure(FailureKind.FAILED, told.message, told.hint)
            user_data = told
        command = argv.import_object(
            self._commands.root, place.address, instance, var_file=var_file
        )
        failure = await self._commands.do(unit, "import", command)
        if failure is not None or not user_data:
            return failure
        return await self._edit(unit, lambda text: imported(text, place, user_data, target))

    async def unlock(self, unit: UnitName, lock_id: str) -> Failure | None:
        """Take a state lock from its holder."""
        command = argv.force_unlock(self._commands.root, lock_id)
        return await self._commands.prepared(unit, "force-unlock", command)

    async def _edit(self, unit: UnitName, edit: Edit) -> Failure | None:
        """Pull the state, change it and push it.

        No lock is held in between, and none is needed: whoever writes meanwhile makes the serial
        grow, and the push is refused.
        """
        text = await self._commands.pull(unit)
        if isinstance(text, Failure):
            return text
        path = self._spec.work_dir.absolute() / "surgery" / f"{unit}.tfstate"
        try:
            changed = edit(text)
            if changed is None:
                return None
            write_private(path, changed)
            return await self._commands.push(unit, path)
        except SurgeryError as error:
            return Failure(FailureKind.REFUSED, f"state of {unit}: {error}")
        except (OSError, StateError) as error:
            return Failure(FailureKind.FAILED, f"state of {unit}: {error}")
        finally:
            remove(path)
