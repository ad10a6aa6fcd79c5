"""A release whose jobs fail, and jobs that fail on any release, on real parts.

What tells them apart is seen only in real numbers: workers that run jobs, in a region that has the
release and in regions that do not have it yet.
"""

from __future__ import annotations

from pathlib import Path

from console.sandbox.faults import Trouble, put_trouble
from console.sandbox.layout import Layout

from .world import SAMPLE_WORKER, Line, SandboxWorld, console, wait_until

FAILS_ON_PURPOSE = 'if job.get("fail"):'


def settings(world: SandboxWorld, name: str, context: Path = SAMPLE_WORKER) -> Path:
    """Write settings that bake for a minute and roll back by themselves."""
    text = world.config.read_text(encoding="utf-8")
    for old, new in (
        (f"context: {SAMPLE_WORKER}", f"context: {context}"),
        ("bake: 5s", "bake: 60s"),
        ("on_failure: stop", "on_failure: rollback"),
    ):
        assert old in text
        text = text.replace(old, new)
    config = world.directory / f"{name}.yaml"
    config.write_text(text, encoding="utf-8")
    return config


def a_tenth_fails(directory: Path, when: Path) -> Path:
    """Make a build context whose worker fails every tenth job while the file `when` is there."""
    text = (SAMPLE_WORKER / "launcher.py").read_text(encoding="utf-8")
    assert FAILS_ON_PURPOSE in text
    fails = f"os.path.exists({str(when)!r}) and zlib.crc32(identity.encode()) % 10 == 0"
    text = text.replace(FAILS_ON_PURPOSE, f"if job.get('fail') or ({fails}):")
    text = text.replace("import json\n", "import json\nimport os\nimport zlib\n", 1)
    context = directory / "fails-a-tenth"
    context.mkdir()
    for found in SAMPLE_WORKER.iterdir():
        if found.is_file():
            (context / found.name).write_bytes(found.read_bytes())
    (context / "launcher.py").write_text(text, encoding="utf-8")
    return context


def heartbeats(world: SandboxWorld) -> dict[str, set[str]]:
    regions: Line = world.status()["regions"]
    return {name: {o["heartbeat"] for o in part["objects"]} for name, part in regions.items()}


def test_a_release_that_beats_and_fails_jobs_is_halted_in_the_bake_and_rolled_back(
    world: SandboxWorld, tmp_path: Path
) -> None:
    fails = tmp_path / "fails"
    config = settings(world, "fails", a_tenth_fails(tmp_path, fails))

    reports = tmp_path / "reports"
    with world.rolling_out("0.9.1", "--config", str(config), "--report", str(reports)) as running:
        running.wait_for(lambda line: line["type"] == "bake.started")
        fails.touch()
        ran = running.ended(300)

    first, _ = ran.of_type("rollout.started")
    (halted,) = ran.of_type("rollout.halted")
    assert (halted["region"], halted["rollout"]) == ("us-east-1", first["rollout"])
    assert "failures is" in halted["reason"]
    assert (ran.exit_code, ran.last["outcome"]) == (6, "rolled_back")
    last_paragraph = ran.stderr.strip().split("\n\n")[-1]
    assert (
        "0.9.1 is taken back in us-east-1: us-east-1: a gate failed: "
        in last_paragraph.splitlines()[0]
    )
    told = (reports / f"{first['rollout']}.html").read_text("utf-8")
    assert "us-east-1: failed jobs" in told.split("Why it stopped")[1].split("Capacity and")[0]
    wait_until(lambda: all(beat == {"0.9.0"} for beat in heartbeats(world).values()), 60)
    assert world.books()["lost"] == 0


def test_jobs_that_fail_everywhere_are_not_held_against_a_release(world: SandboxWorld) -> None:
    faults = Layout(world.directory).faults
    config = settings(world, "poisoned")

    try:
        with world.rolling_out("0.9.2", "--config", str(config)) as running:
            running.wait_for(lambda line: line["type"] == "bake.started")
            put_trouble(faults, "poison-jobs", Trouble(poison_share=0.5))
            ran = running.ended(300)
    finally:
        console("sandbox", "scenario", "calm", "--dir", str(world.directory))

    assert (ran.exit_code, ran.last["outcome"]) == (5, "inconclusive"), ran.stderr
    assert "not the release: " in ran.last["reason"]
    assert len(ran.of_type("rollout.started")) == 1  # nothing was rolled back
    wait_until(lambda: heartbeats(world)["us-east-1"] == {"0.9.2"}, 60)
    assert world.books()["lost"] == 0
