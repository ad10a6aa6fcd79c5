"""Which instances does a region have, by slot, and what does each of them do?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from console.domain.durations import brief
from console.domain.fleet import Heartbeat, Instance, InstanceId, RegionSample, RegionState
from console.domain.narrate import Tone
from console.domain.signs import HEALTH, KINDS
from console.domain.view import ObjectView, RegionView
from console.tui.palette import Part
from console.tui.widgets.keyed_table import Column, KeyedTable, Row

_COLUMNS = (
    Column("slot", "slot", 4, is_number=True),
    Column("id", "instance", 20),
    Column("kind", "object", 18),
    Column("health", "health", 10),
    Column("state", "state", 9),
    Column("tag", "tag", 8),
    Column("beat", "heartbeat", 14),
    Column("runs", "jobs", 5, is_number=True),
    Column("failures", "failed", 6, is_number=True),
    Column("age", "age", 5, is_number=True),
    Column("address", "address", 15),
)


class Objects(KeyedTable):
    """One row for each object; deposed ones stand under their slot, never merged with it."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__("objects")
        self.border_title = "Objects"

    def show(
        self,
        view: RegionView,
        sample: RegionSample | None,
        state: RegionState | None,
        now: datetime,
    ) -> None:
        """Draw every object of a region.

        Args:
            view: the objects and their health.
            sample: what AWS told of them.
            state: what Terraform's state tells of them.
            now: the time.
        """
        self.shape(_COLUMNS)
        instances = {i.id: i for i in (sample.instances.value or ())} if sample else {}
        addresses = {o.instance: o.private_address for o in state.objects} if state else {}
        order = sorted(view.objects, key=lambda o: (o.slot is None, o.slot or 0, o.kind.value))
        self.put([self._row(o, instances, addresses, sample, now) for o in order])
        self.border_title = f"Objects · seen {brief(view.fresh)} ago"

    def _row(
        self,
        found: ObjectView,
        instances: Mapping[InstanceId, Instance],
        addresses: Mapping[InstanceId, str | None],
        sample: RegionSample | None,
        now: datetime,
    ) -> Row:
        ink, health, kind = self.ink, HEALTH[found.health], KINDS[found.kind]
        instance = instances.get(found.id)
        beats = sample.beats_of(found.id) if sample else ()
        launched = instance.launched_at if instance else None
        address = (instance.private_address if instance else None) or addresses.get(found.id)
        marks: list[Part] = [(str(kind), kind.tone)]
        if found.is_tainted:
            marks.append((" tainted", Tone.WARN))
        return Row(
            f"{found.id}/{found.kind}",
            (
                ink.cell("-" if found.slot is None else str(found.slot), right=True),
                ink.cell(found.id),
                ink.cell(*marks),
                ink.cell((str(health), health.tone)),
                ink.cell(found.state),
                ink.cell(found.tag or ("-", Tone.QUIET)),
                ink.cell(*_beat(found)),
                ink.cell(_sum(beats, "runs"), right=True),
                ink.cell(_sum(beats, "failures"), right=True),
                ink.cell(brief(now - launched) if launched else "-", right=True),
                ink.cell(address or ("-", Tone.QUIET)),
            ),
        )


def _beat(found: ObjectView) -> list[Part]:
    if found.heartbeat is None:
        return [("never", Tone.QUIET)]
    tone = Tone.PLAIN if found.heartbeat == found.tag else Tone.WARN
    return [(found.heartbeat, tone), (f" {brief(found.last_beat)}", Tone.QUIET)]


def _sum(beats: tuple[Heartbeat, ...], name: str) -> str:
    return str(sum(getattr(beat, name) for beat in beats)) if beats else "-"
