"""Which heartbeats does a command of the operator's own tell?

It prints a JSON object a line: instance, release, at, and if it can runs, failures and digest. Each
line is a heartbeat; runs and failures are what came in since the line before, and are added up.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from console.adapters.heartbeats.http import Deadline
from console.adapters.heartbeats.report import Report, SourceError, normal_digest

_MOST_BYTES = 16 * 1024 * 1024
_KEY = "heartbeat.command"
_LINE = '{"instance": "i-0a..", "release": "1.4.0", "at": "2025-01-31T12:00:00Z"}'


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """What is run."""

    run: tuple[str, ...]
    """`{region}`, `{fleet}` and `{window}` (in seconds) may stand in it."""
    fleet: str
    directory: Path | None = None
    """Where it is run."""
    window: timedelta = timedelta(minutes=15)


class CommandReports:
    """Runs the command once for each region and look."""

    def __init__(self, spec: CommandSpec) -> None:
        """Run nothing yet."""
        self._spec = spec

    def look(self, region: str, at: datetime, deadline: Deadline) -> Iterator[Report]:
        """Yield what the command told; blocking.

        Raises:
            SourceError: it cannot be started, fails, takes too long, or prints something else.
        """
        del at  # a line tells its own time
        for number, line in enumerate(self._lines(region, deadline), 1):
            if line.strip():
                yield _report(number, line)

    def argv(self, region: str) -> tuple[str, ...]:
        """Return the command line for `region`."""
        places = {
            "{region}": region,
            "{fleet}": self._spec.fleet,
            "{window}": f"{self._spec.window.total_seconds():.0f}",
        }

        def filled(part: str) -> str:
            for place, value in places.items():
                part = part.replace(place, value)
            return part

        return tuple(filled(part) for part in self._spec.run)

    def _lines(self, region: str, deadline: Deadline) -> Sequence[str]:
        argv = self.argv(region)
        # Into files: a grandchild that keeps a pipe open could hold us beyond the deadline.
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            exit_code = self._run(argv, stdout, stderr, deadline)
            if exit_code != 0:
                told = _read(stderr).strip().splitlines()
                last = f": {told[-1][:200]}" if told else ""
                raise SourceError(
                    f"{argv[0]} ended with {exit_code}{last}",
                    f"run it by hand with the region {region}",
                )
            return _read(stdout).splitlines()

    def _run(
        self, argv: Sequence[str], stdout: IO[bytes], stderr: IO[bytes], deadline: Deadline
    ) -> int:
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=self._spec.directory,
                start_new_session=True,
            )
        except OSError as error:
            raise SourceError(
                f"{argv[0]} cannot be started: {error.strerror}", f"check {_KEY}.run"
            ) from None
        try:
            return process.wait(deadline.left_s)
        except subprocess.TimeoutExpired:
            seconds = deadline.span.total_seconds()
            raise SourceError(
                f"{argv[0]} did not end within {seconds:g} s",
                f"make it faster, or {_KEY}.timeout longer",
            ) from None
        finally:
            # With all that it has started; it may be gone already.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _read(file: IO[bytes]) -> str:
    size = os.fstat(file.fileno()).st_size
    if size > _MOST_BYTES:
        raise SourceError("it prints more than 16 MiB", "let it print the newest lines only")
    file.seek(0)
    return file.read().decode(errors="replace")


def _report(number: int, line: str) -> Report:
    try:
        told = json.loads(line)
        return Report(
            instance=_text(told, "instance"),
            release=_text(told, "release"),
            at=_moment(told["at"]),
            is_beat=True,
            runs=_count(told, "runs"),
            failures=_count(told, "failures"),
            digest=normal_digest(told.get("digest")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError) as error:
        why = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise SourceError(
            f"line {number} of {_KEY}'s output is no heartbeat ({why[:120]})",
            f"print lines such as {_LINE}",
        ) from None


def _text(told: dict[str, Any], key: str) -> str:
    value = told[key]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} is no text")
    return value


def _count(told: dict[str, Any], key: str) -> int:
    value = told.get(key)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{key} is no count")
    return value


def _moment(value: object) -> datetime:
    """Return a time that is told as RFC 3339 with its zone, or in seconds since 1970."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    at = datetime.fromisoformat(str(value))
    if at.tzinfo is None:
        raise ValueError("at has no time zone")
    return at
