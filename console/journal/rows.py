"""What stands in a journal's file?

SQLite alone is imported: who looks in before the first frame has loaded no event yet.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

_IS_AN_END = 'instr(event, \'"type":"RolloutFinished"\') > 0'
"""Inside of a text of the event the quotes have backslashes, so nothing else looks like it."""

_IS_A_SCALE = "instr(event, '\"scale\":{') > 0"


def journal_file(directory: Path) -> Path:
    """Return where the journal of the store in `directory` is."""
    return directory / "journal.sqlite3"


def read_rows(file: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Return what `query` finds; nothing where no journal was written yet.

    Raises:
        JournalError: when the file is there and cannot be read.
    """
    if not file.exists():
        return []
    try:
        uri = f"{file.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=5)) as connection:
            return connection.execute(query, values).fetchall()
    except sqlite3.Error as error:
        from console.engine.ports import JournalError

        raise JournalError(
            f"the journal {file} cannot be read: {error}; see that its disk has room and "
            "that the file is yours, and run the command again"
        ) from error


def read_rollouts(file: Path, fleet: str) -> tuple[str, ...]:
    """Return the ids of a fleet's rollouts, the newest first.

    Raises:
        JournalError: when the file is there and cannot be read.
    """
    rows = read_rows(
        file,
        "SELECT rollout FROM entries WHERE fleet = ? AND seq = 1 ORDER BY at DESC, rollout DESC",
        fleet,
    )
    return tuple(row[0] for row in rows)


def read_scales(file: Path, fleet: str) -> tuple[str, ...]:
    """Return the ids of a fleet's rollouts that gave a region another number, the newest first.

    Raises:
        JournalError: when the file is there and cannot be read.
    """
    query = (
        f"SELECT rollout FROM entries WHERE fleet = ? AND seq = 1 AND {_IS_A_SCALE} "  # noqa: S608 - ours
        "ORDER BY at DESC, rollout DESC"
    )
    return tuple(row[0] for row in read_rows(file, query, fleet))


def open_rollout(file: Path, fleet: str) -> str:
    """Return the id of the fleet's newest rollout if it has no end; empty where it has one.

    Raises:
        JournalError: when the file is there and cannot be read.
    """
    newest = next(iter(read_rollouts(file, fleet)), "")
    query = f"SELECT 1 FROM entries WHERE rollout = ? AND {_IS_AN_END} LIMIT 1"  # noqa: S608 - ours
    return newest if newest and not read_rows(file, query, newest) else ""
