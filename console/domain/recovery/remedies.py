"""Which moves lead on from a region that stopped half-way, and what does each do?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Remedy(StrEnum):
    """One move; the word is the one of `release-console recover`."""

    RETRY = "retry"
    ACCEPT = "accept"
    RESTORE = "restore"
    ROLLBACK = "rollback"
    FINISH = "finish"
    ADOPT = "adopt"
    TERMINATE = "terminate"
    UNTAINT = "untaint"
    UNLOCK = "unlock"
    PUSH_STATE = "push-state"


ROLLOUTS = frozenset({Remedy.RETRY, Remedy.FINISH, Remedy.ROLLBACK})
"""These are rollouts of their own; every other one is made on state and instances at once."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a person reads of a remedy, whatever the region."""

    verb: str
    sentence: str
    """What it does and when it is right."""
    is_dangerous: bool = False
    """Whether a yes takes a typed name."""
    undo: str = ""
    """What takes it back; empty where nothing does."""


TOLD: Mapping[Remedy, Told] = {
    Remedy.RETRY: Told(
        "Retry",
        "Replace the unfinished slots once more, with a fresh plan: right when the cause is gone. "
        "What runs now goes only after the new worker has proven itself.",
    ),
    Remedy.ACCEPT: Told(
        "Accept",
        "Keep the new instances, which work although their readiness check failed, and remove the "
        "old ones beside them.",
        is_dangerous=True,
        undo="none: the old instances are gone; a rollback makes new ones",
    ),
    Remedy.RESTORE: Told(
        "Restore",
        "Make the old instances current again, which still work, and terminate the new ones: back "
        "to full health without a boot.",
        is_dangerous=True,
        undo="the state's backup can be pushed until the new instances are terminated",
    ),
    Remedy.ROLLBACK: Told(
        "Roll back",
        "Roll the release before out again to every slot that left it, the last wave first.",
        undo="roll the release out again",
    ),
    Remedy.FINISH: Told(
        "Finish",
        "Roll the release out to the slots that do not have it yet: right when it is good.",
        undo="roll back",
    ),
    Remedy.ADOPT: Told(
        "Adopt",
        "Import an instance that is in no state into a slot that is empty.",
        is_dangerous=True,
        undo="terraform state rm of the slot makes it an orphan again",
    ),
    Remedy.TERMINATE: Told(
        "Terminate",
        "Terminate an instance that is in no state. What it has in hand goes back to the queue.",
        is_dangerous=True,
        undo="none",
    ),
    Remedy.UNTAINT: Told(
        "Untaint",
        "Take the mark off slots that were never applied: their instances stay.",
        undo="terraform taint of the same slots",
    ),
    Remedy.UNLOCK: Told(
        "Unlock",
        "Remove the state lock: right only when the Terraform that took it is gone.",
        is_dangerous=True,
        undo="none needed: the next Terraform takes its own lock",
    ),
    Remedy.PUSH_STATE: Told(
        "Push the state",
        "Write the state that an apply could not write, before anything else is applied to it.",
        is_dangerous=True,
        undo="a backup of the state before it is kept",
    ),
}
