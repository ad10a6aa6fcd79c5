"""Who operates?"""

from __future__ import annotations

import getpass
import socket


def operator() -> str:
    """Return who we are, as `person@host`."""
    return f"{getpass.getuser()}@{socket.gethostname()}"
