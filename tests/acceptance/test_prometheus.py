"""The main job with Prometheus as the heartbeats' source: the real server, the real workers."""

from __future__ import annotations

from pathlib import Path

from console.sandbox.access_log import calls_in
from console.sandbox.credentials import instance_of
from console.sandbox.layout import Layout
from tests.prometheus_server import prometheus

from .world import SandboxWorld, console

REGIONS = {"us-east-1": 1, "us-west-1": 2}


def test_a_release_goes_through_a_fleet_whose_heartbeats_only_prometheus_has(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "world"
    counts = ",".join(f"{region}={count}" for region, count in REGIONS.items())
    with prometheus(tmp_path / "prometheus", directory / "targets") as url:
        up = console(
            *("sandbox", "up", "--detach", "--prometheus", url, "--regions", counts),
            *("--dir", str(directory)),
        )
        world = SandboxWorld(directory)
        try:
            assert up.exit_code == 0, up.stderr
            doctor = console("doctor", "--config", str(world.config))
            ran = world.roll_out("0.9.1")
            status = world.settled()
            books = world.books()
        finally:
            console("sandbox", "down", "--dir", str(directory))

    assert ran.exit_code == 0, ran.stderr
    assert "heartbeats (Prometheus) answer; 2 of 2 running instances beat" in doctor.stdout
    assert (books["lost"], books["dead"]) == (0, 0)
    assert books["min_healthy"] == REGIONS
    for region, count in REGIONS.items():
        here = status["regions"][region]
        assert [o["heartbeat"] for o in here["objects"]] == ["0.9.1"] * count
        assert (here["healthy"], here["error"]) == (count, None)
    assert "PutMetricData" not in calls_of_workers(directory)


def calls_of_workers(directory: Path) -> set[str]:
    """What instances asked of AWS."""
    calls = calls_in(Layout(directory).access_log)
    return {call["action"] for call in calls if instance_of(call["access_key"])}
