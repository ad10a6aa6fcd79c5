"""What does a saved Terraform plan say that it will do?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from console.domain.fleet import InstanceId, RegionName, SlotIndex, SlotTarget

PlanId = NewType("PlanId", str)


class Action(StrEnum):
    """Terraform's words for what happens to one object."""

    NO_OP = "no-op"
    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a plan. Its key is (address, deposed key): one address may have several."""

    address: str
    resource_type: str
    actions: tuple[Action, ...]
    """In Terraform's order: (create, delete) is create-before-destroy, (delete, create) is not."""
    deposed_key: str | None = None
    reason: str = ""
    """Terraform's `action_reason`, such as replace_because_tainted; empty where it gives none."""
    region: RegionName | None = None
    """Whose worker it is; None for anything that is no worker slot of a region."""
    slot: SlotIndex | None = None
    instance: InstanceId | None = None
    """The instance that is there before; None for a plain create."""
    before: SlotTarget | None = None
    after: SlotTarget | None = None
    """What the tags will say; None where nothing is left."""
    started_image: str | None = None
    """The image that the planned user data starts; None where it is unknown or nothing starts."""

    @property
    def is_worker(self) -> bool:
        """Whether it changes a worker slot."""
        return self.slot is not None

    @property
    def does_nothing(self) -> bool:
        """Whether applying it changes no object."""
        return set(self.actions) <= {Action.NO_OP, Action.READ}

    @property
    def creates(self) -> bool:
        """Whether an object is made."""
        return Action.CREATE in self.actions

    @property
    def destroys(self) -> bool:
        """Whether an object is destroyed."""
        return Action.DELETE in self.actions


@dataclass(frozen=True, slots=True)
class Plan:
    """A saved plan, as `terraform show -json` tells of it; never the text, never the stream."""

    id: PlanId
    """The sha256 of the plan file."""
    serial: int
    """The serial of the state that it was made from."""
    lineage: str
    changes: tuple[Change, ...]
    is_complete: bool = True
    """False where Terraform deferred something, or stopped early."""
    output_changes: tuple[str, ...] = ()

    @property
    def effective(self) -> tuple[Change, ...]:
        """The changes that do something."""
        return tuple(c for c in self.changes if not c.does_nothing)
