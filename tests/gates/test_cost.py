"""Judging stays cheap on a large fleet: 34 regions of 100 instances, looked at every second."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import FrameType

from console.domain.baseline import Control, Group, measure
from console.domain.fleet import RegionName
from console.domain.gates import judge

from .looks import NEW, NOW, SILENT_AFTER, beat, look, machine, wanted

REGIONS, INSTANCES = 34, 100


def calls_in(work: Callable[[], object]) -> int:
    """Return how many Python functions `work` calls: the same on a busy machine as on any."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_a_look_costs_in_proportion_to_its_instances_and_to_the_regions_beside_it() -> None:
    def cost(instances: int, regions: int) -> int:
        seen = look(
            tuple(machine(f"i-{n}", n) for n in range(instances)),
            tuple(beat(f"i-{n}", failures=9) for n in range(instances)),
        )
        now = measure(seen, SILENT_AFTER)
        before = (replace(now, at=NOW - timedelta(minutes=5)),) * 2
        names = (RegionName(f"region-{n}") for n in range(regions))
        group = Group(tuple(Control(name, now, before) for name in names))
        expected = replace(wanted(*(NEW,) * instances), group=group)
        return calls_in(lambda: judge(expected, seen))

    small, large = cost(10, 3), cost(INSTANCES, REGIONS)

    assert large <= small * 15
