"""How does an error become words and an exit code?"""

from __future__ import annotations

import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from console.commands.telling import say
from console.engine.ports import JournalError, TakenOverError
from console.errors import ConsoleError, LockedError, RefusedError
from console.exit_codes import ExitCode
from console.journal.lease import LeaseHeldError


def end_with(error: Exception) -> int:
    """Tell `error` on stderr and return the exit code; a bug's trace goes to a file."""
    known = as_console_error(error)
    if known is not None:
        say(known.render())
        return int(known.exit_code)
    trace = _keep_trace(error)
    say(f"error: a bug in release-console: {error!r}\n  → the trace is in {trace}")
    return int(ExitCode.BUG)


def as_console_error(error: Exception) -> ConsoleError | None:
    """Return what an operator can do about `error`; None where it is a bug."""
    match error:
        case ConsoleError():
            return error
        case TakenOverError():
            return LockedError(str(error), "release-console status shows who goes on")
        case JournalError():
            return RefusedError(str(error))
        case LeaseHeldError(lease=lease):
            if lease.is_alive(datetime.now(UTC)):
                hint = "wait for it, or end it where it runs with Ctrl-C"
            else:
                hint = "that console is dead: release-console unlock --yes takes its lease away"
            return LockedError(f"the fleet is held by {lease}", hint)
        case _:
            return _of_the_sandbox(error)


def _of_the_sandbox(error: Exception) -> ConsoleError | None:
    # Only a process that has loaded the sandbox can have met one of its errors.
    errors = sys.modules.get("console.sandbox.errors")
    if errors is None or not isinstance(error, errors.SandboxError):
        return None
    return RefusedError(error.message, error.hint)


def _keep_trace(error: Exception) -> Path:
    text = "".join(traceback.format_exception(error))
    with tempfile.NamedTemporaryFile(
        "w", prefix="release-console-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
    return Path(file.name)
