"""What does the console tell an operator who can do something about it?

Everything that ends a command for a reason outside the console's own code is a `ConsoleError`.
The command line shows it without a trace; any other exception is a bug and ends with code 1.
"""

from __future__ import annotations

from typing import ClassVar

from console.exit_codes import ExitCode


class ConsoleError(Exception):
    """Something the operator can act on: a sentence, and a hint that says how."""

    default_exit_code: ClassVar[ExitCode] = ExitCode.REFUSED
    """What the process ends with when the raiser does not say."""

    def __init__(self, message: str, hint: str = "", exit_code: ExitCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        """What is the matter, in one sentence a line."""
        self.hint = hint
        """What to do about it: a sentence or a command; empty when nothing can be said."""
        self.exit_code = self.default_exit_code if exit_code is None else exit_code
        """What the process ends with."""

    def __str__(self) -> str:
        return self.message

    def render(self) -> str:
        """Return it as the command line prints it: `error: message`, then the hint below it."""
        lines = [f"error: {line}" for line in self.message.splitlines()]
        if self.hint:
            lines.append(f"  → {self.hint}")
        return "\n".join(lines)


class UsageError(ConsoleError):
    """The command line, or the settings, ask for something that does not exist."""

    default_exit_code = ExitCode.USAGE


class RefusedError(ConsoleError):
    """A check held the command back; nothing was changed."""

    default_exit_code = ExitCode.REFUSED


class LockedError(ConsoleError):
    """Somebody else holds the lease or a state lock."""

    default_exit_code = ExitCode.LOCKED


class HandedOverError(LockedError):
    """Somebody else has taken over what this console had begun, and goes on with it."""


class HaltedError(ConsoleError):
    """Something was begun and not finished: a person is needed."""

    default_exit_code = ExitCode.NEEDS_PERSON
