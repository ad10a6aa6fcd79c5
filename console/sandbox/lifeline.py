"""How does a child process of the sandbox learn that its supervisor is gone?

By the end of its standard input: the supervisor holds the other end of that pipe, and whatever ends
the supervisor, SIGKILL included, closes it. Works on every system that has pipes.
"""

from __future__ import annotations

import os
import sys
import threading


def hold_lifeline() -> None:
    """End this process at once when its standard input closes."""
    threading.Thread(target=_watch, name="lifeline", daemon=True).start()


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)


def announce(port: int) -> None:
    """Tell the supervisor which port was taken, as the only line of standard output.

    Afterwards standard output goes where standard error goes: to the endpoint's log.
    """
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
