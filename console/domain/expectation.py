"""What shall a region look like after an apply?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from console.domain.baseline import Group, Measure
from console.domain.fleet import RegionName, SlotTarget
from console.domain.policy import GateRules


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a region shall look like."""

    region: RegionName
    slots: tuple[SlotTarget, ...]
    """Slot by slot, what each shall run."""
    target: SlotTarget
    """The release that is being shipped."""
    since: datetime
    """When the region's first batch was applied."""
    dead_letters_before: int | None
    """Dead letters before the first batch; None where nobody could count them."""
    rules: GateRules
    silent_after: timedelta
    alarming: tuple[str, ...] = ()
    """Gates whose alarms were in ALARM before anything has changed, and were not OK since."""
    before: Measure | None = None
    """The region before the rollout; None where nobody could measure it."""
    group: Group = field(default_factory=Group)
    """The regions that are not touched yet, at the same time."""
    is_baking: bool = False
    """Whether it was good already: what waits before that, breaks after it."""
    is_rollback: bool = False
    """Whether the release takes the place of one that is taken back."""

    @property
    def new_slots(self) -> int:
        """How many slots shall run the new release."""
        return sum(slot.digest == self.target.digest for slot in self.slots)
