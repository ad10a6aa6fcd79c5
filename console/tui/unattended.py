"""Who answers when nobody sits before the screen any more?

Left on purpose, the policy does, as with `--auto`. Lost by accident (a closed terminal, a defect of
the screen), nobody does: what was approved goes on to its end, and the first question after that
ends the rollout with the regions that were begun.
"""

from __future__ import annotations

from collections.abc import Callable
from signal import SIGHUP
from typing import TYPE_CHECKING

from console.domain.commands import Approve, Close, Command, Interrupt
from console.domain.events import ApprovalRequested, Entry, RolloutHalted
from console.tui.leaving import Leaving

if TYPE_CHECKING:
    from console.domain.fleet import RegionSample
    from console.domain.rollout import Rollout
    from console.domain.steps import Subject
    from console.engine.ports import Progress


class Unattended:
    """An audience that answers in the operator's absence."""

    def __init__(self, send: Callable[[Command], None], name: str, leaving: Leaving) -> None:
        """Answer with `send`, in the name of `name`."""
        self._send = send
        self._name = name
        self._leaving = leaving

    def begin(self, rollout: Rollout) -> None:
        """Answer what was asked before anybody left."""
        for subject in rollout.waiting_for:
            self._answer(subject, rollout)
        if rollout.halt is not None:
            self._halted()

    def entry(self, entry: Entry, rollout: Rollout) -> None:
        """Answer what is asked now."""
        match entry.event:
            case ApprovalRequested(subject):
                self._answer(subject, rollout)
            case RolloutHalted():
                self._halted()
            case _:
                return

    def progress(self, progress: Progress) -> None:
        """Decide nothing on progress."""

    def sample(self, sample: RegionSample) -> None:
        """Decide nothing on samples: the gates do."""

    def _answer(self, subject: Subject, rollout: Rollout) -> None:
        if self._leaving is Leaving.PAUSED:
            return
        # A rollout that is stopping asks only for what finishes a region that was begun.
        if self._leaving is Leaving.RUNNING or rollout.stop is not None:
            self._send(Approve(subject, self._name))
        else:
            self._send(Interrupt(int(SIGHUP)))

    def _halted(self) -> None:
        if self._leaving is not Leaving.PAUSED:
            self._send(Close(self._name))
