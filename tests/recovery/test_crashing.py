"""Which instance is called crashing? One that beats between crashes is, one that works is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain.failure import Failure, FailureKind
from console.domain.fleet import (
    Heartbeat,
    Instance,
    InstanceId,
    QueueSample,
    Reading,
    RegionSample,
    RegionState,
    SlotIndex,
    StateObject,
)
from console.domain.observations import Closer, RegionSurvey
from console.domain.outcome import RegionPhase
from console.domain.recovery.advice import Standing, advise
from console.domain.recovery.assembly import situation_of
from console.domain.recovery.lineage import lineage_of
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.restarts import restarts_in
from console.domain.recovery.situation import Situation
from console.domain.rollout import Rollout
from console.domain.view import Health
from console.engine.closer import look_closer
from tests.engine.test_preflight import Ports
from tests.rollout.world import NEW, OLD, START, PaperWorld, policy

from .test_lineage import WEST, rollout

FAILED = Failure(FailureKind.FAILED, "1 instance did not become ready")
RULES = policy(us_west_1=1)
NEW_ONE, OLD_ONE = InstanceId("i-new"), InstanceId("i-old")


def halted() -> Rollout:
    """The rollout of 0.9.1 that stopped in the region."""
    made = rollout("r1", NEW, OLD, {WEST: RegionPhase.FAILED})
    return replace(made, regions=tuple(replace(run, failure=FAILED) for run in made.regions))


def survey(
    restarts: dict[InstanceId, int],
    *,
    runs: int = 0,
    beats: bool = True,
    old_runs: int = 0,
) -> RegionSurvey:
    """The new instance, tainted, beside the old one, deposed: both beat.

    Args:
        restarts: what their consoles tell.
        runs: jobs that the new one has finished.
        beats: whether the new one beats.
        old_runs: jobs that the old one has finished.
    """
    machines = tuple(
        Instance(name, "running", SlotIndex(0), target, START)
        for name, target in ((NEW_ONE, NEW), (OLD_ONE, OLD))
    )
    hearts = (
        Heartbeat(NEW_ONE, NEW.release, START if beats else None, runs),
        Heartbeat(OLD_ONE, OLD.release, START, old_runs),
    )
    objects = (
        StateObject("worker[0]", SlotIndex(0), NEW_ONE, NEW, is_tainted=True),
        StateObject("worker[0]", SlotIndex(0), OLD_ONE, OLD, "d3ad"),
    )
    sample = RegionSample(
        WEST, START, Reading(START, machines), Reading(START, hearts),
        Reading(START, QueueSample(3, 1, 0)),
    )  # fmt: skip
    closer = tuple(Closer(name, None, number) for name, number in restarts.items())
    return RegionSurvey(WEST, RegionState(1, "lineage", objects), sample, closer=closer)


def seen(found: RegionSurvey, past: Rollout) -> Situation:
    lineage = lineage_of(WEST, [past])
    return situation_of(found, lineage, RULES, START, timedelta(minutes=5))


def healths(situation: Situation) -> dict[str, Health]:
    return {str(found.id): found.health for found in situation.objects}


COUNTED = "worker ended with exit code 1; restart"
SYSTEMD = "systemd[1]: worker.service: Scheduled restart job, restart counter is at"
CONSOLES = [
    ("nothing", "", 0),
    ("one start", "docker: starts repo@sha256:a (release 0.9.1)\n", 0),
    ("the unit's starts", "docker: starts a\nTraceback\ndocker: starts a\ndocker: starts a\n", 2),
    ("the launcher's own", f"{COUNTED} 1\nKeyError: 'url'\n{COUNTED} 2\n", 2),
    ("of which the first are gone", f"{COUNTED} 317\n", 317),
    ("systemd's own", f"[   91.2] {SYSTEMD} 4.\n", 4),
    ("told twice", f"docker: starts a\n{SYSTEMD} 1.\ndocker: starts a\n", 1),
    ("a job about a restart", "checks https://shop/restart 12\nrestart 7 of the test passed\n", 0),
]


@pytest.mark.parametrize(
    ("console", "restarts"), [row[1:] for row in CONSOLES], ids=[row[0] for row in CONSOLES]
)
def test_restarts_are_counted_as_a_console_tells_them(console: str, restarts: int) -> None:
    assert restarts_in(console) == restarts


def test_what_beats_between_two_crashes_is_crashing_and_the_old_one_is_restored() -> None:
    situation = seen(survey({NEW_ONE: 2}), halted())

    assert healths(situation) == {"i-new": Health.CRASHING, "i-old": Health.HEALTHY}
    best = advise(situation).recommended
    assert best is not None
    assert (best.remedy, best.prospect.removed) == (Remedy.RESTORE, (NEW_ONE,))
    assert advise(situation).option(Remedy.ACCEPT).standing is Standing.FORBIDDEN


NOT_CRASHING = [
    ("it was started again once", survey({NEW_ONE: 1}), NEW_ONE),
    ("it has finished a job since", survey({NEW_ONE: 9}, runs=1), NEW_ONE),
    ("an old worker that idles, with old lines", survey({OLD_ONE: 9}), OLD_ONE),
    ("an old worker that works, with old lines", survey({OLD_ONE: 9}, old_runs=4), OLD_ONE),
]


@pytest.mark.parametrize(
    ("found", "instance"), [row[1:] for row in NOT_CRASHING], ids=[row[0] for row in NOT_CRASHING]
)
def test_nothing_that_works_is_called_crashing(found: RegionSurvey, instance: InstanceId) -> None:
    assert healths(seen(found, halted()))[instance] is Health.HEALTHY


def test_what_does_not_beat_and_is_started_again_and_again_is_crashing() -> None:
    found = survey({NEW_ONE: 2}, beats=False)

    assert healths(seen(found, halted()))["i-new"] is Health.CRASHING


@pytest.mark.parametrize(("backlog", "is_asked"), [(5, True), (0, False)])
async def test_a_console_is_read_where_nothing_is_finished_although_there_are_jobs(
    backlog: int, is_asked: bool
) -> None:
    """It is current and untainted, and beats as its tag says: nothing else is wrong with it."""
    world = PaperWorld({WEST: [NEW]}, sick={WEST})
    queue = Reading(START, QueueSample(backlog, 0, 0))
    sample = replace(world.sample(WEST), queue=queue)

    closer = await look_closer(Ports(world), world.state(WEST), sample)

    assert [found.instance for found in closer] == ([world.instance(WEST, 0)] if is_asked else [])
