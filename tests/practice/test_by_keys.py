"""From every trouble that can be practised to a whole fleet, by keys alone.

The console runs on a terminal; the person at it knows what its screen says, and does what it asks
for or recommends. The scenarios are those of `tests/acceptance/test_scenarios.py`, where the same
is done by typing the commands that are advised.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.acceptance.leading import is_whole
from tests.acceptance.world import SandboxWorld, wait_until

from .operator import at_the_console
from .stage import calm, observed_for, part, play, settings, stage

PATIENCE_S = 200
SMALL = (80, 24)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxWorld]:
    with stage(tmp_path_factory.mktemp("by-keys") / "world") as it:
        yield it
        assert it.books()["lost"] == 0


def healed(world: SandboxWorld, region: str) -> bool:
    """Whether the region needs nobody, and nobody is at work on the fleet."""
    status = world.settled(region)
    rollout = status["rollout"]
    is_at_rest = rollout is None or rollout["phase"] == "finished"
    return is_at_rest and status["lease"] is None and is_whole(status["regions"][region])


@pytest.mark.parametrize(
    ("name", "region", "moves", "size"),
    [
        ("stale-lock", "us-west-2", ["unlock"], SMALL),
        ("terminated-by-hand", "us-east-1", ["retry"], None),
        ("untainted-by-hand", "us-west-1", ["restore"], None),
        ("crash-loop", "us-west-2", ["restore"], None),
        ("never-works", "eu-west-1", ["restore"], None),
    ],
    ids=["stale-lock", "terminated-by-hand", "untainted-by-hand", "crash-loop", "never-works"],
)
def test_an_operator_is_led_to_a_whole_region(
    world: SandboxWorld, name: str, region: str, moves: list[str], size: tuple[int, int] | None
) -> None:
    play(world, name, region)

    with at_the_console(settings(world, name), size=size) as operator:
        operator.lead_on(lambda: healed(world, region))

    assert operator.moves == moves, operator.done
    assert world.books()["lost"] == 0


def test_a_bad_image_that_halts_on_the_screen_is_led_out_of_on_the_screen(
    world: SandboxWorld,
) -> None:
    """The scenario's release once more, this time by an operator, at the smallest size."""
    play(world, "bad-image", "us-west-1")
    old = {o["id"] for o in part(world, "us-west-1")["objects"] if o["kind"] == "deposed"}
    config = settings(world, "bad-image")
    with at_the_console(config) as operator:
        operator.lead_on(lambda: healed(world, "us-west-1"))
        assert operator.moves == ["restore"]

    release = ("--release", "0.9.1-bad-image", "--regions", "us-west-1")
    with at_the_console(config, *release, size=SMALL) as operator:
        operator.answer_until("halted at")
        operator.lead_on(lambda: is_whole(part(world, "us-west-1")))
        assert operator.moves == ["restore"], operator.done
        operator.close_the_rollout()

    after = part(world, "us-west-1")["objects"]
    assert ({o["id"] for o in after}, {o["tag"] for o in after}) == (old, {"0.9.0"})


def test_a_good_release_that_is_slow_is_kept_once_the_screen_recommends_it(
    world: SandboxWorld,
) -> None:
    play(world, "slow-boot", "eu-central-1")

    with at_the_console(settings(world, "slow-boot")) as operator:
        operator.look_at_the_moves()
        operator.until(lambda: operator.recommended == "accept", PATIENCE_S)
        operator.lead_on(lambda: healed(world, "eu-central-1"))

    assert operator.moves == ["accept"], operator.done
    assert [o["heartbeat"] for o in part(world, "eu-central-1")["objects"]] == ["0.9.1-slow-boot"]


def test_slots_that_were_tainted_for_nothing_are_untainted(world: SandboxWorld) -> None:
    play(world, "no-capacity", "eu-west-1")
    calm(world)

    with at_the_console(settings(world, "no-capacity")) as operator:
        operator.lead_on(lambda: healed(world, "eu-west-1"))

    assert operator.moves == ["untaint"], operator.done


