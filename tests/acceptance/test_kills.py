"""A console is killed in mid-rollout, with and without its Terraform: `resume` leads to the end.

One sandbox, a release for each test, in the order in which they stand. `tests.kills.real` does the
same at every position of the journal, which takes an hour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from console.adapters.terraform.left_running import working_in
from tests.kills.account import before, wrongs
from tests.kills.killing import kill_when, wait_for_an_instance
from tests.kills.leading_on import lead_on
from tests.kills.recorded import Recorded
from tests.kills.three_regions import three_regions

from .world import Line, RunningConsole, SandboxWorld, console, wait_until

Place = tuple[SandboxWorld, Recorded]


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A sandbox of three regions, and its journal."""
    with three_regions() as made:
        yield made


def begins(step: str, region: str) -> Callable[[RunningConsole], Line]:
    """Return what waits until a step has begun."""
    return lambda running: running.wait_for(
        lambda line: (
            (line["type"], line.get("step"), line.get("region")) == ("step.started", step, region)
        )
    )


def bakes(running: RunningConsole) -> Line:
    """Wait for the bake of a wave."""
    return running.wait_for(lambda line: line["type"] == "bake.started")


@pytest.mark.parametrize(
    ("release", "is_time", "under_way"),
    [
        ("1.0.1", begins("plan", "us-west-1"), "plan of us-west-1"),
        ("1.0.2", wait_for_an_instance, "apply of us-east-1"),
        ("1.0.3", bakes, "nothing under way"),
    ],
    ids=["in a plan", "in an apply", "in the bake"],
)
def test_a_killed_console_is_resumed_to_the_end(
    place: Place, release: str, is_time: Callable[[RunningConsole], object], under_way: str
) -> None:
    world, recorded = place
    since = before(world, recorded)

    killed = kill_when(world, recorded, release, is_time)
    left = world.status()["rollout"]
    steps = list(lead_on(world))

    assert under_way in killed.told
    assert left["phase"] == "left_open"
    assert [(step.command, step.outcome) for step in steps] == [("resume", "completed")]
    assert list(wrongs(world, recorded, since, steps, release)) == []


def test_an_instance_that_a_killed_terraform_has_made_is_found_and_the_region_made_whole(
    place: Place,
) -> None:
    world, recorded = place
    since = before(world, recorded)

    killed = kill_when(world, recorded, "1.0.4", wait_for_an_instance, with_terraform=True)
    (orphan,) = _orphans(world.status())
    following = lead_on(world)
    resumed = next(following)
    rest = list(following)

    assert killed.terraforms > 0
    assert (resumed.ran.exit_code, resumed.outcome) == (5, "inconclusive")
    assert orphan in resumed.ran.last["reason"]
    assert "release-console recover unlock" in resumed.ran.last["next"]
    assert f"recover terminate --region us-east-1 --instance {orphan}" in rest[1].command
    assert rest[-1].outcome == "completed", [(s.command, s.outcome) for s in rest]
    steps = [resumed, *rest]
    assert list(wrongs(world, recorded, since, steps, "1.0.4", extra_instances=1)) == []


def test_a_second_operator_is_refused_and_may_take_over_from_a_console_that_lives(
    place: Place,
) -> None:
    world, recorded = place
    since = before(world, recorded)
    with world.rolling_out("1.0.5") as running:
        running.wait_for(lambda line: line["type"] == "rollout.started")
        lease = world.status()["lease"]
        refused = world.roll_out("1.0.6")
        resumed = console("resume", "--yes", "--json", "--config", str(world.config))
        # In mid-apply, of whichever region: what the first one does then is waited for.
        wait_for_an_instance(running, after=len(running.lines()))
        steps = list(lead_on(world, confirm=recorded.fleet))
        first = running.ended()

    for second in (refused, resumed):
        assert second.exit_code == 4
        for part in (lease["who"], lease["host"], lease["since"], "rolling out 1.0.5"):
            assert part in second.stderr
        assert "--confirm" in second.stderr
    assert first.exit_code == 4
    assert "was taken over by" in first.stderr
    assert "has been waited for" in first.stderr
    assert (first.last["type"], first.last["exit_code"]) == ("rollout.finished", 4)
    assert first.last["outcome"] == "inconclusive"
    assert [step.outcome for step in steps] == ["completed"]
    assert list(wrongs(world, recorded, since, steps, "1.0.5")) == []


def test_a_console_killed_in_a_move_is_led_on_from_and_an_interrupted_move_is_finished(
    place: Place,
) -> None:
    world, recorded = place
    region, before_it = "us-east-1", world.status()["regions"]["us-east-1"]["objects"]
    bad = world.context("exits", "raise SystemExit(1)\n")
    halted = world.roll_out("1.0.7", "--regions", region, config=bad)
    words = ("recover", "restore", "--region", region, "--yes", "--confirm", recorded.fleet)
    options = ("--json", "--config", str(world.config))
    unit = world.directory / "store/terraform/data" / region

    with world.running("killed", *words, *options) as killed:
        wait_until(lambda: killed.lines() and working_in(unit), 60)
        killed.process.kill()
        killed.process.wait()
    with world.running("interrupted", *words, *options) as again:
        again.wait_for(lambda line: line["type"] == "recovery.started")
        again.interrupt()
        ended = again.ended()

    assert halted.exit_code == 5, halted.stderr
    assert [line["type"] for line in killed.lines()] == ["recovery.started"]
    assert "is inconclusive: its console (" in ended.stderr
    assert "the move is finished first" in ended.stderr
    assert ended.exit_code == 130, ended.stderr
    (finished,) = ended.of_type("recovery.finished")
    assert finished["result"] == "ok", ended.stderr
    status = world.settled(region)
    assert status["lease"] is None
    found = status["regions"][region]
    assert [thing["id"] for thing in found["objects"]] == [thing["id"] for thing in before_it]
    assert (found["healthy"], found["lock"]) == (found["desired"], None)
    assert world.books()["lost"] == 0


def _orphans(status: Line) -> list[str]:
    return [
        thing["id"]
        for region in status["regions"].values()
        for thing in region["objects"]
        if thing["kind"] == "orphan"
    ]
