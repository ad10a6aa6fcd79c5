"""A reader that goes away does not stop a rollout: it ends, and the journal has all of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.domain.evolve import replay
from console.domain.outcome import Outcome
from console.journal.local import LocalJournal

# A rollout with the real engine, journal, reporter and signals; only the world is on paper.
_ROLLOUT = """
import asyncio, sys
from pathlib import Path
from console.engine.engine import Engine
from console.engine.stream import Stream
from console.headless.output import LineWriter, Narrator
from console.headless.reporter import Reporter
from console.headless.runner import run
from console.journal.local import LocalJournal
from tests.engine.paper import LoopClock, PaperJournal, PaperPerformer
from tests.rollout.world import OLD, PaperWorld, policy, started

async def main():
    world = PaperWorld({"us-east-1": [OLD]})
    clock, stream, narrator = LoopClock(), Stream(), Narrator()
    journal = LocalJournal(Path(sys.argv[1]), "checks")
    performer = PaperPerformer(world, clock, PaperJournal(), takes=lambda _: 0.01)
    stream.join(Reporter(narrator, LineWriter(), clock))
    engine = Engine(journal, performer, stream, clock)
    rollout = await run(engine, stream, started(policy(us_east_1=1)), narrator, clock)
    return rollout.exit_code

sys.exit(asyncio.run(main()))
"""

_CLOSE = {
    "nothing": "",
    "the reader of stdout": "stdout",
    "the reader of stderr": "stderr",
    "both readers": "stdout stderr",
}


@pytest.mark.parametrize("which", _CLOSE.values(), ids=_CLOSE.keys())
def test_a_rollout_outlives_its_readers(which: str, tmp_path: Path) -> None:
    streams = {name: os.pipe() for name in ("stdout", "stderr")}
    for name in which.split():
        os.close(streams[name][0])
    process = subprocess.Popen(
        [sys.executable, "-c", _ROLLOUT, str(tmp_path)],
        stdin=subprocess.DEVNULL,
        stdout=streams["stdout"][1],
        stderr=streams["stderr"][1],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    for _, writer in streams.values():
        os.close(writer)
    told = {}
    for name, (reader, _) in streams.items():
        if name not in which.split():
            with os.fdopen(reader) as stream:
                told[name] = stream.read()

    assert process.wait() == 0, told
    journal = LocalJournal(tmp_path, "checks")
    rollout = replay(journal.read("r1"))
    assert rollout is not None
    assert rollout.outcome is Outcome.COMPLETED
    assert "rollout.finished" in told.get("stdout", "rollout.finished")
    assert "completed" in told.get("stderr", "completed")
    assert "Traceback" not in told.get("stderr", "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_rollout_runs_where_a_stream_was_never_open(closed: str, tmp_path: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -c "$1" "$2" {closed}', sys.executable, _ROLLOUT, tmp_path],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )

    rollout = replay(LocalJournal(tmp_path, "checks").read("r1"))
    assert rollout is not None, done.stderr
    assert rollout.outcome is Outcome.COMPLETED
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
