"""The classic layout: a module block for each region in one state, and a wave as one plan."""

from __future__ import annotations

from pathlib import Path

from .world import SandboxWorld, console


def test_a_wave_of_the_single_root_layout_is_one_plan_and_no_job_is_lost(tmp_path: Path) -> None:
    directory = tmp_path / "world"
    options = ("--detach", "--instances", "processes", "--layout", "single-root")
    up = console("sandbox", "up", *options, "--dir", str(directory))
    world = SandboxWorld(directory)
    try:
        assert up.exit_code == 0, up.stderr
        ran = world.roll_out("0.9.1")
        status, books = world.settled(), world.books()
    finally:
        console("sandbox", "down", "--dir", str(directory))

    assert ran.exit_code == 0, ran.stderr
    plans = ran.of_type("plan.ready")
    assert [(plan["wave"], plan["creates"], plan["destroys"]) for plan in plans] == [
        (1, 1, 1),
        (2, 5, 5),
    ]
    for region, count in {"us-east-1": 1, "us-west-1": 3, "eu-west-1": 2}.items():
        assert status["regions"][region]["healthy"] == count
        beats = {found["heartbeat"] for found in status["regions"][region]["objects"]}
        assert beats == {"0.9.1"}
    assert (books["lost"], books["min_healthy"]["us-west-1"]) == (0, 3)
