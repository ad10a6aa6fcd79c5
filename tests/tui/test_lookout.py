"""Whoever looks at the regions: each on its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from console.domain.fleet import InstanceId, RegionName, RegionSample, RegionState
from console.domain.release import ReleaseLabel
from console.tui.bridge import Bridge
from console.tui.calling import Calling
from console.tui.lookout import Lookout
from tests.tui.fleets import one_region, two_waves
from tests.tui.paper import console


async def test_a_region_that_hangs_delays_no_other_regions_numbers() -> None:
    paper, bridge = two_waves(), Bridge()
    hangs, seen = asyncio.Event(), Counter[str]()

    async def sample(region: RegionName, releases: Sequence[ReleaseLabel]) -> RegionSample:
        if region == "us-east-1":
            await hangs.wait()
        seen[region] += 1
        return await paper.sample(region, releases)

    around = replace(paper.around(), sample=sample, sample_every=timedelta(seconds=0.01))
    looking = asyncio.create_task(Lookout(around, bridge, Calling(around, bridge)).look())
    async with asyncio.timeout(10):
        while min(seen["us-west-1"], seen["eu-west-1"]) < 5:
            await asyncio.sleep(0.01)
    assert seen["us-east-1"] == 0
    assert {s.region for s in bridge.fetch().samples} == {"us-west-1", "eu-west-1"}

    hangs.set()
    async with asyncio.timeout(10):
        while not seen["us-east-1"]:
            await asyncio.sleep(0.01)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


async def test_an_instance_that_beats_between_two_crashes_is_shown_as_crashing() -> None:
    paper, crashes = one_region(), set[InstanceId]()

    async def crashing(state: RegionState, sample: RegionSample) -> frozenset[InstanceId]:
        return frozenset(crashes)

    async with console(paper, crashing=crashing, state_every=timedelta(seconds=0.05)) as shown:
        await shown.sees("▒▒ 2/2")
        crashes.add(paper.world.instance("us-east-1", 1))
        await shown.sees("▒✗ 1/2")
        await shown.pilot.press("enter")
        await shown.sees("✗ crashing")
        await shown.sees("1 of 2 healthy")
        crashes.clear()
        await shown.sees("2 of 2 healthy")
