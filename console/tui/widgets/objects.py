"""Which instances does a region have, by slot, and what does each of them do?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from rich.text import Text

from console.domain.beat_history import per_minute
from console.domain.fleet import Heartbeat, Instance, InstanceId, RegionSample, RegionState
from console.domain.sentence import Tone
from console.domain.signs import HEALTH, KINDS, UNKNOWN_HEALTH
from console.domain.spans import brief
from console.domain.view import ObjectView, RegionView
from console.domain.vocabulary import Health
from console.tui.palette import Part
from console.tui.widgets.keyed_table import Column, KeyedTable, Row

# In the order of the table; the number is the order in which they are given up for room.
_COLUMNS: tuple[tuple[int, Column], ...] = (
    (3, Column("slot", "slot", 4, is_number=True)),
    (0, Column("id", "instance", 19)),
    (1, Column("kind", "object", 9)),
    (2, Column("health", "health", 10)),
    (9, Column("state", "state", 7)),
    (6, Column("tag", "tag", 6)),
    (4, Column("beat", "heartbeat", 11)),
    (5, Column("rate", "j/min", 5, is_number=True)),
    (7, Column("failures", "fail", 4, is_number=True)),
    (8, Column("age", "age", 5, is_number=True)),
    (10, Column("address", "address", 14)),
)
_WIDER = {"state": 13, "tag": 14, "beat": 20, "address": 15}
_ROOMY = 150
_PADDING = 2
_NOW = timedelta(seconds=3)


class Objects(KeyedTable):
    """One row for each object; deposed ones stand under their slot, never merged with it."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__("objects")
        self.border_title = "Objects"
        self._window = timedelta(minutes=15)

    def show(
        self,
        view: RegionView,
        sample: RegionSample | None,
        state: RegionState | None,
        window: timedelta,
        now: datetime,
    ) -> None:
        """Draw every object of a region.

        Args:
            view: the objects and their health.
            sample: what AWS told of them.
            state: what Terraform's state tells of them.
            window: how far back jobs were counted.
            now: the time.
        """
        self._window = window
        columns = _fitting(self.size.width)
        self.shape(columns)
        instances = {i.id: i for i in (sample.instances.value or ())} if sample else {}
        addresses = {o.instance: o.private_address for o in state.objects} if state else {}
        order = sorted(view.objects, key=lambda o: (o.slot is None, o.slot or 0, o.kind.value))
        drawn = ((o, self._cells(o, instances, addresses, sample, now)) for o in order)
        if not view.is_seen:
            unknown = self._unknown()
            drawn = (
                (o, cells if o.health is Health.GONE else {**cells, **unknown})
                for o, cells in drawn
            )
        keys = [column.key for column in columns]
        self.put([Row(f"{o.id}/{o.kind}", tuple(cells[k] for k in keys)) for o, cells in drawn])
        seen = "now" if view.fresh < _NOW else f"{brief(view.fresh)} ago"
        self.border_title = f"Objects · seen {seen}"

    def _unknown(self) -> Mapping[str, Text]:
        """What is told of an instance where nobody can tell what works."""
        health, nothing = UNKNOWN_HEALTH, ("-", Tone.QUIET)
        return {
            "health": self.ink.cell((str(health), health.tone)),
            "beat": self.ink.cell(nothing),
            "rate": self.ink.cell(nothing, right=True),
            "failures": self.ink.cell(nothing, right=True),
        }

    def _cells(
        self,
        found: ObjectView,
        instances: Mapping[InstanceId, Instance],
        addresses: Mapping[InstanceId, str | None],
        sample: RegionSample | None,
        now: datetime,
    ) -> Mapping[str, Text]:
        ink, health, kind = self.ink, HEALTH[found.health], KINDS[found.kind]
        instance = instances.get(found.id)
        beats = sample.beats_of(found.id) if sample else ()
        launched = instance.launched_at if instance else None
        address = (instance.private_address if instance else None) or addresses.get(found.id)
        # Only a current object can be tainted: the one word says both.
        word = (f"{kind.glyph} tainted", Tone.WARN) if found.is_tainted else (str(kind), kind.tone)
        age = now - launched if launched else None
        return {
            "slot": ink.cell("-" if found.slot is None else str(found.slot), right=True),
            "id": ink.cell(found.id),
            "kind": ink.cell(word),
            "health": ink.cell((str(health), health.tone)),
            "state": ink.cell(found.state),
            "tag": ink.cell(found.tag or ("-", Tone.QUIET)),
            "beat": ink.cell(*_beat(found)),
            "rate": ink.cell(_rate(beats, self._window, age), right=True),
            "failures": ink.cell(*_failures(beats), right=True),
            "age": ink.cell(brief(age), right=True),
            "address": ink.cell(address or ("-", Tone.QUIET)),
        }


def _fitting(room: int) -> tuple[Column, ...]:
    chosen: set[str] = set()
    left = room
    for _, column in sorted(_COLUMNS, key=lambda entry: entry[0]):
        left -= column.width + _PADDING
        if left < 0 and chosen:
            break
        chosen.add(column.key)
    wider = _WIDER if room >= _ROOMY else {}
    return tuple(
        replace(column, width=wider.get(column.key, column.width))
        for _, column in _COLUMNS
        if column.key in chosen
    )


def _beat(found: ObjectView) -> list[Part]:
    if found.heartbeat is None:
        return [("never", Tone.QUIET)]
    tone = Tone.PLAIN if found.heartbeat == found.tag else Tone.WARN
    return [(found.heartbeat, tone), (f" {brief(found.last_beat)}", Tone.QUIET)]


def _rate(beats: tuple[Heartbeat, ...], window: timedelta, age: timedelta | None) -> str:
    """Jobs finished in the last minute; on average, where nobody tells those."""
    if not beats:
        return "-"
    told = [beat.last_minute for beat in beats if beat.last_minute is not None]
    if told:
        return str(sum(told))
    rate = per_minute(sum(beat.completions for beat in beats), window, age)
    if rate is None:
        return "…"
    return f"{rate:.1f}" if rate < _WHOLE else f"{rate:.0f}"


def _failures(beats: tuple[Heartbeat, ...]) -> list[Part]:
    if not beats:
        return [("-", Tone.QUIET)]
    failed = sum(beat.failures for beat in beats)
    return [(str(failed), Tone.WARN if failed else Tone.PLAIN)]


# From here on a tenth of a job tells nobody anything.
_WHOLE = 10
