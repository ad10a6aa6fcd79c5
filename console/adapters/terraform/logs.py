"""What have the Terraforms of another console printed, going by their logs on this disk?

Read only. A log's name tells when its command began and for which unit, see `Runner`; in it are
lines of `-json`, of which only the message is told, or plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from console.adapters.terraform.diagnostics import Diagnostic
from console.adapters.terraform.stream import parse_line
from console.domain.fleet import UnitName
from console.engine.ports import Progress, ProgressKind

_NAME = re.compile(r"(?P<began>\d{8}T\d{6}\.\d{6})-(?P<unit>.+)-[a-z]+\.jsonl")
# Of a log that is long already when it is first seen, its end is what anybody reads.
_MOST_AT_FIRST = 256 * 1024


class LogTail:
    """Reads along in a directory of logs."""

    def __init__(self, directory: Path) -> None:
        """Read in `directory`, which need not be there yet."""
        self._directory = directory
        self._places: dict[str, int] = {}
        """How far each log was read, in bytes."""

    def read(self, since: datetime) -> Sequence[Progress]:
        """Return every whole line that was not returned before, log by log.

        Args:
            since: logs that were begun earlier are none of ours.
        """
        return [told for log, unit in self._logs(since) for told in self._news(log, unit)]

    def _logs(self, since: datetime) -> Iterator[tuple[Path, UnitName]]:
        for path in sorted(self._directory.glob("*.jsonl")):
            name = _NAME.fullmatch(path.name)
            if name is None:
                continue
            began = datetime.strptime(name["began"], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
            if began >= since:
                yield path, UnitName(name["unit"])

    def _news(self, path: Path, unit: UnitName) -> Iterator[Progress]:
        try:
            for line in self._lines(path):
                told = _told(line, unit)
                if told is not None:
                    yield told
        except OSError:
            return  # cleared away meanwhile, or not ours to read

    def _lines(self, path: Path) -> Sequence[str]:
        size, place = path.stat().st_size, self._places.get(path.name)
        if size == (place or 0):
            return ()
        start = max(0, size - _MOST_AT_FIRST) if place is None else place
        with path.open("rb") as file:
            file.seek(start)
            raw = file.read(size - start)
        # The last line may be half written: it is read when it has its end.
        whole = raw[: raw.rfind(b"\n") + 1]
        self._places[path.name] = start + len(whole)
        lines = whole.decode(errors="replace").splitlines()
        return lines[1:] if place is None and start > 0 else lines


def _told(line: str, unit: UnitName) -> Progress | None:
    if not line.lstrip().startswith("{"):
        return Progress(ProgressKind.OUTPUT, line, unit) if line.strip() else None
    told = parse_line(line, unit)
    if isinstance(told, Diagnostic):
        return Progress(ProgressKind.FAILED, told.summary, unit, told.address or None)
    return told
