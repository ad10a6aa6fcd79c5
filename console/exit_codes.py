"""What does the number that the process ends with say?

The table of the documentation, in one place. Scripts branch on these numbers: they never change
their meaning.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The numbers that the process may end with."""

    COMPLETED = 0
    """The rollout completed, or there was nothing to do."""
    BUG = 1
    """A defect of the console; the trace is in the log file that the message names."""
    USAGE = 2
    """Bad usage or bad settings; nothing was looked at yet."""
    REFUSED = 3
    """Refused before anything changed: preflight, guard or freeze."""
    LOCKED = 4
    """Somebody else holds the lease or a state lock."""
    NEEDS_PERSON = 5
    """It halted with a partial or an inconclusive result: a person is needed."""
    ROLLED_BACK = 6
    """The fleet runs the release that it ran before."""
    ABORTED = 7
    """A person ended it; nothing was reverted."""
    INTERRUPTED = 130
    """SIGINT ended the process: 128 + 2."""
    TERMINATED = 143
    """SIGTERM ended the process: 128 + 15."""
