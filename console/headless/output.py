"""Where does each kind of output go?

stdout is data: JSON lines, when they are asked for. stderr is narration, for a person. Colour only
on a terminal, and never with NO_COLOR.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from console.domain.foreign import shown
from console.domain.sentence import Tone
from console.journal.codec import format_time

_CODES = {
    Tone.PLAIN: "",
    Tone.QUIET: "2",
    Tone.GOOD: "32",
    Tone.WARN: "33",
    Tone.BAD: "1;31",
    Tone.ASK: "36",
}
_GLYPHS = {
    Tone.PLAIN: "·",
    Tone.QUIET: "·",
    Tone.GOOD: "✓",
    Tone.WARN: "!",
    Tone.BAD: "✗",
    Tone.ASK: "?",
}


class Narrator:
    """Writes sentences for a person to stderr."""

    def __init__(
        self, stream: TextIO | None = None, environ: Mapping[str, str] = os.environ
    ) -> None:
        """Write to `stream`, which is stderr unless a test says otherwise."""
        self._stream = _open(stream if stream is not None else sys.stderr)
        self._has_colour = self._stream.isatty() and not environ.get("NO_COLOR")

    def say(self, at: datetime, text: str, tone: Tone = Tone.PLAIN) -> None:
        """Write one sentence with its local time."""
        clock = at.astimezone().strftime("%H:%M:%S")
        self.line(f"{clock} {_GLYPHS[tone]} {shown(text)}", tone)

    def line(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """Write one line as it is; the caller has made foreign text visible."""
        code = _CODES[tone] if self._has_colour else ""
        _write(self._stream, f"\x1b[{code}m{text}\x1b[0m\n" if code else f"{text}\n")


class LineWriter:
    """Writes JSON lines to stdout, numbered."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to `stream`, which is stdout unless a test says otherwise."""
        self._stream = _open(stream if stream is not None else sys.stdout)
        self._seq = 0

    def write(self, at: datetime, rollout: str | None, values: Mapping[str, Any]) -> None:
        """Write one object; null values are left out, except where null is an answer."""
        self._seq += 1
        line: dict[str, Any] = {
            "v": 1,
            "seq": self._seq,
            "at": format_time(at),
            "rollout": rollout,
            "type": values["type"],
        }
        line |= {key: value for key, value in values.items() if value is not None}
        _write(self._stream, json.dumps(line, default=_plain) + "\n")


def _plain(value: object) -> str:
    return format_time(value) if isinstance(value, datetime) else str(value)


def _open(stream: TextIO | None) -> TextIO:
    """Return `stream`, or one to nowhere: behind the shell's `>&-` Python has none."""
    return stream if stream is not None else Path(os.devnull).open("w", encoding="utf-8")


def _write(stream: TextIO, text: str) -> None:
    """Write at once. A reader that has gone away does not stop a rollout."""
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        # A closed pipe or a lost terminal: the journal has it all the same.
        _silence(stream)


def _silence(stream: TextIO) -> None:
    """Send the rest to nowhere: later writes, and Python's own flush at exit, then succeed."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
