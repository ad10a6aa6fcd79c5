"""Who may roll this fleet out now?

One lease a fleet. Its holder renews it; a holder that has lost it starts no further effect. A dead
holder is shown, never pushed aside silently.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from console.journal.local import LocalJournal

# A holder renews every third of this; missing three renewals makes it look dead.
LEASE_TERM = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim on a fleet."""

    token: str
    who: str
    host: str
    pid: int
    since: str
    renewed: str
    version: str
    message: str

    def is_alive(self, now: datetime) -> bool:
        """Whether its holder lives: its process, where it is ours to see; else its renewals."""
        if self.host == socket.gethostname():
            return _lives(self.pid)
        return now - datetime.fromisoformat(self.renewed) < LEASE_TERM

    def __str__(self) -> str:
        """Return who, where, since when and why."""
        return f"{self.who} on {self.host} (process {self.pid}) since {self.since}: {self.message}"


class LeaseHeldError(Exception):
    """Somebody else has the fleet."""

    def __init__(self, lease: Lease) -> None:
        """Keep the lease that is in the way."""
        super().__init__(str(lease))
        self.lease = lease


class LeaseDesk:
    """Gives out, renews and takes back the lease of the journal's fleet."""

    def __init__(self, journal: LocalJournal) -> None:
        """Keep leases in the journal's own file."""
        self._journal = journal

    def look(self) -> Lease | None:
        """Return the lease as it is, or None."""
        rows = self._journal.rows("SELECT lease FROM leases WHERE fleet = ?", self._journal.fleet)
        return Lease(**json.loads(str(rows[0][0]))) if rows else None

    def claim(self, who: str, version: str, message: str, now: datetime) -> Lease:
        """Take the lease.

        Raises:
            LeaseHeldError: somebody has it, dead or alive.
            JournalError: the store cannot be written.
        """
        lease = Lease(
            token=secrets.token_hex(8),
            who=who,
            host=socket.gethostname(),
            pid=os.getpid(),
            since=_stamp(now),
            renewed=_stamp(now),
            version=version,
            message=message,
        )
        with self._journal.connect() as connection:
            query = "SELECT lease FROM leases WHERE fleet = ?"
            row = connection.execute(query, (self._journal.fleet,)).fetchone()
            if row is not None:
                raise LeaseHeldError(Lease(**json.loads(row[0])))
            connection.execute(
                "INSERT INTO leases VALUES (?, ?)", (self._journal.fleet, json.dumps(asdict(lease)))
            )
        return lease

    def renew(self, lease: Lease, now: datetime) -> bool:
        """Say that the holder lives; False when the lease is somebody else's by now."""
        renewed = {**asdict(lease), "renewed": _stamp(now)}
        with self._journal.connect() as connection:
            changed = connection.execute(
                "UPDATE leases SET lease = ? "
                "WHERE fleet = ? AND json_extract(lease, '$.token') = ?",
                (json.dumps(renewed), self._journal.fleet, lease.token),
            )
            return changed.rowcount == 1

    def release(self, lease: Lease) -> None:
        """Give the lease back; nothing happens when it is somebody else's by now."""
        with self._journal.connect() as connection:
            connection.execute(
                "DELETE FROM leases WHERE fleet = ? AND json_extract(lease, '$.token') = ?",
                (self._journal.fleet, lease.token),
            )


def _stamp(now: datetime) -> str:
    return now.isoformat(timespec="seconds")


def _lives(pid: int) -> bool:
    if Path("/proc/self").exists():
        # A zombie has ended and only waits for its parent to notice.
        try:
            status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False
        return status.rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
