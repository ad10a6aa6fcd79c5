"""Has any console of this fleet noted that nothing happens in a region?

A file for each incident, in the store that the consoles share: of many that watch, one tells. What
cannot be noted is told all the same: twice is better than never.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

from console.domain.vocabulary import RegionName


class IncidentFiles:
    """Implements `ports.Incidents` in a directory."""

    def __init__(self, store: Path, fleet: str) -> None:
        """Keep them below `store`; nothing is written before there is an incident."""
        self._directory = store / "incidents"
        self._fleet = fleet

    def begin(self, region: RegionName) -> bool:
        """Note an incident; return whether it is a new one, as far as anybody can tell."""
        with contextlib.suppress(OSError):
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with self._path(region).open("x", encoding="utf-8") as note:
                note.write(f"nothing happens, noted at {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n")
        except FileExistsError:
            return False
        except OSError:
            return True
        return True

    def end(self, region: RegionName) -> bool:
        """Note the end of an incident; return whether there was one that had not ended."""
        try:
            self._path(region).unlink()
        except OSError:
            return False
        return True

    def _path(self, region: RegionName) -> Path:
        return self._directory / f"{self._fleet}.{region}"
