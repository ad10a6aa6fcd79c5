"""A region is told of by its own rollouts, whichever the newest one is, and at a retry's end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from console.domain import effects
from console.domain.census import count
from console.domain.fleet import InstanceId, Reading, RegionName, StateLock
from console.domain.observations import Counted
from console.domain.outcome import Outcome
from console.domain.recovery.advice import Standing, advise
from console.domain.recovery.counsel import with_advice
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.situation import Serial
from console.domain.rollout import Rollout
from console.domain.steps import At, Step
from console.engine.performer import WorldPerformer
from console.engine.ports import JournalError
from console.engine.remedies import Remedies
from console.engine.stream import Stream
from console.engine.surveying import Seen, Surveyor
from tests.recovery.situations import LOCK
from tests.recovery.test_lineage import BACK_IN_WEST, EVERYWHERE, HALTED, RETRIED, WEST
from tests.rollout.world import NEW, OLD, START, PaperWorld, policy

from .test_preflight import BROKEN, Ports, Stopped

RULES = policy(us_east_1=2, us_west_1=2, eu_west_1=2)


def ports() -> Ports:
    """Return three regions that run 0.9.1, but for one that is back at 0.9.0."""
    world = PaperWorld({"us-east-1": [NEW, NEW], "us-west-1": [OLD, OLD], "eu-west-1": [NEW, NEW]})
    return Ports(world)


async def look(seeing: Ports, newest: Rollout | None, past: Sequence[Rollout]) -> dict[str, Seen]:
    allowance = timedelta(minutes=5)
    surveyor = Surveyor(
        seeing, seeing, RULES, Stopped(), boot_allowance=allowance, past=lambda: past
    )
    return {found.situation.region: found for found in await surveyor.look(newest)}


def standing(seen: Seen, remedy: Remedy) -> Standing:
    return advise(seen.situation).option(remedy).standing


async def test_regions_are_rolled_back_one_by_one_while_another_cannot_be_reached() -> None:
    seeing = ports()
    seeing.states["us-east-1"] = BROKEN

    seen = await look(seeing, BACK_IN_WEST, [BACK_IN_WEST, EVERYWHERE])

    assert standing(seen["eu-west-1"], Remedy.ROLLBACK) is Standing.POSSIBLE
    assert standing(seen["us-west-1"], Remedy.ROLLBACK) is Standing.UNFIT
    assert standing(seen["us-east-1"], Remedy.ROLLBACK) is Standing.UNFIT
    assert seen["eu-west-1"].situation.before == OLD.release
    assert seen["us-east-1"].situation.error


async def test_the_newest_one_counts_as_its_engine_knows_it() -> None:
    ahead = replace(BACK_IN_WEST, outcome=None)

    seen = await look(ports(), ahead, [BACK_IN_WEST, EVERYWHERE])

    assert seen["us-west-1"].lineage.newest is ahead
    assert seen["eu-west-1"].lineage.newest is EVERYWHERE


async def test_one_that_was_refused_explains_no_region() -> None:
    refused = replace(EVERYWHERE, id="r9", outcome=Outcome.REFUSED, request=BACK_IN_WEST.request)

    seen = await look(ports(), refused, [EVERYWHERE])

    assert {found.lineage.newest for found in seen.values()} == {EVERYWHERE}
    assert seen["eu-west-1"].situation.release == NEW.release


@dataclass
class Passing:
    """A clock that a test moves on."""

    time: datetime = START

    def now(self) -> datetime:
        return self.time


async def test_a_locked_state_is_compared_look_by_look() -> None:
    seeing, clock = ports(), Passing()
    surveyor = Surveyor(seeing, seeing, RULES, clock, boot_allowance=timedelta(minutes=5))

    async def looked(serial: int, after_s: int, lock: StateLock | None = LOCK) -> Serial | None:
        clock.time += timedelta(seconds=after_s)
        state = replace(seeing.world.state("us-west-1"), serial=serial, lock=lock)
        seeing.states["us-west-1"] = state
        (seen,) = await surveyor.look(None, [WEST])
        return seen.situation.serial

    assert await looked(40, 0, None) is None
    assert await looked(41, 0) == Serial(41, START, START)
    assert await looked(41, 9) == Serial(41, START, START + timedelta(seconds=9))
    moved = START + timedelta(seconds=12)
    assert await looked(43, 3) == Serial(43, moved, moved, before=41)
    still, at_rest = await looked(43, 60), await looked(43, 60)
    assert (still and still.is_moving, at_rest and at_rest.is_moving) == (True, False)
    taken_anew = await looked(44, 1, replace(LOCK, id="another"))
    assert taken_anew is not None
    assert taken_anew.before is None


async def test_who_beats_between_two_crashes_is_told_to_a_screen_too() -> None:
    world = PaperWorld({"us-west-1": [NEW, NEW]}, sick={"us-west-1"})
    crashed = world.instance("us-west-1", 1)
    seeing = Restarting(world, consoles={crashed: "worker ended with exit code 1; restart 5"})
    failed = tuple(replace(run, failure=BROKEN) for run in HALTED.regions)
    surveyor = Surveyor(
        *(seeing, seeing, RULES, Stopped()),
        boot_allowance=timedelta(minutes=5),
        past=lambda: [replace(HALTED, regions=failed)],
    )
    marked = replace(world, tainted={("us-west-1", 0), ("us-west-1", 1)})

    found = await surveyor.crashing(marked.state("us-west-1"), world.sample(WEST))

    assert found == {crashed}


@dataclass
class Restarting(Ports):
    """Instances whose consoles tell of restarts."""

    consoles: dict[InstanceId, str] = field(default_factory=dict)

    async def console_output(self, region: RegionName, instance: InstanceId) -> Reading[str]:
        return Reading(START, self.consoles.get(instance, ""))


def retry_at_its_end(past: Sequence[Rollout] | JournalError, tmp_path: Path) -> WorldPerformer:
    def read() -> Sequence[Rollout]:
        if isinstance(past, JournalError):
            raise past
        return past

    seeing = Ports(PaperWorld({"us-west-1": [NEW, NEW]}, sick={"us-west-1"}))
    surveyor = Surveyor(seeing, seeing, RULES, Stopped(), boot_allowance=timedelta(minutes=5))
    remedies = Remedies(seeing, seeing, surveyor, lambda _: None, tmp_path)
    return WorldPerformer(seeing, seeing, seeing, Stream(), tmp_path, remedies, read)


async def lines_of(performer: WorldPerformer, rollout: Rollout) -> str:
    """Return what the last paragraph advises for the region that the rollout leaves."""
    counted = await performer.perform(effects.TakeCensus(At(Step.CENSUS)), rollout)
    assert isinstance(counted, Counted)
    (survey,) = counted.regions
    return "\n".join(with_advice(count(rollout, survey), rollout, survey, START).next)


async def test_a_failed_retry_tells_at_its_end_that_the_release_before_can_be_had(
    tmp_path: Path,
) -> None:
    back = "release-console recover rollback --region us-west-1"

    known = retry_at_its_end([RETRIED, HALTED], tmp_path)
    unknown = retry_at_its_end(JournalError("the disk is full"), tmp_path)

    assert back in await lines_of(known, RETRIED)
    assert back not in await lines_of(unknown, RETRIED)
