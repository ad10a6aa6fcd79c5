"""Where are the figures of a rollout kept?

In a file beside the journal, not in it: SQLite lets one writer at a time into a file, and a
transition must never wait for a sample. A disk that is too slow or too full costs a chart some
points, and nothing else.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import cattrs

from console.domain.figures import Figures
from console.journal.codec import format_time
from console.journal.rows import read_rows

_SCHEMA = """
CREATE TABLE IF NOT EXISTS figures (
    rollout TEXT NOT NULL,
    at      TEXT NOT NULL,
    region  TEXT NOT NULL,
    figures TEXT NOT NULL,
    PRIMARY KEY (rollout, at, region)
) WITHOUT ROWID;
"""


class FiguresFile:
    """The figures in `directory/samples.sqlite3`."""

    def __init__(self, directory: Path) -> None:
        """Remember where they are; the file is made with the first of them."""
        self.path = directory / "samples.sqlite3"

    def keep(self, rollout: str, figures: Figures) -> None:
        """Write one look down.

        Raises:
            sqlite3.Error: it cannot be written.
            OSError: the directory cannot be made.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        row = (rollout, format_time(figures.at), figures.region, _encode(figures))
        with closing(sqlite3.connect(self.path, timeout=1)) as connection, connection:
            connection.execute("PRAGMA journal_mode = WAL")
            # What the last seconds before a power cut looked like is nobody's loss.
            connection.execute("PRAGMA synchronous = OFF")
            connection.executescript(_SCHEMA)
            connection.execute("INSERT OR REPLACE INTO figures VALUES (?, ?, ?, ?)", row)

    def read(self, rollout: str) -> tuple[Figures, ...]:
        """Return a rollout's figures in the order of time; none where nobody kept any.

        Raises:
            JournalError: the file is there and cannot be read.
        """
        query = "SELECT figures FROM figures WHERE rollout = ? ORDER BY at, region"
        return tuple(_decode(str(row[0])) for row in read_rows(self.path, query, rollout))


def _encode(figures: Figures) -> str:
    return json.dumps(_converter().unstructure(figures), separators=(",", ":"))


def _decode(text: str) -> Figures:
    return _converter().structure(json.loads(text), Figures)


@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(omit_if_default=True)
    converter.register_unstructure_hook(datetime, format_time)
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    converter.register_unstructure_hook(timedelta, timedelta.total_seconds)
    converter.register_structure_hook(timedelta, lambda number, _: timedelta(seconds=number))
    return converter
