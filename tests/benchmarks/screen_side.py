"""How soon does the console paint what came in? The measured process of `screen`.

`python -m tests.benchmarks.screen_side REGIONS INSTANCES RECORDS`: the console on this terminal,
with a hook where a key has moved the cursor, where a look at a region was folded in, and where a
frame was written. A line is appended to RECORDS for each: what it was, and when on the monotonic
clock. SIGUSR1 makes the tools print ten thousand lines within a second.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from rich.console import RenderableType
from textual.screen import Screen
from textual.strip import Strip

from console.domain.fleet import RegionName, RegionSample, UnitName
from console.domain.release import ReleaseLabel
from console.domain.rollout import Rollout
from console.engine.autopilot import Autopilot
from console.engine.ports import Progress, ProgressKind
from console.tui.app import ConsoleApp
from console.tui.conductor import Conductor
from console.tui.running import settle
from console.tui.sightings import Sightings
from console.tui.surroundings import Choice, Handle, RollOut
from console.tui.terminal import EnduringDriver
from console.tui.widgets.regions import Regions
from tests.benchmarks.recorded import paper, surroundings

_FLOOD_BATCHES, _FLOOD_BATCH = 100, 100
_FLOOD_S = 1.0


class Records:
    """What was painted, and when."""

    def __init__(self, file: TextIO) -> None:
        """Write to `file`."""
        self._file = file
        self._looked: dict[RegionName, float] = {}
        self._folded: list[float] = []
        self._moved: list[float] = []
        self._is_rendered = False
        self._cpu = {"key": 0.0, "refresh": 0.0}
        """CPU time of the screen's own thread when the first of each was taken in."""

    def look(self, region: RegionName) -> None:
        """A region was looked at."""
        self._looked[region] = time.monotonic()

    def fold(self, region: RegionName) -> None:
        """A look was folded into the scene."""
        looked = self._looked.pop(region, None)
        if looked is not None:
            if not self._folded:
                self._cpu["refresh"] = time.thread_time()
            self._folded.append(looked)
            self._is_rendered = False

    def move(self) -> None:
        """The cursor was moved."""
        if not self._moved:
            self._cpu["key"] = time.thread_time()
        self._moved.append(time.monotonic())
        self._is_rendered = False

    def render(self) -> None:
        """The table with both was rendered; what is written next shows it."""
        self._is_rendered = True

    def paint(self) -> None:
        """A frame was written."""
        if not self._is_rendered:
            return
        now, used = time.monotonic(), time.thread_time()
        for _ in self._moved:
            self._file.write(f"key {now} {used - self._cpu['key']}\n")
        for looked in self._folded:
            self._file.write(f"refresh {now - looked} {used - self._cpu['refresh']}\n")
        self._moved.clear()
        self._folded.clear()
        self._is_rendered = False
        self._file.flush()


def main() -> None:
    """Show the console until the process is killed."""
    regions, instances, path = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    with path.open("w", encoding="utf-8") as file:
        records = Records(file)
        _hook(records)
        fleet = paper(regions, instances)
        around = surroundings(fleet, records.look)
        around = replace(around, roll_out=_approved(fleet.roll_out))
        conductor = Conductor(around)
        signal.signal(signal.SIGUSR1, lambda *_: _flood(conductor))
        conductor.backstage.start(settle())
        choice = Choice(ReleaseLabel("0.9.1"))
        ConsoleApp(conductor, choice=choice, driver_class=EnduringDriver).run()


def _hook(records: Records) -> None:
    """Put the hooks into the screens' classes: nothing of the product knows that it is measured."""
    render, see = Regions.render_line, Sightings.see
    watch, display = Regions.watch_cursor_coordinate, ConsoleApp._display

    def rendered(table: Regions, y: int) -> Strip:
        records.render()
        return render(table, y)

    def seen(sightings: Sightings, sample: RegionSample) -> None:
        see(sightings, sample)
        records.fold(sample.region)

    def moved(table: Regions, old: Any, new: Any) -> None:
        watch(table, old, new)
        records.move()

    def displayed(app: ConsoleApp, screen: Screen[Any], drawn: RenderableType | None) -> None:
        display(app, screen, drawn)
        records.paint()

    for owner, name, hook in (
        (ConsoleApp, "_display", displayed),
        (Regions, "render_line", rendered),
        (Regions, "watch_cursor_coordinate", moved),
        (Sightings, "see", seen),
    ):
        setattr(owner, name, hook)


def _approved(roll_out: RollOut) -> RollOut:
    """Return `roll_out` with an operator who says yes to everything."""

    async def approved(choice: Choice, attach: Callable[[Handle], None]) -> Rollout:
        def attached(handle: Handle) -> None:
            attach(handle)
            handle.join(Autopilot(handle.send))

        return await roll_out(choice, attached)

    return approved


def _flood(conductor: Conductor) -> None:
    async def pour() -> None:
        for batch in range(_FLOOD_BATCHES):
            for number in range(_FLOOD_BATCH):
                text = f"module.workers.aws_instance.worker[{number}]: still creating, {batch}0s"
                line = Progress(ProgressKind.OUTPUT, text, UnitName("us-east-1"))
                conductor.bridge.progress(line)
            await asyncio.sleep(_FLOOD_S / _FLOOD_BATCHES)

    threading.Thread(target=conductor.backstage.start, args=(pour(),)).start()


if __name__ == "__main__":
    main()
