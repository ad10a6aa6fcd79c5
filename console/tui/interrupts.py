"""What does each Ctrl-C do?

The first finishes the regions that were begun and starts no other. The second sends Terraform its
one SIGINT. Every later one only says what is waited for. Screen and headless share the count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.domain.commands import Command


@dataclass(frozen=True, slots=True)
class Response:
    """What a Ctrl-C is answered with."""

    command: Command | None
    sentence: str


class Interrupts:
    """Counts them."""

    def __init__(self) -> None:
        """Start at none."""
        self._count = 0

    def begin_anew(self) -> None:
        """Forget those that another rollout got: the first one never reaches a Terraform."""
        self._count = 0

    def press(self, signal: int) -> Response:
        """Return what this one does.

        Args:
            signal: the number of the signal that it is, or stands for.
        """
        from console.domain.commands import Interrupt, InterruptNow

        self._count += 1
        if self._count == 1:
            return Response(
                Interrupt(signal),
                "Regions that were begun are finished, no other is started. "
                "Once more interrupts Terraform itself.",
            )
        if self._count == 2:
            return Response(InterruptNow(signal), "Terraform gets its one SIGINT.")
        return Response(
            None, "Still waiting for Terraform: it is never killed, so that its state is kept."
        )
