"""A worker that nobody made for the console is released by it, as it is.

It stands on `sqs-consumer`, the npm library of the classic setup, and keeps the worker contract.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from .world import SAMPLE_WORKER, SandboxWorld, console

WORKER = Path(__file__).parents[1] / "fixtures" / "sqs-consumer-worker"
REGIONS = {"us-east-1": 2}


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its build context, with what its lock file names. Needs npm's registry."""
    context = tmp_path_factory.mktemp("sqs-consumer") / "worker"
    shutil.copytree(WORKER, context, ignore=shutil.ignore_patterns("node_modules"))
    npm = shutil.which("npm")
    assert npm is not None, "npm is not installed: run .ci/tools"
    subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=context,
        check=True,
        timeout=300,
    )
    return context


def test_a_fleet_goes_over_to_a_worker_of_others_and_loses_no_job(
    context: Path, tmp_path: Path
) -> None:
    directory = tmp_path / "world"
    counts = ",".join(f"{region}={count}" for region, count in REGIONS.items())
    options = ("--detach", "--instances", "processes", "--regions", counts)
    up = console("sandbox", "up", *options, "--dir", str(directory))
    world = SandboxWorld(directory)
    try:
        assert up.exit_code == 0, up.stderr
        settings = directory / "sqs-consumer.yaml"
        text = world.config.read_text(encoding="utf-8")
        settings.write_text(text.replace(str(SAMPLE_WORKER), str(context)), encoding="utf-8")
        there = world.roll_out("2.0.0", config=settings)
        on_it = world.status()
        back = world.roll_out("0.9.1")
        books = world.books()
    finally:
        console("sandbox", "down", "--dir", str(directory))

    assert (there.exit_code, back.exit_code) == (0, 0), there.stderr + back.stderr
    for region, count in REGIONS.items():
        assert [o["heartbeat"] for o in on_it["regions"][region]["objects"]] == ["2.0.0"] * count
        assert on_it["regions"][region]["healthy"] == count
    assert (books["lost"], books["dead"]) == (0, 0)
    assert books["by_release"]["2.0.0"] > 0
    assert books["min_healthy"] == REGIONS
