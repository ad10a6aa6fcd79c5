"""How is a rehearsed rollout kept, and read again?

`NAME.journal.jsonl` is a journal as the console writes it. `NAME.seen.jsonl` is what its screens
had in sight meanwhile: samples and states of the regions, and lines of the tools.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import cattrs

from console.domain.events import Entry, Event
from console.domain.fleet import RegionName, RegionSample, RegionState
from console.engine.ports import Progress
from console.journal.codec import decode, encode, format_time

RECORDED = Path(__file__).parent / "recorded"


@dataclass(frozen=True, slots=True)
class StateRead:
    """A region's Terraform state, when it was read."""

    at: datetime
    region: RegionName
    state: RegionState


@dataclass(frozen=True, slots=True)
class LineTold:
    """What a tool printed, and when."""

    at: datetime
    progress: Progress


@dataclass(frozen=True, slots=True)
class Recording:
    """A rollout, or its beginning, with all that could be seen of it."""

    entries: tuple[Entry, ...]
    samples: tuple[RegionSample, ...] = ()
    states: tuple[StateRead, ...] = ()
    lines: tuple[LineTold, ...] = ()

    def when(self, holds: Callable[[Event], bool]) -> datetime:
        """Return when the first event was recorded that `holds` is true of.

        Raises:
            LookupError: when there is none.
        """
        for entry in self.entries:
            if holds(entry.event):
                return entry.at
        raise LookupError("nothing like that happens in this recording")

    def state(self, region: RegionName) -> RegionState:
        """Return the region's state as it was read last."""
        return [read.state for read in self.states if read.region == region][-1]

    def until(self, moment: datetime) -> Recording:
        """Return what was known at `moment`."""
        return Recording(
            tuple(entry for entry in self.entries if entry.at <= moment),
            tuple(sample for sample in self.samples if sample.at <= moment),
            tuple(read for read in self.states if read.at <= moment),
            tuple(told for told in self.lines if told.at <= moment),
        )


def keep(name: str, recording: Recording, directory: Path = RECORDED) -> None:
    """Write a recording into `directory`; one without anything seen is a journal alone."""
    directory.mkdir(exist_ok=True)
    _write(directory / f"{name}.journal.jsonl", [_entry_data(entry) for entry in recording.entries])
    seen: Sequence[tuple[str, Any]] = (
        *(("sample", sample) for sample in recording.samples),
        *(("state", read) for read in recording.states),
        *(("line", told) for told in recording.lines),
    )
    if seen:
        data = [{"what": what, **_converter().unstructure(value)} for what, value in seen]
        _write(directory / f"{name}.seen.jsonl", data)


@cache
def recorded(name: str) -> Recording:
    """Read a recording."""
    entries = tuple(_entry(data) for data in _read(RECORDED / f"{name}.journal.jsonl"))
    path = RECORDED / f"{name}.seen.jsonl"
    seen = _read(path) if path.exists() else []

    def all_of(what: str, kind: type) -> tuple[Any, ...]:
        return tuple(_converter().structure(d, kind) for d in seen if d["what"] == what)

    samples, states = all_of("sample", RegionSample), all_of("state", StateRead)
    return Recording(entries, samples, states, all_of("line", LineTold))


def _entry_data(entry: Entry) -> dict[str, Any]:
    event = json.loads(encode(entry.event))
    at = format_time(entry.at)
    return {"rollout": entry.rollout, "seq": entry.seq, "at": at, "event": event}


def _entry(data: dict[str, Any]) -> Entry:
    at = datetime.fromisoformat(data["at"])
    return Entry(data["rollout"], data["seq"], at, decode(json.dumps(data["event"])))


def _write(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    text = "".join(f"{json.dumps(line, separators=(',', ':'))}\n" for line in lines)
    path.write_text(text, encoding="utf-8")


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(omit_if_default=True)
    converter.register_unstructure_hook(datetime, format_time)
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    converter.register_unstructure_hook(timedelta, timedelta.total_seconds)
    converter.register_structure_hook(timedelta, lambda number, _: timedelta(seconds=number))
    return converter
