"""How is a console kept out of a journal that is another one's by now?

A lease alone cannot do it: between a look at it and a write it may change hands. So the look is a
part of the write's own transaction. Whoever has taken the lease can read the journal and know that
nothing is added to it any more.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from console.domain.events import Entry
from console.engine.ports import TakenOverError
from console.journal.lease import Lease
from console.journal.local import LocalJournal


class FencedJournal:
    """A journal that is written for as long as a lease is held."""

    def __init__(self, journal: LocalJournal, lease: Lease) -> None:
        """Write to `journal` while `lease` is in it."""
        self._journal = journal
        self._lease = lease

    def append(self, entries: Sequence[Entry]) -> None:
        """Make `entries` durable, all or none.

        Raises:
            TakenOverError: the lease is somebody else's, or nobody's.
            JournalError: the file cannot be written.
        """
        with self._journal.connect() as connection:
            query = "SELECT lease FROM leases WHERE fleet = ?"
            row = connection.execute(query, (self._journal.fleet,)).fetchone()
            holder = Lease(**json.loads(row[0])) if row is not None else None
            if holder is None or holder.token != self._lease.token:
                raise TakenOverError(taken_over(holder))
            self._journal.insert(connection, entries)


def taken_over(holder: Lease | None) -> str:
    """Return what is true for a console whose lease is `holder`'s by now."""
    if holder is None:
        return "the lease on this fleet was taken away from this console"
    return f"this fleet was taken over by {holder}"
