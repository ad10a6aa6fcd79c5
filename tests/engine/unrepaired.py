"""What the ports offer to a recovery, for tests in which nobody repairs anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from console.domain.failure import Failure
from console.domain.fleet import (
    ErroredState,
    InstanceId,
    Reading,
    RegionName,
    SlotIndex,
    SlotTarget,
    StateLock,
    UnitName,
)
from console.domain.recovery.situation import Liveness


class Unrepaired:
    """Says that there is nothing to repair, and repairs nothing."""

    async def holder(self, unit: UnitName, lock: StateLock) -> Liveness:
        return Liveness.UNKNOWN

    async def errored(self, unit: UnitName) -> ErroredState | None:
        return None

    async def user_data(
        self, region: RegionName, instance: InstanceId
    ) -> Reading[SlotTarget | None]:
        return Reading(datetime.now(UTC), error="nobody has kept what an instance was made with")

    async def back_up(self, unit: UnitName) -> Path | Failure:
        raise AssertionError("there is nothing to back up")

    async def restore_backup(self, unit: UnitName, backup: Path) -> Failure | None:
        raise AssertionError("there is nothing to undo")

    async def promote(
        self,
        unit: UnitName,
        region: RegionName,
        slot: SlotIndex,
        instance: InstanceId,
        slots: Mapping[RegionName, tuple[SlotTarget, ...]],
    ) -> Failure | None:
        raise AssertionError("nothing is to be promoted")

    async def forget(self, unit: UnitName, region: RegionName, slot: SlotIndex) -> Failure | None:
        raise AssertionError("nothing is to be forgotten")

    async def adopt(
        self,
        unit: UnitName,
        region: RegionName,
        slot: SlotIndex,
        instance: InstanceId,
        slots: Mapping[RegionName, tuple[SlotTarget, ...]],
    ) -> Failure | None:
        raise AssertionError("nothing is to be adopted")

    async def unlock(self, unit: UnitName, lock_id: str) -> Failure | None:
        raise AssertionError("nothing is locked")

    async def push_errored(self, unit: UnitName) -> Failure | None:
        raise AssertionError("everything was written")

    async def terminate(self, region: RegionName, instance: InstanceId) -> Failure | None:
        raise AssertionError("nothing is to be terminated")