def test_bad_jobs_halt_a_rollout_that_goes_on_when_they_are_gone(world: SandboxWorld) -> None:
    play(world, "poison-jobs")
    try:
        asked = ("--release", "0.9.4", "--regions", "us-west-2")
        with observed_for(world, "60s"), at_the_console(world.config, *asked) as it:
            it.answer_until("halted at")
            assert "dead" in it.text
            calm(world)
            # Its gates do not pass before the last bad job has left the queue.
            deadline = time.monotonic() + 2 * PATIENCE_S
            while it.answer_until("completed", "halted at") != "completed":
                assert time.monotonic() < deadline, it.text
                it.close_the_rollout()
                it.press("s")
                it.choose("0.9.4", "us-west-2")
    finally:
        calm(world)

    assert [o["heartbeat"] for o in part(world, "us-west-2")["objects"]] == ["0.9.4"]


def test_throttling_is_waited_out(world: SandboxWorld) -> None:
    play(world, "throttled")
    try:
        with at_the_console(world.config, "--release", "0.9.3", "--regions", "us-west-2") as it:
            assert it.answer_until("completed", "halted at") == "completed"
    finally:
        calm(world)

    assert healed(world, "us-west-2")


def test_the_other_regions_go_on_without_one_that_is_lost(world: SandboxWorld) -> None:
    play(world, "lost-region", "eu-central-1")
    regions = ("--regions", "eu-central-1,us-west-2")
    try:
        with at_the_console(world.config, "--release", "0.9.2", *regions) as it:
            it.sees("refused")
            assert "eu-central-1" in it.text
            it.press("s")
            it.choose("0.9.2", "us-west-2")
            assert it.answer_until("completed", "halted at") == "completed"
    finally:
        calm(world)

    assert [o["heartbeat"] for o in part(world, "us-west-2")["objects"]] == ["0.9.2"]
    assert is_whole(world.settled("eu-central-1")["regions"]["eu-central-1"])


def test_a_colleagues_rollout_is_taken_over_and_ended(world: SandboxWorld) -> None:
    told = play(world, "second-operator").stderr
    process = psutil.Process(int(re.findall(r"kill -INT (\d+)", told)[0]))
    by_first = world.directory / "scenario-second-operator.jsonl"
    try:
        wait_until(lambda: '"bake.started"' in by_first.read_text(encoding="utf-8"), PATIENCE_S)
        with at_the_console(world.config) as operator:
            operator.sees("colleague@")
            operator.say_yes("u", "u")
            wait_until(lambda: not _lives(process), PATIENCE_S)
            operator.sees("x Abort")
            operator.say_yes("x", "x")
            operator.sees("s New rollout", within_s=PATIENCE_S)
    finally:
        if _lives(process):
            process.send_signal(signal.SIGINT)
            wait_until(lambda: not _lives(process), PATIENCE_S)

    assert '"exit_code": 4' in by_first.read_text(encoding="utf-8").splitlines()[-1]
    assert all(healed(world, region) for region in world.status()["regions"])


def test_expired_credentials_are_mended_move_by_move(world: SandboxWorld) -> None:
    play(world, "expired-credentials", "eu-central-1")
    calm(world)

    with at_the_console(settings(world, "expired-credentials")) as operator:
        operator.lead_on(lambda: healed(world, "eu-central-1"))

    *first, last = operator.moves
    assert first == ["unlock", "push-state"], operator.done
    assert last in {"accept", "restore"}  # whether the new one has finished a job by then


def test_what_a_killed_console_left_is_taken_up_and_mended(world: SandboxWorld) -> None:
    play(world, "operator-killed", "us-west-2")
    (orphan,) = (o["id"] for o in part(world, "us-west-2")["objects"] if o["kind"] == "orphan")

    with at_the_console(settings(world, "operator-killed"), size=SMALL) as operator:
        operator.lead_on(lambda: is_whole(part(world, "us-west-2")))
        operator.close_the_rollout()

    assert operator.done[0] == "u, y"
    assert operator.moves == ["unlock", "terminate", "untaint"], operator.done
    assert healed(world, "us-west-2")
    assert orphan not in {o["id"] for o in part(world, "us-west-2")["objects"]}


def _lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
