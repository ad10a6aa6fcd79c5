"""A tool that runs cannot be hurt by what happens to the console."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from console.adapters.process import Command, run, start

COUNTS_SIGINTS = """
import signal, sys, time
count = 0
def on_int(*_):
    global count
    count += 1
signal.signal(signal.SIGINT, on_int)
print("ready", flush=True)
while count == 0:
    time.sleep(0.01)
time.sleep(0.2)
print(f"sigints {count}", flush=True)
"""


def python(code: str, **options: object) -> Command:
    return Command((sys.executable, "-c", code), **options)  # type: ignore[arg-type]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.01)


async def test_output_error_and_exit_code_are_kept_apart() -> None:
    done = await run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"))
    assert (done.exit_code, done.stdout, done.stderr) == (3, "out\n", "err\n")


async def test_every_line_is_told_whole_however_long_it_is() -> None:
    lines: list[str] = []
    await run(python("print('x' * 300_000); print('y', end='')"), lines.append)
    assert [len(line) for line in lines] == [300_000, 1]


async def test_a_line_is_told_before_the_process_ends() -> None:
    lines: list[str] = []
    running = start(python(COUNTS_SIGINTS), lines.append)
    await until(lambda: lines == ["ready"])
    running.interrupt()
    await running.completed()


async def test_sigint_is_sent_once_however_often_it_is_asked_for() -> None:
    lines: list[str] = []
    running = start(python(COUNTS_SIGINTS), lines.append)
    await until(lambda: bool(lines))
    assert [running.interrupt() for _ in range(3)] == [True, False, False]
    done = await running.completed()
    assert lines[-1] == "sigints 1"
    assert done.exit_code == 0
    assert running.is_interrupted


async def test_a_process_that_has_ended_gets_no_signal() -> None:
    running = start(python("pass"))
    await running.completed()
    assert not running.interrupt()


async def test_it_runs_in_a_session_of_its_own() -> None:
    done = await run(python("import os; print(os.getsid(0) == os.getpid())"))
    assert done.stdout == "True\n"


async def test_cancelling_the_wait_leaves_the_process_running_and_heard() -> None:
    lines: list[str] = []
    running = start(python(COUNTS_SIGINTS), lines.append)
    waiting = asyncio.create_task(running.completed())
    await until(lambda: bool(lines))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    running.interrupt()
    done = await running.completed()
    assert done.exit_code == 0
    assert lines == ["ready", "sigints 1"]


async def test_a_listener_with_a_bug_does_not_end_the_reading() -> None:
    def broken(_: str) -> None:
        raise RuntimeError("a bug")

    done = await run(python("print(1); print(2)"), broken)
    assert done.stdout == "1\n2\n"


async def test_the_log_is_complete_and_private(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "x.jsonl"
    await run(python("import sys; print('out'); print('err', file=sys.stderr)", log=log))
    assert log.read_text() == "out\n"
    assert (tmp_path / "logs" / "x.jsonl.stderr").read_text() == "err\n"
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.parent.stat().st_mode & 0o777 == 0o700


async def test_an_empty_error_log_is_not_left_behind(tmp_path: Path) -> None:
    await run(python("print('out')", log=tmp_path / "x.jsonl"))
    assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl"]


async def test_a_program_that_does_not_exist_is_an_error_at_the_start() -> None:
    with pytest.raises(FileNotFoundError):
        start(Command(("no-such-program",)))


def test_a_console_that_is_killed_takes_no_tool_with_it(tmp_path: Path) -> None:
    mark, pid = tmp_path / "mark", tmp_path / "pid"
    tool = (
        "import time, pathlib\n"
        f"while not pathlib.Path({str(mark)!r}).exists():\n"
        "    print('still here', flush=True); time.sleep(0.01)\n"
        "for _ in range(100): print('a lot to say' * 100, flush=True)\n"
        f"pathlib.Path({str(mark)!r}).write_text('ended')\n"
    )
    console = (
        "import asyncio, sys, pathlib\n"
        "from console.adapters.process import Command, start\n"
        "async def main():\n"
        f"    running = start(Command((sys.executable, '-c', {tool!r})))\n"
        f"    pathlib.Path({str(pid)!r}).write_text(str(running.pid))\n"
        "    await running.completed()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen((sys.executable, "-c", console)) as process:
        wait_for(pid.exists)
        process.kill()
    mark.write_text("")
    wait_for(lambda: mark.read_text() == "ended")


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "waited 60 s in vain"
        time.sleep(0.01)
