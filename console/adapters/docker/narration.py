"""What is told of a build while it runs, and kept of it when it fails?"""

from __future__ import annotations

from collections import deque
from typing import Any

from console.adapters.docker.buildkit import TRACE, Printed, read_trace
from console.adapters.docker.layers import Layers
from console.adapters.docker.stream import Record
from console.engine.ports import OnProgress, Progress, ProgressKind

_LAST_LINES = 15
_ACTION = "build"


class Narration:
    """Takes the records of a build, of the classic builder and of BuildKit alike."""

    def __init__(self, on_progress: OnProgress) -> None:
        """Begin with nothing told."""
        self._on_progress = on_progress
        self._pulled = Layers("pull", on_progress)
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._states: dict[str, ProgressKind] = {}
        self._names: dict[str, str] = {}
        self._step = ""
        self.image_id = ""
        """The image, once it is built."""
        self.error = ""
        """What the engine says went wrong; empty for as long as nothing did."""

    @property
    def tail(self) -> str:
        """The last lines that were printed, and the error."""
        return "\n".join((*self._last, self.error)).strip()

    def take(self, record: Record) -> None:
        """Take one record."""
        if record.get("error"):
            detail: dict[str, Any] = record.get("errorDetail") or {}
            self.error = str(detail.get("message") or record["error"])
            self._end_step(ProgressKind.FAILED)
        elif record.get("id") == TRACE:
            self._trace(record.get("aux"))
        elif isinstance(aux := record.get("aux"), dict):
            self.image_id = str(aux.get("ID") or self.image_id)
        elif "stream" in record:
            self._classic(str(record["stream"]))
        else:
            self._pulled.take(record)

    def finish(self) -> None:
        """Tell that the last step has ended."""
        self._end_step(ProgressKind.FINISHED)

    def _classic(self, text: str) -> None:
        for line in filter(None, (part.rstrip() for part in text.split("\n"))):
            if line.startswith("Step ") and " : " in line:
                self._end_step(ProgressKind.FINISHED)
                self._step = line.removeprefix("Step ")
                self._tell(ProgressKind.STARTED, self._step, self._step)
            elif line.startswith((" --->", "Removing intermediate", "Successfully ")):
                continue  # names of things that nobody can use
            else:
                self._print(line)

    def _end_step(self, kind: ProgressKind) -> None:
        if self._step:
            self._tell(kind, self._step, self._step)
            self._step = ""

    def _trace(self, aux: object) -> None:
        for told in read_trace(aux):
            if isinstance(told, Printed):
                for line in filter(None, (part.rstrip() for part in told.text.split("\n"))):
                    self._print(line)
                continue
            name = self._names.setdefault(told.id, told.name or told.id)
            if told.error:
                kind = ProgressKind.FAILED
            elif told.has_ended:
                kind = ProgressKind.FINISHED
            elif told.has_started:
                kind = ProgressKind.STARTED
            else:
                continue
            if self._states.get(told.id) is not kind:
                self._states[told.id] = kind
                self._tell(kind, name, f"{name} (cached)" if told.is_cached else name)

    def _print(self, line: str) -> None:
        self._last.append(line)
        self._on_progress(Progress(ProgressKind.OUTPUT, line))

    def _tell(self, kind: ProgressKind, address: str, message: str) -> None:
        self._on_progress(Progress(kind, message, address=address, action=_ACTION))
