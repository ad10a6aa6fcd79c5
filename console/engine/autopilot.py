"""Who says yes when nobody sits at the console?

The policy does: whatever the guard lets pass is approved. A rollout that halted is closed, because
the process that asked for it waits for its exit code.
"""

from __future__ import annotations

from collections.abc import Callable

from console.domain.commands import Approve, Close, Command, Skip
from console.domain.events import ApprovalRequested, Entry, RolloutHalted
from console.domain.fleet import RegionSample
from console.domain.rollout import Rollout
from console.engine.ports import Progress


class Autopilot:
    """An audience that answers."""

    def __init__(
        self, send: Callable[[Command], None], name: str = "--auto", *, skips: bool = False
    ) -> None:
        """Answer with `send`, in the name of `name`.

        Args:
            send: takes the commands.
            name: in whose name they are given.
            skips: whether what has halted the rollout already is left as it is, so that the others
                go on. Whatever halts it after that closes it.
        """
        self._send = send
        self._name = name
        self._skips = skips

    def begin(self, rollout: Rollout) -> None:
        """Close a rollout that had halted before anybody took it up."""
        if rollout.halt is not None and not self._skips:
            self._send(Close(self._name))

    def entry(self, entry: Entry, rollout: Rollout) -> None:
        """Approve what is asked, close what has halted."""
        if self._skips and rollout.halt is not None and not rollout.running:
            # Not before the marks of other regions are taken back: until then it is not taken.
            self._skips = False
            self._send(Skip(self._name))
        match entry.event:
            case ApprovalRequested(subject):
                self._send(Approve(subject, self._name))
            case RolloutHalted():
                self._send(Close(self._name))
            case _:
                return

    def progress(self, progress: Progress) -> None:
        """Decide nothing on progress."""

    def sample(self, sample: RegionSample) -> None:
        """Decide nothing on samples: the gates do."""
