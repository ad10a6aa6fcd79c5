"""Commands as gates: real ones, with what their exits mean, and how they are ended."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from console.adapters.probes.command import CommandProbe, CommandSpec
from console.domain.probe import Answer

from .asked import DIGEST, PROBED, answer_of


def command(*run: str, timeout_s: float = 30, directory: Path | None = None) -> CommandProbe:
    spec = CommandSpec("command smoke", run, timedelta(seconds=timeout_s), directory)
    return CommandProbe(spec)


@pytest.mark.parametrize(
    ("exit_code", "answer"),
    [
        (0, Answer.GOOD),
        (1, Answer.BAD),
        (75, Answer.NO_DATA),
        (2, Answer.ERROR),
        (127, Answer.ERROR),
    ],
)
async def test_an_exit_code_is_an_answer(exit_code: int, answer: Answer) -> None:
    told = await answer_of(command("sh", "-c", f"echo the last line; exit {exit_code}"))
    assert (told.gate, told.answer) == ("command smoke", answer)
    assert (told.measured, told.reason) == (f"exit {exit_code}", "the last line")


async def test_a_command_that_a_signal_ended_is_an_error() -> None:
    told = await answer_of(command("sh", "-c", "kill -TERM $$"))
    assert (told.answer, told.measured) == (Answer.ERROR, "ended by SIGTERM")


async def test_a_command_that_is_not_there_is_an_error_that_names_it() -> None:
    told = await answer_of(command("./no-such-command"))
    assert (told.answer, told.measured) == (Answer.ERROR, "not started")
    assert "./no-such-command" in told.reason


async def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    told = await answer_of(command("true", directory=tmp_path / "gone"))
    assert told.answer is Answer.ERROR
    assert "gone" in told.reason


async def test_words_in_braces_and_the_environment_tell_what_is_released(tmp_path: Path) -> None:
    script = tmp_path / "tell.sh"
    script.write_text('#!/bin/sh\necho "$1 $REGION $RELEASE $FLEET $DIGEST $PWD"\n')
    script.chmod(0o755)

    told = await answer_of(command("./tell.sh", "{region}:{release}:{other}", directory=tmp_path))

    assert told.answer is Answer.GOOD
    assert told.reason == (
        f"eu-west-1:0.9.1:{{other}} eu-west-1 0.9.1 checks {DIGEST} {tmp_path.resolve()}"
    )


async def test_the_last_lines_are_the_reason_and_those_of_stderr_come_last() -> None:
    told = await answer_of(
        command("sh", "-c", "echo broken >&2; echo one; echo; echo two; echo three; exit 1")
    )
    assert told.reason == "two / three / broken"


async def test_a_long_line_is_told_by_its_end() -> None:
    told = await answer_of(command(sys.executable, "-c", "print('x' * 5000 + 'the end')"))
    assert told.reason.endswith("the end")
    assert len(told.reason) < 400


def lives(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet waited for does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def gone(pid: int) -> bool:
    """Wait until a process is gone; the machine's own time limit ends a test that waits in vain."""
    while lives(pid):
        await asyncio.sleep(0.01)
    return True


# A child that hears no SIGTERM, whose pid is written to a file, and a parent that waits for it.
_STUBBORN = "(trap '' TERM; while :; do sleep 0.05; done) & echo $! > {file}; echo begun; wait"


async def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(
    tmp_path: Path,
) -> None:
    child = tmp_path / "child"
    run = _STUBBORN.replace("{file}", str(child))

    told = await answer_of(command("sh", "-c", run, timeout_s=5))

    assert (told.answer, told.measured) == (Answer.ERROR, "no end within 5 s")
    assert told.reason == "begun"
    assert await gone(int(child.read_text()))


async def test_a_command_that_is_given_up_leaves_nothing_running(tmp_path: Path) -> None:
    child = tmp_path / "child"
    run = _STUBBORN.replace("{file}", str(child))
    asking = asyncio.create_task(command("sh", "-c", run).ask(PROBED))
    while not child.exists() or not child.read_text().strip():
        await asyncio.sleep(0.01)

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert await gone(int(child.read_text()))


async def test_what_a_command_leaves_in_the_background_is_ended_and_not_waited_for(
    tmp_path: Path,
) -> None:
    child = tmp_path / "child"

    told = await answer_of(command("sh", "-c", f"sleep 600 & echo $! > {child}"))

    assert told.answer is Answer.GOOD
    assert await gone(int(child.read_text()))


async def test_the_event_loop_goes_on_while_a_command_runs() -> None:
    asking = asyncio.create_task(command("sleep", "0.3").ask(PROBED))
    turns = 0
    while not asking.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10
