"""What runs Terraform where none may be started?

A watch reads states directly. One that only Terraform could read stays unread, and says so.
"""

from __future__ import annotations

from console.adapters.terraform.binary import Binary
from console.adapters.terraform.runner import Runner
from console.domain.failure import Failure, FailureKind


class AbsentRunner(Runner):
    """A runner that starts nothing: every command asks for its binary first, and there is none."""

    def binary(self) -> Binary | Failure:
        """Return why there is none."""
        return Failure(
            FailureKind.REFUSED,
            "the state is in a backend that only Terraform can read, and a watch starts none",
            "release-console status reads it",
        )
