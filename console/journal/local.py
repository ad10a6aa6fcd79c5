"""How does one machine keep its journal?

SQLite in one file, each append one durable transaction. Readers (watch, status, history) open it
read-only beside a writer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from console.domain.events import Entry
from console.engine.ports import JournalError
from console.journal.codec import decode, encode, format_time
from console.journal.rows import journal_file, read_rollouts, read_rows, read_scales

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    rollout TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    at      TEXT NOT NULL,
    fleet   TEXT NOT NULL,
    event   TEXT NOT NULL,
    PRIMARY KEY (rollout, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leases (
    fleet   TEXT PRIMARY KEY,
    lease   TEXT NOT NULL
);
"""


class LocalJournal:
    """The journal in `directory/journal.sqlite3`."""

    def __init__(self, directory: Path, fleet: str) -> None:
        """Remember where the journal is; it is made with the first append.

        Args:
            directory: the store; made with mode 0700.
            fleet: whose rollouts are read and written.
        """
        self.path = journal_file(directory)
        self.fleet = fleet

    def append(self, entries: Sequence[Entry]) -> None:
        """Make `entries` durable, all or none.

        Raises:
            JournalError: when the disk is full, the file is not writable, or another console has
                written the same place of the same rollout.
        """
        with self.connect() as connection:
            self.insert(connection, entries)

    def insert(self, connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
        """Write `entries` in a transaction of `connect`."""
        rows = [(e.rollout, e.seq, format_time(e.at), self.fleet, encode(e.event)) for e in entries]
        connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", rows)

    def rollouts(self) -> tuple[str, ...]:
        """Return the ids of this fleet's rollouts, the newest first."""
        return read_rollouts(self.path, self.fleet)

    def scales(self) -> tuple[str, ...]:
        """Return the ids of those rollouts that gave a region another number, the newest first.

        Raises:
            JournalError: when the file is there and cannot be read.
        """
        return read_scales(self.path, self.fleet)

    def read(self, rollout: str, after: int = 0) -> tuple[Entry, ...]:
        """Return the entries of `rollout` with a seq above `after`, in their order.

        Raises:
            JournalError: when the file, or one of the entries, cannot be read.
        """
        rows = self.rows(
            "SELECT seq, at, event FROM entries WHERE rollout = ? AND seq > ? ORDER BY seq",
            rollout,
            after,
        )
        return tuple(self._entry(rollout, *row) for row in rows)

    def _entry(self, rollout: str, seq: int, at: str, event: str) -> Entry:
        try:
            return Entry(rollout, seq, datetime.fromisoformat(at), decode(event))
        except ValueError as error:
            raise JournalError(
                f"entry {seq} of {rollout} in {self.path} cannot be read: {error}; "
                "use the version of release-console that wrote it"
            ) from error

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what `query` finds; nothing where no journal was written yet.

        Raises:
            JournalError: when the file is there and cannot be read.
        """
        return read_rows(self.path, query, *values)

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction that is durable when the block ends.

        Raises:
            JournalError: when the file cannot be written; nothing was changed then.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with closing(sqlite3.connect(self.path, timeout=5, isolation_level=None)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.executescript(_SCHEMA)
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
                connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise JournalError(
                f"the journal {self.path} cannot be written: {error}; "
                "free some space, or make its directory writable, and run the command again"
            ) from error
