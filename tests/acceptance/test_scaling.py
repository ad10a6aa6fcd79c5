"""A region gets fewer workers while long jobs are in flight, and more again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from .world import Line, Ran, SandboxWorld, console, wait_until

REGION = "us-west-1"
FLEET = "browser-check-worker"
LONG_JOBS = ("--job-time", "20", "--rate", "0.4", "--stop-grace", "60")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxWorld]:
    """A sandbox of one region, whose jobs take 20 s and whose workers get a minute to stop."""
    directory = tmp_path_factory.mktemp("sandbox") / "world"
    place = ("--dir", str(directory), "--regions", f"{REGION}=3")
    ran = console("sandbox", "up", "--detach", "--instances", "processes", *LONG_JOBS, *place)
    try:
        assert ran.exit_code == 0, ran.stderr
        yield SandboxWorld(directory)
    finally:
        console("sandbox", "down", "--dir", str(directory))


# What `docker stop` is where there is a Docker: it ends when the worker has ended.
DRAIN = (
    "for pid in $(pgrep -f launcher); do kill -TERM $pid; done; "
    "while pgrep -f launcher >&2; do sleep 1; done; touch drained; echo finished"
)


def scale(world: SandboxWorld, count: int, *more: str, config: Path | None = None) -> Ran:
    where = ("--config", str(config or world.config))
    return console("scale", REGION, str(count), "--json", *more, *where)


def with_drain_command(world: SandboxWorld) -> Path:
    settings = yaml.safe_load(world.config.read_text(encoding="utf-8"))
    settings["drain"] |= {"command": ["sh", "-c", DRAIN], "within": "90s", "longest_job": "20s"}
    # One worker has more to do than it can do, and how slow this machine is decides nothing here.
    settings["gates"]["backlog"]["oldest"] = "15m"
    path = world.directory / "drained.yaml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


def objects(world: SandboxWorld) -> list[Line]:
    found: list[Line] = world.status()["regions"][REGION]["objects"]
    return found


def console_of(world: SandboxWorld, instance: str) -> str:
    (log,) = world.directory.rglob(f"*{instance}*/console.log")
    return log.read_text(encoding="utf-8")


def test_a_region_scaled_down_loses_no_job_and_does_none_twice(world: SandboxWorld) -> None:
    before = [found["id"] for found in objects(world)]
    wait_until(lambda: world.books()["in_flight"] >= 5, 120)

    refused = scale(world, 1, "--yes")
    ran = scale(world, 1, "--yes", "--confirm", FLEET)

    assert (refused.exit_code, refused.last["outcome"]) == (3, "refused")
    assert f"--confirm {FLEET}" in refused.last["next"]
    assert ran.exit_code == 0, ran.stderr
    assert ran.last["reason"] == "us-west-1 has 1 slot, it had 3"
    (plan,) = ran.of_type("plan.ready")
    assert (plan["creates"], plan["destroys"]) == (0, 2)
    assert "at least 1 worker stays healthy" in plan["consequences"][0]

    region = world.settled(REGION)["regions"][REGION]
    assert (region["healthy"], region["desired"], region["lock"]) == (1, 1, None)
    (left,) = region["objects"]
    assert (left["slot"], left["kind"], left["tainted"]) == (0, "current", False)

    gone = [instance for instance in before if instance != left["id"]]
    for instance in gone:
        told = wait_until(lambda i=instance: _stopped(world, i), 90)  # type: ignore[misc]
        assert "finishing what is in flight" in told
        assert "given back" not in told
        assert "killing it" not in told
    books = world.books()
    assert books["done"] > 0
    assert (books["lost"], books["duplicated"], books["dead"]) == (0, 0, 0)


def _stopped(world: SandboxWorld, instance: str) -> str | None:
    told = console_of(world, instance)
    return told if "Power down" in told else None


def was_drained(world: SandboxWorld, instance: str) -> bool:
    (log,) = world.directory.rglob(f"*{instance}*/console.log")
    return (log.parent / "drained").exists()


def test_a_release_keeps_the_number_and_scaling_up_takes_its_release(world: SandboxWorld) -> None:
    config = with_drain_command(world)
    (first,) = (found["id"] for found in objects(world))

    released = world.roll_out("0.9.1", config=config)

    assert released.exit_code == 0, released.stderr
    notices = [line["text"] for line in released.of_type("notice")]
    assert any("was scaled to 1 and the settings still want 3: 1 it stays" in t for t in notices)
    assert [found["heartbeat"] for found in objects(world)] == ["0.9.1"]
    assert was_drained(world, first)

    ran = scale(world, 2, "--yes", config=config)

    assert ran.exit_code == 0, ran.stderr
    assert [(o["slot"], o["heartbeat"]) for o in objects(world)] == [(0, "0.9.1"), (1, "0.9.1")]
    history = console("history", "--json", "--config", str(world.config)).stdout.splitlines()
    newest = json.loads(history[0])
    assert newest["scale"] == {"region": REGION, "from": 1, "to": 2}

    stays, goes = (found["id"] for found in objects(world))
    ran = scale(world, 1, "--yes", config=config)

    assert ran.exit_code == 0, ran.stderr
    assert [found["id"] for found in objects(world)] == [stays]
    assert was_drained(world, goes)
    assert f"{goes} has nothing in flight any more" in ran.stderr
    books = world.books()
    assert (books["lost"], books["duplicated"], books["dead"]) == (0, 0, 0)
